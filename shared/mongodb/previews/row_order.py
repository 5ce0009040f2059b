"""The orders in which rows are listed, and the indexes that give them: a page costs the same however many there are.

Only what differs has sizes: in every other kind all rows have the same one, so that their numbers order them. What
differs is asked for class by class, and the server merges the classes: no index repeats another's order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.domain.comparison import CellClass
from shared.mongodb.previews.preview import RowKind
from shared.mongodb.schema import Document

SIZES = "sizes"
"""The index of what differs: by class, size and number."""

NUMBERS = "orders_by_class"
"""The index of all rows: by kind, class and number."""

KINDS = tuple(sorted(RowKind))
"""In the order of a table by size."""

_CLASSES: Mapping[RowKind, list[str | None]] = {
    RowKind.DIFFERS: [str(one) for one in CellClass if one is not CellClass.IN_SYNC],
    RowKind.IN_SYNC: [str(CellClass.IN_SYNC)],
    RowKind.FAILED: [None],
    RowKind.NOT_COMPARED: [None],
}

BY_COLUMN: Mapping[str, str] = {
    "name": "words",
    "location": "location_name",
    "class": "cell_class",
    "shopify": "row.shopify",
    "local": "row.local",
    "base": "row.base",
    "difference": "difference",
}
"""What a table is sorted by besides number and size: the field of a row. Each stands in the index `NUMBERS`, which is
read from end to end for such a page, but no row that is not shown."""

_SEARCHED = frozenset({"location_id", "words"})


def is_searched(wanted: Mapping[str, Any]) -> bool:
    """Whether the condition is one that only the index `NUMBERS` tells of."""
    return not _SEARCHED.isdisjoint(wanted)


def column_order(sort: str) -> dict[str, int]:
    """The order of a sort by a column; one that begins with "-" is the other way round, equal rows still by number."""
    way = -1 if sort.startswith("-") else 1
    return {BY_COLUMN[sort.removeprefix("-")]: way, "no": 1}


ONLY_SIZE: Mapping[RowKind, int] = {RowKind.IN_SYNC: 0, RowKind.FAILED: -1, RowKind.NOT_COMPARED: -1}
"""The size of all rows of a kind that has no others."""


def kind_of(wanted: Mapping[str, Any]) -> RowKind | None:
    """The one kind that rows of such a condition have; None: any."""
    if "kind" in wanted:
        return RowKind(wanted["kind"])
    if "cell_class" in wanted:
        return RowKind.IN_SYNC if wanted["cell_class"] == str(CellClass.IN_SYNC) else RowKind.DIFFERS
    if "code" in wanted:
        return RowKind.FAILED
    return RowKind.NOT_COMPARED if "reason" in wanted else None


def of_kind(kind: RowKind, wanted: Mapping[str, Any]) -> Document:
    """The condition for the rows of a kind, in the form that lets an index give their order."""
    asked = wanted.get("cell_class")
    return {**wanted, "kind": str(kind), "cell_class": {"$in": _CLASSES[kind] if asked is None else [asked]}}


def ordering(kind: RowKind) -> tuple[str, list[tuple[str, int]]]:
    """The index that gives the rows of a kind by size, and the order to ask for."""
    by_size = [("size", -1), ("no", 1)]
    return (SIZES, by_size) if kind is RowKind.DIFFERS else (NUMBERS, by_size[1:])


def ranges(wanted: Mapping[str, Any], after: Sequence[Any] | None) -> Iterator[tuple[RowKind, Document]]:
    """The conditions whose rows follow each other in the order of kind, size and number; `after`: behind this place."""
    only = kind_of(wanted)
    kinds = [only] if only is not None else [kind for kind in KINDS if after is None or str(kind) >= after[0]]
    for kind in kinds:
        condition = of_kind(kind, wanted)
        if after is None or (only is None and str(kind) != after[0]):
            yield kind, condition
            continue
        size, no = after[-2:]
        if kind is RowKind.DIFFERS:
            yield kind, {**condition, "size": size, "no": {"$gt": no}}
            yield kind, {**condition, "size": {"$lt": size}}
        else:
            yield kind, {**condition, "no": {"$gt": no}}
