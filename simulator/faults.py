"""Faults on demand: the next calls fail in a chosen way."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Final

KINDS: Final = (
    "status",
    "reset_before",
    "reset_after",
    "truncate",
    "non_json",
    "throttled",
    "latency",
    "internal",
    "error",
    "no_extensions",
    "no_throttle_status",
    "status_after",
    "bulk_failed",
    "headers",
)


@dataclass(slots=True)
class Fault:
    """`count` calls fail after `after` calls have passed. None for shop or operation means any."""

    id: int
    kind: str
    shop: str | None = None
    operation: str | None = None
    status: int = 500
    retry_after: float | None = None
    seconds: float = 0.0
    message: str = "Simulated"  # of the kinds status and error
    code: str | None = None  # of the kinds error and bulk_failed
    count: int = 1
    after: int = 0
    headers: dict[str, str] = field(default_factory=dict)  # of every answer with a status; replaces


class Faults:
    """The faults that are set, and the standing latency."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._set: list[Fault] = []
        self._latency: dict[str | None, float] = {}

    def add(self, fault: Fault) -> int:
        """Set a fault; its id."""
        fault.id = next(self._ids)
        self._set.append(fault)
        return fault.id

    def set_latency(self, seconds: float, shop: str | None) -> None:
        """Delay every call of that shop, or of every shop without one of its own."""
        self._latency[shop] = seconds

    def latency(self, shop: str) -> float:
        """Seconds that each call of the shop waits."""
        return self._latency.get(shop, self._latency.get(None, 0.0))

    def clear(self) -> int:
        """Remove all faults and latencies; how many faults."""
        removed = len(self._set)
        self._set.clear()
        self._latency.clear()
        return removed

    def next_for(self, shop: str, operations: tuple[str, ...]) -> Fault | None:
        """The fault that this call meets. Every fault that fits counts the call, the first that is due takes it."""
        met: Fault | None = None
        for fault in list(self._set):
            if fault.shop not in (None, shop) or (fault.operation is not None and fault.operation not in operations):
                continue
            if fault.after > 0:
                fault.after -= 1
            elif met is None:
                met = fault
                fault.count -= 1
                if fault.count <= 0:
                    self._set.remove(fault)
        return met
