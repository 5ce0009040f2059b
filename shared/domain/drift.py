"""Drift: when a divergence is a missed webhook, and whether it may be repaired without a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.comparison import CellClass, Row
from shared.domain.stock import Stock

TIE = timedelta(seconds=1)
"""Shopify's times have a resolution of a second; the same change may show two neighbouring ones."""

FEW_CELLS = 3
"""So many cells never open the breaker by their share: in a shop of five cells one missed webhook is a fifth."""

WHOLE_DAY = 24 * 60


class Verdict(StrEnum):
    """What a second look at a watched cell tells."""

    EXPLAINED = "explained"
    """The base is Shopify's value: nothing was missed, or it came meanwhile."""
    AGAIN = "again"
    """An event came, and the cell differs still, or anew: the watch starts over."""
    WAIT = "wait"
    """It is too early to say."""
    MISSED = "missed"


def judge_divergence(since: datetime, events_no: int, now: Row, *, grace: timedelta, open_job: bool = False) -> Verdict:
    """Whether a cell first seen to differ at `since` (Shopify's time), after `events_no` events, missed a webhook.

    `now` is a second read, its stock document as it stands after the events older than the read were processed.
    `open_job`: some job is at work on the cell and will settle it.
    """
    if now.base is None or not now.overrides_shopify:
        return Verdict.EXPLAINED
    if now.events_no != events_no:
        return Verdict.AGAIN
    if open_job or now.taken_at - since < grace:
        return Verdict.WAIT
    return Verdict.MISSED


def came_late(event_time: datetime, shopify_time: datetime) -> bool:
    """Whether an event of Shopify's time `event_time` tells of the very change that was taken for missed.

    A later event is another change: it must not turn a loss into a delay.
    """
    return abs(event_time - shopify_time) <= TIE


def caught_up(stock: Stock, base_time: datetime | None, shopify: int, shopify_time: datetime) -> bool:
    """Whether the base has reached the value that was missed, or has moved on to a newer one.

    `base_time` is the base's time when the cell was accused: a base that stands as it did has caught up with nothing,
    however new its time is (a webhook's time moves with quantities other than `available`).
    """
    if stock.base == shopify:
        return True
    return stock.base_time is not None and stock.base_time != base_time and stock.base_time > shopify_time


class DriftMode(StrEnum):
    """What is done about missed webhooks."""

    REPAIR = "repair"
    NOTIFY = "notify"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Minutes of a day in `time_zone` in which nothing is repaired, from `start` to before `end`; may span midnight."""

    start: int
    end: int
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        """Raises ValueError for minutes outside the day."""
        if not (0 <= self.start < WHOLE_DAY and 0 <= self.end < WHOLE_DAY):
            raise ValueError(f"quiet hours are minutes of a day, not {self.start} to {self.end}")

    def hold(self, minute: int) -> bool:
        """Whether the minute of the day is a quiet one; equal ends are the whole day."""
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


@dataclass(frozen=True, slots=True)
class RepairPolicy:
    """A shop's policy. `max_share` of its cells (0 to 1) and `max_move` in units are what the breaker lets pass."""

    mode: DriftMode = DriftMode.REPAIR
    max_share: float = 0.2
    max_move: int = 1000
    jobs_per_hour: int = 12
    quiet: QuietHours | None = None


def may_repair(cell_class: CellClass) -> bool:
    """Whether pulling Shopify's value is safe without a person: nothing moved on our side."""
    return cell_class is CellClass.SHOPIFY_MOVED


def breaker_reason(policy: RepairPolicy, *, missed: int, cells: int, largest_move: int) -> str | None:
    """Why automatic repair stops and a person is asked, in words for that person; None: it goes on."""
    if largest_move > policy.max_move:
        return (
            f"Shopify's value of a place moved by {largest_move} units without a webhook; "
            f"more than {policy.max_move} are not repaired without you."
        )
    if missed > FEW_CELLS and missed > policy.max_share * cells:
        return (
            f"{missed} of {cells} places ({missed / max(cells, 1):.0%}) moved at Shopify without a webhook; "
            f"more than {policy.max_share:.0%} are not repaired without you."
        )
    return None


def becomes(cell_class: CellClass, base: int | None, shopify: int, local: int | None) -> int | None:
    """The local value that a repair leaves behind; None: the cell has no count, and keeps none.

    Where both sides moved, a person's approval takes over what was missed on top of what was counted here.
    """
    if local is None or base is None:
        return local
    return shopify if may_repair(cell_class) else local + shopify - base


def waiting_reason(missed: int) -> str:
    """What an approval is asked for where automatic repair has not stopped, in words for a person."""
    return f"{missed} places moved at Shopify without a webhook, and here too: they wait for you."


class Hold(StrEnum):
    """Why a repair that the policy allows does not begin now."""

    MODE = "mode"
    BREAKER = "breaker"
    QUIET_HOURS = "quiet_hours"
    JOBS_PER_HOUR = "jobs_per_hour"
    TIME_ZONE_UNKNOWN = "time_zone_unknown"
    """When the quiet hours are, nobody can tell."""


def hold(policy: RepairPolicy, *, breaker_open: bool, minute: int | None, jobs_in_last_hour: int) -> Hold | None:
    """Why cells are not repaired now that no person has approved; None: they are.

    `minute`: of the day where the quiet hours are meant; None: their time zone is not known.
    """
    if policy.mode is not DriftMode.REPAIR:
        return Hold.MODE
    if breaker_open:
        return Hold.BREAKER
    if policy.quiet is not None and minute is None:
        return Hold.TIME_ZONE_UNKNOWN
    if policy.quiet is not None and minute is not None and policy.quiet.hold(minute):
        return Hold.QUIET_HOURS
    return Hold.JOBS_PER_HOUR if jobs_in_last_hour >= policy.jobs_per_hour else None


def loss_ratio(missed: int, received: int) -> float | None:
    """The estimated share of webhooks that never come; None where nothing has happened."""
    return missed / (missed + received) if missed + received else None


BUSY = 10
"""Webhooks that must have come in the same hours of each earlier day for a silence now to mean something."""

DAYS_KNOWN = 3
"""Earlier days that must be known."""


def unusual_silence(earlier_days: Sequence[int]) -> int | None:
    """How many webhooks a shop that is silent now has usually received in the same hours; None: it may well be silent.

    `earlier_days`: what came in the same hours of each earlier day that is known. The quietest one counts, so that a
    Sunday does not alarm.
    """
    if len(earlier_days) < DAYS_KNOWN:
        return None
    expected = min(earlier_days)
    return expected if expected >= BUSY else None
