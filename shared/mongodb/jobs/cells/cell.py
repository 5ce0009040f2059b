"""A cell of a job, and what its store takes of one: to be made, and to end. All are made or read by `cells`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.cell import CellKey, CellState
from shared.domain.comparison import Direction, Reason, Row
from shared.domain.undo import UndoRow
from shared.domain.words.codes import Code
from shared.mongodb.schema import key_of

Values = tuple[int | None, int | None]
"""A side's value before and after; None: it has none, or none is known."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What the settling of a cell left behind: an undo finds by it whether another run has settled the cell since.

    `first`: the two sides had never agreed before.
    """

    settle_no: int
    tracks_rev: int
    first: bool = False


@dataclass(frozen=True, slots=True)
class Stocking:
    """What is noted before Shopify is asked to stock a cell's item: the call's key, and what a push will be from.

    `held`: what the level held before; the rest is the cell's stock as it stood.
    """

    key: str
    held: int
    local: int | None
    manual_total: int
    settle_no: int
    events_no: int
    tracks_rev: int


@dataclass(frozen=True, slots=True)
class NewCell:
    """A cell to be made for a job; with a `code` where it is known from the start that nothing can be done.

    `reason`: why its preview left it out.
    """

    key: CellKey
    item_id: str | None
    bom_name: str | None
    row: Row | None = None
    undo: UndoRow | None = None
    reason: Reason | None = None
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class CellEnd:
    """How a cell ends; `push_id` is the push it must still name (None: it must name none).

    `local` and `settled` are None where nothing is known of them.
    """

    job_id: str
    key: CellKey
    state: CellState
    push_id: str | None
    reason: Reason | None = None
    code: Code | None = None
    detail: str | None = None
    shopify: Values = (None, None)
    local: Values | None = None
    settled: Settled | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of a job.

    `no` is its place in the job, `not_compared` why its preview could not compare it; `row` and `undo` are what was
    approved; `attempts` counts how often work on it began, `pushes_made` the bodies made for it,
    `push_id` names the last one.
    The rest says how it ended; `detail` is in Shopify's own words. A reason or code that only a newer build knows is a
    plain word.
    """

    shop: str
    job_id: str
    key: CellKey
    no: int
    item_id: str | None
    bom_name: str | None
    state: CellState
    row: Row | None
    undo: UndoRow | None
    not_compared: Reason | str | None
    stocking: Stocking | None
    attempts: int
    push_id: str | None
    pushes_made: int
    created_at: datetime
    ended_at: datetime | None
    reason: Reason | str | None
    code: Code | str | None
    detail: str | None
    shopify_before: int | None
    shopify_after: int | None
    local_before: int | None
    local_after: int | None
    settled: Settled | None

    @property
    def cell_id(self) -> str:
        """Its name in the store."""
        return cell_id(self.shop, self.job_id, self.key)

    def undone_by(self, direction: Direction) -> UndoRow:
        """What is to be undone of it, which a job of this direction updated. Raises ValueError where none did."""
        if self.state is not CellState.UPDATED or self.settled is None:
            raise ValueError("only an updated cell can be undone")
        settle_no, tracks_rev, first = self.settled.settle_no, self.settled.tracks_rev, self.settled.first
        if direction is Direction.TO_SHOPIFY:
            before, after = self.shopify_before, self.shopify_after
        else:
            before, after = self.local_before, self.local_after
        return UndoRow.of(direction, before, after, settle_no=settle_no, tracks_rev=tracks_rev, first=first)


@dataclass(frozen=True, slots=True)
class CellsWanted:
    """Which cells of a job a list is to show; None: any."""

    state: CellState | None = None
    code: Code | None = None
    reason: Reason | None = None
    bom_id: str | None = None
    location_id: str | None = None


ANY_CELL = CellsWanted()


def cell_id(shop: str, job_id: str, key: CellKey) -> str:
    """The `_id` of a job's cell."""
    return key_of(shop, job_id, key.bom_id, key.location_id)


def job_in(this_id: str) -> str:
    """The job of the cell with this `_id`."""
    return this_id.split("|", maxsplit=2)[1]
