"""Which calls a shop received, what they cost and how they ended."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `outcome` is ok, user_errors, throttled, an error code, or the kind of the fault it met."""

    no: int
    at: str
    operation: str
    status: int
    outcome: str
    requested: int = 0
    actual: int = 0


class CallLog:
    """Totals for each operation and the last calls."""

    def __init__(self, size: int) -> None:
        self._totals: dict[str, dict[str, int]] = {}
        self._last: deque[Call] = deque(maxlen=size)

    def add(self, call: Call) -> None:
        """Count a call."""
        totals = self._totals.setdefault(call.operation, {"calls": 0, "points": 0, "throttled": 0, "errors": 0})
        totals["calls"] += 1
        totals["points"] += call.actual
        if call.outcome == "throttled":
            totals["throttled"] += 1
        elif call.outcome != "ok":
            totals["errors"] += 1
        self._last.append(call)

    def as_json(self) -> dict[str, Any]:
        """What the control API answers."""
        return {"operations": self._totals, "log": [asdict(call) for call in self._last]}

    def reset(self) -> None:
        """Begin anew."""
        self._totals = {}
        self._last.clear()
