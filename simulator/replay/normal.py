"""What differs from run to run, taken out of a reply: ids, times, cursors, points left."""

from __future__ import annotations

import re
from typing import Any

_GID = re.compile(r"gid://shopify/(\w+)/[\w.-]+(\?[^\s\"]*)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LEFT_OUT = ("throttleStatus", "search")
"""The bucket's level, and Shopify's remarks on searches, which are no part of the answer."""


class Normal:
    """Names ids by their kind and the order of their first appearance, so that equal ones stay equal."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def of(self, value: Any) -> Any:
        """The value with nothing in it that a second run would change."""
        if isinstance(value, dict):
            kept = {key: self.of(held) for key, held in value.items() if key not in _LEFT_OUT}
            return {key: _plain(key, held) for key, held in kept.items()}
        if isinstance(value, list):
            return [self.of(item) for item in value]
        if isinstance(value, str):
            return _TIME.sub("TIME", _GID.sub(self._name, value))
        return value

    def _name(self, match: re.Match[str]) -> str:
        gid, kind = match[0], match[1]
        if gid not in self._names:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._names[gid] = f"{kind}#{self._counts[kind]}"
        return self._names[gid]


def _plain(key: str, held: Any) -> Any:
    if held is None:
        return None
    if key == "url" and str(held).startswith("http"):
        return "URL"
    if key == "cursor" or key.endswith("Cursor"):
        return "CURSOR"
    return "DIGITS" if key == "legacyResourceId" else held


def normal(value: Any) -> Any:
    """One reply without what differs from run to run. Keys are visited in order, so ids keep their places."""
    return Normal().of(_in_order(value))


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return [_in_order(item) for item in value] if isinstance(value, list) else value


def only_recorded(reply: Any, recorded: Any) -> Any:
    """The part of a reply that a capture kept: some captures left out fields that were asked, and the cost."""
    if isinstance(reply, dict) and isinstance(recorded, dict):
        return {key: only_recorded(reply[key], held) for key, held in recorded.items() if key in reply}
    if isinstance(reply, list) and isinstance(recorded, list) and len(reply) == len(recorded):
        return [only_recorded(ours, theirs) for ours, theirs in zip(reply, recorded, strict=True)]
    return reply


def first_difference(ours: Any, theirs: Any, where: str = "") -> str | None:
    """Where two values differ first, or None."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            if (found := first_difference(ours.get(key), theirs.get(key), f"{where}.{key}")) is not None:
                return found
        return None
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            if (found := first_difference(one, other, f"{where}[{index}]")) is not None:
                return found
        return None
    return None if ours == theirs else f"{where}: {ours!r}, recorded {theirs!r}"
