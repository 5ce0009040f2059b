"""Relay windows over a sorted list, with cursors in Shopify's own shape."""

from __future__ import annotations

import base64
import binascii
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from simulator.graphql.errors import FieldError

PAGE_LIMIT: Final = 250
UNBOUNDED: Final = sys.maxsize  # the page of a bulk query


@dataclass(frozen=True, slots=True)
class Page:
    """One window. `key` gives a node's id (a number) and the value it is sorted by."""

    nodes: Sequence[Any]
    key: Callable[[Any], tuple[int, str]]
    has_next: bool
    has_previous: bool

    def cursor(self, node: Any) -> str:
        """A cursor as recorded: base64 of `{"last_id":…,"last_value":"…"}`."""
        number, value = self.key(node)
        text = json.dumps({"last_id": number, "last_value": value}, separators=(",", ":"))
        return base64.b64encode(text.encode()).decode()


def by_id(node: Any) -> tuple[int, str]:
    """Sort key of whatever has an `id`."""
    return int(node.id), node.id


def by_row(level: Any) -> tuple[int, str]:
    """Sort key of a level: its own row, not the number in its gid."""
    return level.row, str(level.row)


def window(nodes: Sequence[Any], arguments: Mapping[str, Any], key: Callable[[Any], tuple[int, str]] = by_id) -> Page:
    """The part of `nodes`, sorted, that first/after or last/before ask for. Raises FieldError for a bad one."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        raise FieldError("you must provide one of first or last", {"code": "BAD_REQUEST"})
    for name, size in (("first", first), ("last", last)):
        if size is not None and size != UNBOUNDED and not 0 <= size <= PAGE_LIMIT:
            raise FieldError(f"{name} must be between 0 and {PAGE_LIMIT}, not {size}", {"code": "BAD_REQUEST"})
    if arguments.get("reverse"):
        nodes = nodes[::-1]
    start, end = 0, len(nodes)
    if (after := arguments.get("after")) is not None:
        start = _position(nodes, after, key) + 1
    if (before := arguments.get("before")) is not None:
        end = _position(nodes, before, key)
    if first is not None:
        end = min(end, start + first)
    elif last is not None:
        start = max(start, end - last)
    return Page(nodes[start:end], key, has_next=end < len(nodes), has_previous=start > 0)


def _position(nodes: Sequence[Any], cursor: str, key: Callable[[Any], tuple[int, str]]) -> int:
    try:
        wanted = json.loads(base64.b64decode(cursor, validate=True))["last_id"]
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise FieldError(f"Invalid cursor for current pagination sort: {cursor}", {"code": "BAD_REQUEST"}) from error
    for index, node in enumerate(nodes):
        if key(node)[0] == wanted:
            return index
    # The node behind the cursor is gone meanwhile: go on where it stood.
    return sum(1 for node in nodes if key(node)[0] <= wanted) - 1
