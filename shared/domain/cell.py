"""The cell: one BOM at one location, the unit of everything; its states, and the partition of its shop."""

from __future__ import annotations

import zlib
from enum import StrEnum
from typing import NamedTuple


class CellKey(NamedTuple):
    """One BOM at one location. Both ids are strings: Shopify's exceed 2^53."""

    bom_id: str
    location_id: str


class CellState(StrEnum):
    """Where the work on one cell of a job stands."""

    PENDING = "pending"
    APPLYING = "applying"
    UPDATED = "updated"
    SKIPPED = "skipped"
    ERROR = "error"
    CANCELLED = "cancelled"


CELL_TRANSITIONS: dict[CellState, frozenset[CellState]] = {
    CellState.PENDING: frozenset(
        {CellState.APPLYING, CellState.UPDATED, CellState.SKIPPED, CellState.ERROR, CellState.CANCELLED}
    ),
    CellState.APPLYING: frozenset(
        {CellState.PENDING, CellState.UPDATED, CellState.SKIPPED, CellState.ERROR, CellState.CANCELLED}
    ),
    CellState.UPDATED: frozenset(),
    CellState.SKIPPED: frozenset(),
    CellState.ERROR: frozenset(),
    CellState.CANCELLED: frozenset(),
}
"""The state table of a cell. `applying → pending` is for work given back unsent; `applying → cancelled` only for work
never sent, when a shop is given up."""

OPEN_CELL_STATES = frozenset(state for state, after in CELL_TRANSITIONS.items() if after)
"""States with work left; the others are terminal and set once."""


def partition_of(shop: str, partitions: int) -> int:
    """The partition whose queue carries the shop's cells: crc32 of the lower-case domain, modulo the number."""
    return zlib.crc32(shop.lower().encode()) % partitions
