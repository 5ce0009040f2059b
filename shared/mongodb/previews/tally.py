"""What the rows of a preview come to, counted as they are written; so nothing is read again when the last one is.

Rows come in the order of their cells, so that a BOM's are together: of BOMs that are over only their number is kept.
It is stored with each part in the same transaction, and a run that goes on behind an earlier one begins with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from shared.domain.comparison import CellClass
from shared.mongodb.previews.preview import BomBadges, ClassMove, ExtremeRow, RowKind
from shared.mongodb.schema import Document

_DIFFERS = str(RowKind.DIFFERS)


def _nothing() -> Document:
    return {"classes": {}, "left_out": {}, "codes": {}, "kinds": {}, "badges": {}, "moves": {}, "bom": None}


@dataclass(frozen=True, slots=True)
class RowTally:
    """The figures of the rows so far, as they are stored. `bom`: the BOM whose rows came last, and may go on."""

    stored: Document = field(default_factory=_nothing)

    def with_rows(self, documents: Iterable[Document]) -> RowTally:
        """The same with some rows more, given as they are stored."""
        more = deepcopy(self.stored)
        for document in documents:
            _add(more, document)
        return RowTally(more)

    @property
    def classes(self) -> Mapping[str, int]:
        """Rows by class."""
        return self.stored["classes"]  # type: ignore[no-any-return]  # a document's values are of any type

    @property
    def not_compared(self) -> Mapping[str, int]:
        """Rows by the reason that they were left out for."""
        return self.stored["left_out"]  # type: ignore[no-any-return]  # the same

    @property
    def codes(self) -> Mapping[str, int]:
        """Rows by the code that they failed with."""
        return self.stored["codes"]  # type: ignore[no-any-return]  # the same

    @property
    def kinds(self) -> Mapping[str, int]:
        """Rows by kind."""
        return self.stored["kinds"]  # type: ignore[no-any-return]  # the same

    @property
    def bom_badges(self) -> BomBadges:
        """BOMs by their worst cell, the last one included. They add up."""
        badges, bom = dict(self.stored["badges"]), self.stored["bom"]
        if bom is not None:
            _one_more(badges, _badge(bom))
        names = ("with_discrepancies", "in_sync", "not_compared")
        return BomBadges(**{name: badges.get(name, 0) for name in names})

    @property
    def moves(self) -> tuple[ClassMove, ...]:
        """For each class that differs: its cells, its BOMs, the rows of the extreme differences, and the rows that a
        push would refuse, by code. Largest class first.
        """
        moves = [
            ClassMove(
                cell_class=CellClass(name),
                cells=move["cells"],
                boms=move["boms"],
                highest=None if move["highest"] is None else ExtremeRow(**move["highest"]),
                lowest=None if move["lowest"] is None else ExtremeRow(**move["lowest"]),
                not_pushed=move["not_pushed"],
            )
            for name, move in self.stored["moves"].items()
        ]
        return tuple(sorted(moves, key=lambda move: (-move.cells, move.cell_class)))


def _add(tally: Document, row: Document) -> None:
    bom = tally["bom"]
    if bom is None or bom["bom_id"] != row["bom_id"]:
        if bom is not None:
            _one_more(tally["badges"], _badge(bom))
        bom = {"bom_id": row["bom_id"], "differs": False, "failed": False, "compared": False, "classes": []}
        tally["bom"] = bom
    _one_more(tally["kinds"], row["kind"])
    if row["reason"] is not None:
        _one_more(tally["left_out"], row["reason"])
    if row["code"] is not None:
        _one_more(tally["codes"], row["code"])
        bom["failed"] = True
    if row["cell_class"] is not None:
        _one_more(tally["classes"], row["cell_class"])
        bom["compared"] = True
    if row["kind"] == _DIFFERS:
        bom["differs"] = True
        _add_move(tally["moves"], bom, row)


def _add_move(moves: Document, bom: Document, row: Document) -> None:
    name, difference = row["cell_class"], row["difference"]
    move = moves.setdefault(name, {"cells": 0, "boms": 0, "highest": None, "lowest": None, "not_pushed": {}})
    move["cells"] += 1
    if name not in bom["classes"]:
        bom["classes"].append(name)
        move["boms"] += 1
    if row["not_pushed"] is not None:
        _one_more(move["not_pushed"], row["not_pushed"])
    if difference is None:
        return
    if move["highest"] is None or difference > move["highest"]["difference"]:
        move["highest"] = _shown(row)
    if move["lowest"] is None or difference < move["lowest"]["difference"]:
        move["lowest"] = _shown(row)


def _badge(bom: Document) -> str:
    """Any cell that differs goes before all; with one that failed, or none to compare, it is not compared."""
    if bom["differs"]:
        return "with_discrepancies"
    return "not_compared" if bom["failed"] or not bom["compared"] else "in_sync"


def _one_more(numbers: dict[str, int], name: str) -> None:
    numbers[name] = numbers.get(name, 0) + 1


def _shown(row: Document) -> Document:
    """What is shown of a row with an extreme difference."""
    names = ("difference", "bom_id", "bom_name", "location_id", "location_name")
    values = {"shopify_value": row["row"]["shopify"], "local_value": row["row"]["local"]}
    return {**{name: row[name] for name in names}, **values}
