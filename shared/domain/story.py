"""The life of a number: what has happened to a cell, and what both of its sides were before and after.

The ledger is the truth of every change of count and base. Entries of one change (the count's, then the base's) are one
moment here. Read backwards from the present, each moment says what both sides were then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.stock import LedgerField


class StoryGroup(StrEnum):
    """What a merchant may narrow the story down to."""

    COUNTS = "counts"
    """Counts taken or corrected by hand."""
    SHOPIFY = "shopify"
    """What Shopify told, what was read there, and changes that nothing told of."""
    RUNS = "runs"
    """Runs, repairs and undos, those that left the cell as it was included."""
    SETUP = "setup"
    """Imports, mapping, tracking, removal, records that were restored or upgraded."""


class StoryKind(StrEnum):
    """What happened."""

    COUNTED = "counted"
    BUILT = "built"
    CORRECTED = "corrected"
    COUNT_IMPORTED = "count_imported"
    REPORTED = "reported"
    """Shopify told of it by a webhook."""
    READ = "read"
    """Shopify was read, and held another value than known."""
    FIRST_READ = "first_read"
    MISSED = "missed"
    """A change that no webhook told of was found."""
    PUSHED = "pushed"
    PULLED = "pulled"
    UNDONE = "undone"
    REPAIRED = "repaired"
    STOCKED = "stocked"
    """A run was about to have Shopify stock the item there: what was known of its value no longer holds."""
    LEFT = "left"
    """A run left the cell as it was."""
    BASE_IMPORTED = "base_imported"
    MAPPED = "mapped"
    TRACKING = "tracking"
    REMOVED = "removed"
    RESTORED = "restored"
    UPGRADED = "upgraded"
    OTHER = "other"
    """Of a cause that this build does not know."""


GROUPS: dict[StoryKind, StoryGroup] = {
    **dict.fromkeys(
        (StoryKind.COUNTED, StoryKind.BUILT, StoryKind.CORRECTED, StoryKind.COUNT_IMPORTED), StoryGroup.COUNTS
    ),
    **dict.fromkeys((StoryKind.REPORTED, StoryKind.READ, StoryKind.FIRST_READ, StoryKind.MISSED), StoryGroup.SHOPIFY),
    **dict.fromkeys(
        (
            StoryKind.PUSHED,
            StoryKind.PULLED,
            StoryKind.UNDONE,
            StoryKind.REPAIRED,
            StoryKind.STOCKED,
            StoryKind.LEFT,
        ),
        StoryGroup.RUNS,
    ),
    **dict.fromkeys(
        (
            StoryKind.BASE_IMPORTED,
            StoryKind.MAPPED,
            StoryKind.TRACKING,
            StoryKind.REMOVED,
            StoryKind.RESTORED,
            StoryKind.UPGRADED,
            StoryKind.OTHER,
        ),
        StoryGroup.SETUP,
    ),
}
"""Where each kind belongs."""

_BY_HAND = {
    "counted": StoryKind.COUNTED,
    "built": StoryKind.BUILT,
    "corrected": StoryKind.CORRECTED,
    "imported": StoryKind.COUNT_IMPORTED,
}
"""Causes of hand adjustments."""

_BY_CAUSE = {
    "webhook": StoryKind.REPORTED,
    "verify": StoryKind.READ,
    "first_read": StoryKind.FIRST_READ,
    "stocked_anew": StoryKind.STOCKED,
    "remapped": StoryKind.MAPPED,
    "tracking_started": StoryKind.TRACKING,
    "tracking_stopped": StoryKind.TRACKING,
    "removed": StoryKind.REMOVED,
    "restored": StoryKind.RESTORED,
    "never_counted": StoryKind.UPGRADED,
    "upgraded": StoryKind.UPGRADED,
}

_OF_A_JOB, _OF_AN_IMPORT = "job:", "import:"


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """An entry of a cell's ledger. `by`: who did it, where a person or a program did; None: not said."""

    seq: int
    field: LedgerField
    before: int | None
    after: int | None
    cause: str
    reference: str
    at: datetime
    by: str | None = None

    @property
    def job_id(self) -> str | None:
        """The job that did it."""
        return self.reference.removeprefix(_OF_A_JOB) if self.reference.startswith(_OF_A_JOB) else None

    def same_change(self, other: LedgerLine) -> bool:
        """Whether both tell of one change."""
        return (self.at, self.cause, self.reference) == (other.at, other.cause, other.reference)


@dataclass(frozen=True, slots=True)
class Sides:
    """What both sides hold: the count, and the base, which is Shopify's value as last known."""

    count: int | None = None
    base: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """One change by the ledger, and both sides before and after it. `last` is its last entry."""

    last: LedgerLine
    seq: int
    before: Sides
    after: Sides

    @property
    def kind(self) -> StoryKind:
        """What happened; of a job's change, that it was one's: its direction and source say more."""
        line = self.last
        if line.cause in _BY_HAND and not line.reference.startswith(_OF_AN_IMPORT):
            return _BY_HAND[line.cause]
        if line.cause == "imported":
            return StoryKind.BASE_IMPORTED
        if line.cause == "reconcile":
            return StoryKind.PUSHED
        return _BY_CAUSE.get(line.cause, StoryKind.OTHER)


def moments(lines: Sequence[LedgerLine], present: Sides) -> list[Moment]:
    """The moments of these entries, which are the newest first and without a gap; `present`: the sides after them."""
    told: list[Moment] = []
    after = present
    place = 0
    while place < len(lines):
        last = lines[place]
        change = [last]
        following = lines[place + 1] if place + 1 < len(lines) else None
        if (
            last.field == "base"
            and following is not None
            and following.field == "count"
            and last.same_change(following)
        ):
            change.append(following)
        before = after
        for line in change:
            before = Sides(
                line.before if line.field == "count" else before.count,
                line.before if line.field == "base" else before.base,
            )
        told.append(Moment(last, change[-1].seq, before, after))
        after = before
        place += len(change)
    return told


class DoesNotFollow(ValueError):
    """A story has a gap: a moment does not begin where the one before it has ended."""


def replay(steps: Iterable[tuple[Sides, Sides]], begin: Sides = Sides()) -> Sides:
    """Where a story ends, told from its beginning by both sides before and after each step. Raises DoesNotFollow."""
    now = begin
    for number, (before, after) in enumerate(steps, 1):
        if before != now:
            raise DoesNotFollow(f"step {number} begins at {before}, the one before it has ended at {now}")
        now = after
    return now
