"""No log line grows with what was sent to us: long texts are cut, long lists are counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from structlog.types import EventDict, WrappedLogger

MAX_TEXT = 2_000
"""Characters of one value."""

MAX_NESTED_TEXT = 200
"""Characters of a value within a list or mapping."""

MAX_TRACEBACK = 16_000
"""Characters of a traceback: its end says what was wrong."""

MAX_ITEMS = 50
"""Entries of a list or mapping."""

_MAX_DEPTH = 4


def bounded(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Cut every value of a line."""
    for name, value in event.items():
        if name == "exception" and isinstance(value, str):
            event[name] = value if len(value) <= MAX_TRACEBACK else f"…{value[-MAX_TRACEBACK:]}"
        else:
            event[name] = _bounded(value, 0)
    return event


def _bounded(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        max_length = MAX_TEXT if depth == 0 else MAX_NESTED_TEXT
        return value if len(value) <= max_length else f"{value[:max_length]}… ({len(value)} characters)"
    if isinstance(value, bytes):
        return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]!r}… ({len(value)} bytes)"
    if isinstance(value, Mapping | list | tuple | set | frozenset) and depth >= _MAX_DEPTH:
        return f"{type(value).__name__} of {len(value)}"
    if isinstance(value, Mapping):
        return _bounded_mapping(value, depth)
    if isinstance(value, (list, tuple, set, frozenset)):
        kept = [_bounded(item, depth + 1) for _, item in zip(range(MAX_ITEMS), value, strict=False)]
        return [*kept, f"… and {len(value) - MAX_ITEMS} more"] if len(value) > MAX_ITEMS else kept
    if isinstance(value, int) and value.bit_length() > MAX_TEXT:
        return f"a number of {value.bit_length()} bits"
    return value


def _bounded_mapping(value: Mapping[Any, Any], depth: int) -> Any:
    first = zip(range(MAX_ITEMS), value.items(), strict=False)
    kept = {str(name): _bounded(item, depth + 1) for _, (name, item) in first}
    return kept | {"…": f"{len(value) - MAX_ITEMS} more"} if len(value) > MAX_ITEMS else kept
