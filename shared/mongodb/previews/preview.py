"""A preview and its rows as all but their store see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, Direction, Reason, Row
from shared.domain.words.codes import Code


class PreviewState(StrEnum):
    """Where a preview stands."""

    REQUESTED = "requested"
    READING = "reading"
    READY = "ready"
    FAILED = "failed"


class RowKind(StrEnum):
    """What a merchant looks for in a preview; rows by size come in this order."""

    DIFFERS = "differs"
    FAILED = "failed"
    IN_SYNC = "in_sync"
    NOT_COMPARED = "left_out"
    """Stored by the word of the first builds, which read it beside this one."""


@dataclass(frozen=True, slots=True)
class PreviewFailure:
    """Why a preview failed; `remedy` None: the code says it."""

    code: str
    message: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class BomBadges:
    """BOMs by what a preview found; the three add up to the selection."""

    with_discrepancies: int
    in_sync: int
    not_compared: int


@dataclass(frozen=True, slots=True)
class ExtremeRow:
    """The first row with the greatest, or the least, difference of its class."""

    difference: int
    bom_id: str
    bom_name: str | None
    location_id: str
    location_name: str | None
    shopify_value: int
    local_value: int


@dataclass(frozen=True, slots=True)
class ClassMove:
    """The rows of one class: what a reconcile of them would move. `not_pushed`: those a push would refuse, by code.

    `highest` and `lowest` None: no row has a local value.
    """

    cell_class: CellClass
    cells: int
    boms: int
    highest: ExtremeRow | None
    lowest: ExtremeRow | None
    not_pushed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Milestone:
    """Where a row stands in the order of kind, size and number."""

    kind: str
    size: int
    no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of a finished preview: rows by class, by reason and by code, and what makes its pages quick."""

    total: int
    badges: BomBadges
    moves: tuple[ClassMove, ...]
    classes: Mapping[str, int]
    not_compared: Mapping[str, int]
    codes: Mapping[str, int]
    kinds: Mapping[str, int]
    milestones: tuple[Milestone, ...]
    milestones_apart: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A preview and its figures, without what may be long.

    `taken_from`: when the first value was read; `total` None: not known yet; `run_id`: the last go at computing it.
    `moves` and `kinds` are None until it is ready.
    """

    shop: str
    preview_id: str
    state: PreviewState
    requested_by: str
    requested_at: datetime
    taken_from: datetime | None
    finished_at: datetime | None
    total: int | None
    done: int
    badges: BomBadges | None
    classes: Mapping[str, int]
    not_compared: Mapping[str, int]
    codes: Mapping[str, int]
    failure: PreviewFailure | None
    trace: str | None
    run_id: str | None
    kinds: Mapping[str, int] | None
    milestones_apart: int | None
    moves: tuple[ClassMove, ...] | None

    @property
    def ended(self) -> bool:
        """Whether it changes no more."""
        return self.state in {PreviewState.READY, PreviewState.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class WholePreview(Preview):
    """A preview with what its document holds of its selection: `PreviewStore.selection` puts the whole together."""

    held_selection: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class TakenRow:
    """One cell as it was read: compared (`row`), left out (`reason`) or failed (`code`)."""

    key: CellKey
    bom_name: str | None
    item_id: str | None
    row: Row | None = None
    reason: Reason | None = None
    code: Code | None = None
    counted: bool | None = None
    """Whether the BOM tracked, so that its local value is a count; else it is Shopify's last known one."""

    @property
    def kind(self) -> RowKind:
        """What it is to a merchant."""
        if self.code is not None:
            return RowKind.FAILED
        if self.row is None:
            return RowKind.NOT_COMPARED
        return RowKind.IN_SYNC if self.row.cell_class is CellClass.IN_SYNC else RowKind.DIFFERS


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRow:
    """One row of a preview, by its number. A reason or code that only a newer build knows is a plain word."""

    no: int
    key: CellKey
    bom_name: str | None
    location_name: str | None
    item_id: str | None
    row: Row | None
    reason: Reason | str | None
    code: Code | str | None
    cell_class: CellClass | None
    suggested: Direction | None
    difference: int | None
    counted: bool | None = None
    """Whether the local value is a count; None: not known, an earlier build has written the row."""


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """Which rows of a preview a list is to show; None: any. `text`: part of the BOM's name or id."""

    kind: RowKind | None = None
    cell_class: CellClass | None = None
    reason: Reason | None = None
    code: Code | None = None
    bom_id: str | None = None
    location_id: str | None = None
    text: str | None = None


ANY_ROW = RowsWanted()
