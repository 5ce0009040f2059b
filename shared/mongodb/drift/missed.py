"""A cell whose base Shopify has left, and what is asked of it: the records that everybody but their store sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, Row
from shared.domain.drift import Hold


class MissedState(StrEnum):
    """Where it stands."""

    WATCHED = "watched"
    """Seen to differ, not judged yet."""
    MISSED = "missed"
    """Its webhook was missed, and nothing has brought the base up so far."""
    RESOLVED = "resolved"


class MissedOutcome(StrEnum):
    """How a missed webhook has ended."""

    REPAIRED = "repaired"
    LATE = "late"
    """The webhook came after all."""
    SETTLED = "settled"
    """Something else has brought the base up."""
    GONE = "gone"
    """The cell is no more."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A cell whose base was seen to differ from Shopify."""

    key: CellKey
    item_id: str
    bom_name: str | None
    location_name: str | None
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedWebhook:
    """The evidence of a missed webhook, from the first divergence seen to its end.

    `base`, `local` and `shopify` are the values that were seen, `shopify_time`, `since` and `taken_at` Shopify's times
    of its value, of the first read and of the last one; `event_at`: when an event of the cell last came meanwhile.
    `held`: why nothing repairs it now; `note`: why its last job left the cell as it was; both are plain words where
    only a newer build knows them.
    """

    shop: str
    drift_id: str
    key: CellKey
    item_id: str
    bom_name: str | None
    location_name: str | None
    state: MissedState
    since: datetime
    taken_at: datetime
    base: int | None
    base_time: datetime | None
    shopify: int
    shopify_time: datetime
    local: int | None
    cell_class: CellClass
    events_no: int
    event_at: datetime | None
    detected_at: datetime | None
    late: bool
    late_at: datetime | None
    approved_by: str | None
    job_id: str | None
    asked_at: datetime | None
    tries: int
    held: Hold | str | None
    outcome: MissedOutcome | None
    note: str | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class LeftByJob:
    """Its job has ended, or was never asked for, and has left the cell as it was: `note` says why."""

    tries: int
    note: str


@dataclass(frozen=True, slots=True)
class MissedWanted:
    """Which ones a list is to show; None: any."""

    states: frozenset[MissedState] | None = None
    late: bool | None = None
    job_id: str | None = None


@dataclass(frozen=True, slots=True)
class Unrepaired:
    """What the breaker looks at: missed webhooks that nobody has approved, and their largest move."""

    missed: int
    largest_move: int


@dataclass(frozen=True, slots=True)
class Approval:
    """Which open ones a person lets be repaired; None: all of them, whichever; both given: those that fit both."""

    location_ids: frozenset[str] | None = None
    drift_ids: frozenset[str] | None = None


EVERYTHING = Approval()


@dataclass(frozen=True, slots=True)
class OpenAt:
    """What stands open of one class at one location, and how much of it a person has approved."""

    location_id: str
    location_name: str | None
    cell_class: CellClass
    cells: int
    approved: int
    largest_move: int


@dataclass(frozen=True, slots=True)
class Losses:
    """Webhooks of levels in the last three days: `missed` for good, `late`, and `received` for cells of ours."""

    missed: int
    late: int
    received: int
