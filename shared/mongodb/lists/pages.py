"""A page of a list, and where one begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from shared.mongodb.schema import Document

T = TypeVar("T")

Keys = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What is listed, in order, and the sort keys after which the next page starts (None: this was the last)."""

    items: list[T]
    after: list[str | int] | None


@dataclass(frozen=True, slots=True)
class Start:
    """Where a page begins: after the sort keys of the one before, or past so many of the first."""

    after: Sequence[Any] | None = None
    skip: int = 0


FIRST = Start()


async def newest_first(
    collection: Any, condition: Document, field: str, *, before: Any, limit: int, record_of: Callable[[Document], T]
) -> tuple[list[T], Any]:
    """The records before a value of the field (None: from the newest on), and the value before which the next page
    starts (None: this was the last).
    """
    among = condition if before is None else {**condition, field: {"$lt": before}}
    listed = [document async for document in collection.find(among).sort(field, -1).limit(limit + 1)]
    after = listed[limit - 1][field] if len(listed) > limit else None
    return [record_of(document) for document in listed[:limit]], after


def later(fields: Mapping[str, int], after: Sequence[Any]) -> dict[str, Any]:
    """The condition for what comes after the keys in the order of `fields` (name → 1 or −1)."""
    names = list(fields)
    ways: list[dict[str, Any]] = []
    for depth, name in enumerate(names):
        way: dict[str, Any] = {names[i]: after[i] for i in range(depth)}
        way[name] = {"$gt" if fields[name] > 0 else "$lt": after[depth]}
        ways.append(way)
    return {"$or": ways}
