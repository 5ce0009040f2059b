"""Waits after refusals: `Retry-After` in every form, growth to a bound, and one call at a time that finds out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.running.backoff import LONGEST, backoff
from shared.shopify.calls.hold_off import BELIEVED, LONGEST_RETRY_AFTER, HoldOff, retry_after_seconds
from tests.integration.switches.step_clock import StepClock
from tests.unit.hand_clock import HandClock

NOW = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)
DATE = format_datetime(NOW, usegmt=True)


def dated(seconds: float) -> str:
    """An HTTP date so many seconds from now."""
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2.0),
        ("2.0", 2.0),
        (" 0.25 ", 0.25),
        (".5", 0.5),
        ("120.", 120.0),
        (dated(30), 30.0),
        ("Mon, 30-Nov-2026 12:00:07 GMT", 7.0),
        ("86400", LONGEST_RETRY_AFTER),
        ("9" * 60, LONGEST_RETRY_AFTER),
        (dated(10_000_000), LONGEST_RETRY_AFTER),
    ],
)
def test_a_wait_that_is_told_is_taken_in_every_form(header: str, seconds: float) -> None:
    """Seconds, decimals, dates counted from the reply's own; what is huge is bounded."""
    assert retry_after_seconds(header, DATE) == seconds


NO_WAITS = ("", "0", "0.0", "-5", "-0.1", "soon", "nan", "inf", "-inf", "1e3", "1_000", "٣", "3s", "2, 3", "9" * 400)
NO_DATES = (dated(-30), dated(0), "Mon, 99 Nov 2026 99:99:99 GMT", "Thu, 01 Jan 0000 00:00:00 GMT", "\x00")


@pytest.mark.parametrize("header", [None, *NO_WAITS, *NO_DATES])
def test_what_tells_no_wait_tells_none(header: str | None) -> None:
    """Missing, negative, past, zero or unreadable: then the waits of our own count, which are never zero."""
    assert retry_after_seconds(header, DATE) is None


@given(st.text(), st.one_of(st.none(), st.text()))
def test_no_header_breaks_anything(header: str, date: str | None) -> None:
    """Whatever stands there, the answer is a wait within its bounds, or none."""
    seconds = retry_after_seconds(header, date)
    assert seconds is None or 0 < seconds <= LONGEST_RETRY_AFTER


def test_waits_grow_to_their_bound_and_differ() -> None:
    """Each is at least as long as half of twice the one before, none is longer than the bound, no two are alike."""
    for failures in range(1, 100):
        some = [backoff(failures, 1.0) for _ in range(20)]
        assert max(some) <= min(LONGEST, 2.0 ** (failures - 1))
        assert min(some) >= min(LONGEST, 2.0 ** (failures - 1)) / 2
        assert len(set(some)) > 1


def calls_within(minutes: float, told: float | None = None, reckoned: float = 0.0) -> int:
    """How many calls a part makes that sends whenever it may, and is refused each time."""
    clock = HandClock()
    refusals = HoldOff(clock)
    calls = 0
    while clock.seconds < 60 * minutes:
        clock.seconds += max(refusals.left, 0.001)
        if refusals.left > 0:
            continue
        with refusals.sending() as sent:
            refusals.refused(sent, told, reckoned)
        calls += 1
    return calls


def test_an_endless_refusal_costs_few_calls() -> None:
    """Without figures, with a wait that is too short, with figures of a bucket that lie: about two calls a minute."""
    assert calls_within(10) < 35
    assert calls_within(10, told=0.01) < 40
    assert calls_within(10, reckoned=0.001) < 40
    assert calls_within(10, told=30.0) <= 21


def test_what_is_told_is_believed_at_first_and_never_undercut() -> None:
    """A told wait is kept as it is, but for a spread upwards; after some in a row it grows as well."""
    clock = HandClock()
    refusals = HoldOff(clock)
    wait = 0.0
    for turn in range(12):
        with refusals.sending() as sent:
            wait = refusals.refused(sent, 2.0)
        assert wait >= 2.0
        if turn < BELIEVED:
            assert wait <= 2.2
        clock.seconds += wait
    assert wait > 20


def test_calls_refused_together_are_one_refusal() -> None:
    """Eight calls under way at once make no wait of minutes."""
    clock = HandClock()
    refusals = HoldOff(clock)
    clock.seconds = 5.0
    with refusals.sending() as sent:
        clock.seconds += 0.5
        waits = [refusals.refused(sent) for _ in range(8)]
    assert max(waits) <= 1.0


def test_one_call_finds_out_and_an_answer_ends_it() -> None:
    """While a call is under way that finds out, others wait; once Shopify answers, nobody does."""
    clock = HandClock()
    refusals = HoldOff(clock)
    with refusals.sending() as sent:
        clock.seconds += refusals.refused(sent)
    assert refusals.left == 0
    with refusals.sending():
        assert refusals.left > 0
        refusals.answered()
        assert refusals.left == 0
    assert refusals.left == 0


async def test_what_rounding_leaves_of_a_wait_is_none() -> None:
    """A clock of whole microseconds comes to the end of any wait, however it was reckoned."""
    clock = StepClock()
    for told in (0.1, 1 / 3, 2.0000001, 0.7000000001):
        held = HoldOff(clock)
        held.refused(clock.monotonic(), told)
        slept = 0
        while (left := held.left) > 0:
            await clock.sleep(left)
            slept += 1
            assert slept <= 2
