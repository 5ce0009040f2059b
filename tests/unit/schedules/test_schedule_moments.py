"""The moments of a schedule through every change of the clocks, and the ids of its runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.schedule import LATE, Missed, Skipped, Timing, TimingKind, Weekday, why_skipped
from shared.schedules.moments import check_timing, last_moment, next_moment, next_moments, run_id

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns"]
).map(ZoneInfo)
"""Lord Howe changes by half an hour; the last two have odd offsets."""

TIMES = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone
CLOCKS = st.tuples(st.integers(0, 23), st.integers(0, 59))


def local(text: str) -> datetime:
    """A moment written with its offset."""
    return datetime.fromisoformat(text).astimezone(UTC)


@given(zone=ZONES, clock=CLOCKS, start=TIMES)
def test_a_daily_run_comes_once_on_each_day(zone: ZoneInfo, clock: tuple[int, int], start: datetime) -> None:
    """Ten runs fall on ten days in a row, each at its time of day, or, where a gap leaves that out, after the gap."""
    timing = Timing.daily(*clock)
    moment, days = start, []
    for _ in range(10):
        moment = next_moment(timing, zone, moment)
        there = moment.astimezone(zone)
        days.append(there.date())
        if (there.hour, there.minute) != clock:
            wanted = datetime(there.year, there.month, there.day, *clock, tzinfo=zone)
            assert wanted.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wanted.replace(tzinfo=None)
    assert days == [days[0] + timedelta(days=n) for n in range(10)]


@given(zone=ZONES, clock=CLOCKS, start=TIMES, days=st.sets(st.sampled_from(Weekday), min_size=1))
def test_a_weekly_run_comes_once_on_each_of_its_days(
    zone: ZoneInfo, clock: tuple[int, int], start: datetime, days: set[Weekday]
) -> None:
    """Three weeks of runs: no other day, none twice, each at its time of day, or after the gap that leaves that out."""
    timing = Timing.weekly(days, *clock)
    assert (set(timing.days), timing.hour, timing.minute) == (days, *clock)
    check_timing(timing)
    moments = next_moments(timing, zone, start, 3 * len(days))
    there = [moment.astimezone(zone) for moment in moments]
    wanted = {list(Weekday).index(day) for day in days}
    assert {moment.weekday() for moment in there} == wanted
    assert len({moment.date() for moment in there}) == 3 * len(days)
    assert there[-1].date() - there[0].date() < timedelta(days=21)
    for moment in there:
        if (moment.hour, moment.minute) != clock:
            meant = datetime(moment.year, moment.month, moment.day, *clock, tzinfo=zone)
            assert meant.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != meant.replace(tzinfo=None)


def test_weekdays_at_two_are_two_oclock_before_and_after_the_clocks_change() -> None:
    """Monday to Friday at 02:00 in Berlin: the runs beside a change of the clocks are not 24 hours apart in UTC."""
    working = [Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI]
    moments = next_moments(Timing.weekly(working, 2, 0), BERLIN, local("2026-03-27T00:00+01:00"), 3)
    assert moments == [
        local("2026-03-27T02:00+01:00"),
        local("2026-03-30T02:00+02:00"),
        local("2026-03-31T02:00+02:00"),
    ]
    with pytest.raises(ValueError, match="one day of the week"):
        Timing.weekly([], 2, 0)


@given(zone=ZONES, minute=st.integers(0, 59), start=TIMES)
def test_an_hourly_run_comes_in_each_hour_that_passes(zone: ZoneInfo, minute: int, start: datetime) -> None:
    """Between two runs lies an hour of real time, also where the clocks change; only half-hour changes shift it."""
    timing = Timing.hourly(minute)
    moment = next_moment(timing, zone, start)
    assert moment - start <= timedelta(hours=1.5)
    for _ in range(30):
        following = next_moment(timing, zone, moment)
        step = following - moment
        assert step == timedelta(hours=1) or (zone.key == "Australia/Lord_Howe" and step <= timedelta(hours=1.5))
        moment = following


@given(zone=ZONES, clock=CLOCKS, start=TIMES)
def test_the_last_moment_is_the_one_before_the_next(zone: ZoneInfo, clock: tuple[int, int], start: datetime) -> None:
    """Nothing lies between the last moment and the next: no run is lost or found twice by looking back."""
    timing = Timing.daily(*clock)
    last = last_moment(timing, zone, start)
    assert last <= start < next_moment(timing, zone, start)
    assert next_moment(timing, zone, last) == next_moment(timing, zone, start)
    assert last_moment(timing, zone, last) == last


def test_clocks_that_go_forward_put_a_run_right_after_the_gap() -> None:
    """02:30 does not exist on the day: the run comes at 03:00."""
    first = next_moment(Timing.daily(2, 30), BERLIN, local("2026-03-28T12:00+01:00"))
    assert first == local("2026-03-29T03:00+02:00")


def test_clocks_that_go_back_run_once_by_the_hour_and_twice_without_one() -> None:
    """A daily run at 02:30 comes the first time only, an hourly one both times."""
    evening = local("2026-10-24T23:00+02:00")
    daily = next_moment(Timing.daily(2, 30), BERLIN, evening)
    assert daily == local("2026-10-25T02:30+02:00")
    assert next_moment(Timing.daily(2, 30), BERLIN, daily) == local("2026-10-26T02:30+01:00")
    hourly = local("2026-10-25T02:30+02:00")
    assert next_moment(Timing.hourly(30), BERLIN, hourly) == local("2026-10-25T02:30+01:00")


@pytest.mark.parametrize(
    "expression", ["", "@daily", "* * * *", "*/4 * * * *", "0 0 30 2 *", "61 * * * *", "a b c d e", "0 0 * * * *"]
)
def test_an_expression_that_is_none_is_refused_in_words(expression: str) -> None:
    """Wrong fields, days that never come and runs too close together are told."""
    with pytest.raises(ValueError, match=r"must|cron|never"):
        check_timing(Timing(TimingKind.CRON, expression))


@pytest.mark.parametrize("expression", ["*/5 * * * *", "30 6 * * mon-fri", "0 0 29 2 *", "0 8,20 1 * *"])
def test_a_sensible_expression_passes(expression: str) -> None:
    """What cron understands is taken."""
    check_timing(Timing(TimingKind.CRON, expression))


@given(due=TIMES, other=TIMES)
def test_a_run_has_one_id(due: datetime, other: datetime) -> None:
    """The id depends on shop, schedule and moment only, and differs where any of them does."""
    due, other = due.replace(microsecond=0), other.replace(microsecond=0)
    mine = run_id("a.myshopify.com", "S", due)
    assert mine == run_id("a.myshopify.com", "S", due.astimezone(BERLIN))
    assert mine != run_id("b.myshopify.com", "S", due)
    assert mine != run_id("a.myshopify.com", "T", due)
    assert (mine == run_id("a.myshopify.com", "S", other)) == (due == other)
    assert len(mine) == 26


def test_a_run_is_left_out_for_one_reason() -> None:
    """A shop that takes no calls, a run under way, and a moment missed where the schedule says to skip it."""

    def why(minutes: float, missed: Missed, *, active: bool = True, running: bool = False) -> Skipped | None:
        late = timedelta(minutes=minutes)
        return why_skipped(late=late, missed=missed, shop_active=active, still_running=running)

    on_time = LATE.total_seconds() / 60
    assert why(on_time, Missed.SKIP) is None
    assert why(on_time + 1, Missed.SKIP) is Skipped.MISSED
    assert why(600, Missed.RUN_ONCE) is None
    assert why(600, Missed.RUN_ONCE, running=True) is Skipped.OVERLAP
    assert why(0, Missed.SKIP, active=False, running=True) is Skipped.SHOP_NOT_ACTIVE
