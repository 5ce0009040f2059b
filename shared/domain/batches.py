"""Splitting work into calls and transactions."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): set.largest-batch, set.twice-in-a-batch.

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

ROWS_PER_CALL = 250
"""The most entries Shopify takes in one array input."""


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Split in order into lists of at most `size`."""
    if size < 1:
        raise ValueError("a batch holds at least one item")
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def calls(
    rows: Iterable[T],
    *,
    pair: Callable[[T], Hashable],
    alone: Callable[[T], bool],
    size: int = ROWS_PER_CALL,
) -> list[list[T]]:
    """Split rows into calls of at most `size`, no (item, location) pair twice in one call, some rows alone.

    Shopify refuses both entries of a repeated pair, and a row that was stale twice must not hold up others.
    """
    full: list[list[T]] = []
    filling: list[tuple[list[T], set[Hashable]]] = []
    for row in rows:
        if alone(row):
            full.append([row])
            continue
        key = pair(row)
        place = next((entry for entry in filling if key not in entry[1]), None)
        if place is None:
            place = ([], set())
            filling.append(place)
        batch, pairs = place
        batch.append(row)
        pairs.add(key)
        if len(batch) == size:
            filling.remove(place)
            full.append(batch)
    return [*full, *(batch for batch, _ in filling)]


def halves(items: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """The two halves of a batch that met a conflict; the caller stops at one item."""
    middle = (len(items) + 1) // 2
    return items[:middle], items[middle:]
