"""What the rows of a preview come to, counted as they are written; so nothing is read again when the last one is.

Rows come in the order of their cells, so that a BOM's are together: of BOMs that are over only their number is kept.
It is stored with each part in the same transaction, and a run that goes on behind an earlier one begins with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from shared.domain.comparison import CellClass
from shared.mongodb.previews.preview import BomBadges, ClassMove, ExtremeRow, RowKind
from shared.mongodb.schema import Document

_IN_SYNC = str(CellClass.IN_SYNC)
_DIFFERS = str(RowKind.DIFFERS)

Numbers = dict[str, int]


@dataclass(slots=True)
class BomTally:
    """The BOM whose rows came last, and may go on: what was seen of it."""

    bom_id: str
    differs: bool = False
    failed: bool = False
    compared: bool = False
    classes: list[str] = field(default_factory=list)

    @property
    def badge(self) -> str:
        """Any cell that differs goes before all; with one that failed, or none to compare, it is not compared."""
        if self.differs:
            return "with_discrepancies"
        return "not_compared" if self.failed or not self.compared else "in_sync"


@dataclass(slots=True)
class MoveTally:
    """The rows of one class that differs."""

    cells: int = 0
    boms: int = 0
    highest: Document | None = None
    lowest: Document | None = None
    not_pushed: Numbers = field(default_factory=dict)


@dataclass(slots=True)
class RowTally:
    """The figures of the rows so far."""

    classes: Numbers = field(default_factory=dict)
    left_out: Numbers = field(default_factory=dict)
    codes: Numbers = field(default_factory=dict)
    kinds: Numbers = field(default_factory=dict)
    badges: Numbers = field(default_factory=dict)
    moves: dict[str, MoveTally] = field(default_factory=dict)
    bom: BomTally | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> RowTally:
        """From its stored form; what it holds is its own."""
        numbers = {name: dict(stored[name]) for name in ("classes", "left_out", "codes", "kinds", "badges")}
        moves = {
            name: MoveTally(**{**move, "not_pushed": dict(move["not_pushed"])})
            for name, move in stored["moves"].items()
        }
        bom: Document | None = stored["bom"]
        last = None if bom is None else BomTally(**{**bom, "classes": list(bom["classes"])})
        return cls(**numbers, moves=moves, bom=last)

    def stored(self) -> Document:
        """As a part of a document."""
        return asdict(self)

    def with_rows(self, documents: Iterable[Document]) -> RowTally:
        """The same with some rows more, given as they are stored."""
        more = RowTally.of(self.stored())
        for document in documents:
            more.add(document)
        return more

    def add(self, row: Document) -> None:
        """Count one row more."""
        bom = self.bom
        if bom is None or bom.bom_id != row["bom_id"]:
            self._close_bom()
            bom = self.bom = BomTally(row["bom_id"])
        _one_more(self.kinds, row["kind"])
        if row["reason"] is not None:
            _one_more(self.left_out, row["reason"])
        if row["code"] is not None:
            _one_more(self.codes, row["code"])
            bom.failed = True
        name = row["cell_class"]
        if name is None:
            return
        _one_more(self.classes, name)
        bom.compared = True
        if row["kind"] == _DIFFERS:
            bom.differs = bom.differs or name != _IN_SYNC
            self._add_move(name, bom, row)

    def _add_move(self, name: str, bom: BomTally, row: Document) -> None:
        move = self.moves.setdefault(name, MoveTally())
        move.cells += 1
        if name not in bom.classes:
            bom.classes.append(name)
            move.boms += 1
        if row["not_pushed"] is not None:
            _one_more(move.not_pushed, row["not_pushed"])
        difference = row["difference"]
        if difference is None:
            return
        if move.highest is None or difference > move.highest["difference"]:
            move.highest = _shown(row)
        if move.lowest is None or difference < move.lowest["difference"]:
            move.lowest = _shown(row)

    def _close_bom(self) -> None:
        if self.bom is not None:
            _one_more(self.badges, self.bom.badge)

    def bom_badges(self) -> BomBadges:
        """BOMs by their worst cell, the last one included. They add up."""
        badges = dict(self.badges)
        if self.bom is not None:
            _one_more(badges, self.bom.badge)
        names = ("with_discrepancies", "in_sync", "not_compared")
        return BomBadges(**{name: badges.get(name, 0) for name in names})

    def class_moves(self) -> tuple[ClassMove, ...]:
        """For each class that differs: its cells, its BOMs, the rows of the extreme differences, and the rows that a
        push would refuse, by code. Largest class first.
        """
        moves = [
            ClassMove(
                cell_class=CellClass(name),
                cells=move.cells,
                boms=move.boms,
                highest=None if move.highest is None else ExtremeRow(**move.highest),
                lowest=None if move.lowest is None else ExtremeRow(**move.lowest),
                not_pushed=move.not_pushed,
            )
            for name, move in self.moves.items()
        ]
        return tuple(sorted(moves, key=lambda move: (-move.cells, move.cell_class)))


def _one_more(numbers: Numbers, name: str) -> None:
    numbers[name] = numbers.get(name, 0) + 1


def _shown(row: Document) -> Document:
    """What is shown of a row with an extreme difference."""
    names = ("difference", "bom_id", "bom_name", "location_id", "location_name")
    values = {"shopify_value": row["row"]["shopify"], "local_value": row["row"]["local"]}
    return {**{name: row[name] for name in names}, **values}
