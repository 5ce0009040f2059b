"""What calls cost, learned from `extensions.cost` of every reply. Points throughout."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): cost.quantities, cost.limit.

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass

QUERY_LIMIT = 1000.0
"""The most points one query may ask for, on every plan."""

UNPRICED = 50.0
"""What a call is taken to cost that nobody has priced and that was never seen."""

_SAME = 0.5
"""Costs are whole points: a smaller difference is rounding."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a call is for the books.

    `shape` is everything its cost depends on beside `rows`, such as the page size; `assumed` is what it may cost
    until a reply has shown.
    """

    rows: int = 1
    shape: Hashable = None
    assumed: float = UNPRICED


class Line:
    """Cost as a function of rows, base + rows × each: the two outermost observations that still agree with it."""

    def __init__(self) -> None:
        self._low: tuple[int, float] | None = None
        self._high: tuple[int, float] | None = None

    def note(self, rows: int, points: float) -> None:
        """Take an observation. One that contradicts the earlier ones stands alone: Shopify has changed its price."""
        if self._low is None or self._high is None or self._contradicts(rows, points):
            self._low = self._high = (rows, points)
        elif rows <= self._low[0]:
            self._low = (rows, points)
        elif rows >= self._high[0]:
            self._high = (rows, points)

    def _contradicts(self, rows: int, points: float) -> bool:
        if self._low is None or self._high is None:
            return False
        if self._low[0] == self._high[0]:
            seen, cost = self._low
            # One observation foretells only that more rows never cost less.
            return (rows == seen and abs(points - cost) > _SAME) or (rows - seen) * (points - cost) < 0
        return abs(self.expect(rows) - points) > max(_SAME, 0.02 * points)

    def expect(self, rows: int, assumed: float = math.inf) -> float:
        """Points for that many rows: rather too many than too few while only one number of rows was seen."""
        if self._low is None or self._high is None:
            return assumed
        (few, low), (many, high) = self._low, self._high
        if few < many:
            each = max(0.0, (high - low) / (many - few))
            return max(0.0, low + each * (rows - few))
        if rows <= many:
            return high
        # It is at most in proportion, as a call without rows is not free of charge.
        return min(high * rows / max(1, many), max(high, assumed))

    def at_least(self, rows: int) -> float:
        """Points that so many rows cost for certain: no fewer than fewer rows have cost."""
        ends = [end for end in (self._low, self._high) if end is not None]
        seen = [points for number, points in ends if number <= rows]
        return max(seen, default=0.0)


class CostBook:
    """The costs of all operations of one API version, the same for every shop."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, Hashable], Line] = {}
        self._paid: dict[tuple[str, Hashable], Line] = {}

    def note(self, operation: str, price: Price, requested: float | None, actual: float | None) -> None:
        """Take what a reply said; either may be missing."""
        for lines, points in ((self._asked, requested), (self._paid, actual)):
            if points is not None and points >= 0:
                lines.setdefault((operation, price.shape), Line()).note(price.rows, points)

    def requested(self, operation: str, price: Price) -> float:
        """What the call will ask for: the bucket must hold it before, and it must stay below the query limit."""
        line = self._asked.get((operation, price.shape))
        return price.assumed if line is None else line.expect(price.rows, price.assumed)

    def taken(self, operation: str, price: Price) -> float:
        """The most the call takes from the bucket: a list that is fuller than assumed costs more than was asked."""
        return max(self.requested(operation, price), self.paid(operation, price))

    def paid(self, operation: str, price: Price) -> float:
        """What the call really costs, where a reply has shown it, else what it asks for."""
        line = self._paid.get((operation, price.shape))
        return self.requested(operation, price) if line is None else line.expect(price.rows, price.assumed)

    def at_least(self, operation: str, price: Price) -> float:
        """What the call asks for whatever happens; 0 where nothing is known."""
        line = self._asked.get((operation, price.shape))
        return 0.0 if line is None else line.at_least(price.rows)


def max_rows(limit: float, largest: int, cost: Callable[[int], float]) -> int:
    """The most rows, at least one and at most `largest`, that a call within `limit` points can have."""
    low, high = 1, max(1, largest)
    while low < high:
        middle = (low + high + 1) // 2
        if cost(middle) <= limit:
            low = middle
        else:
            high = middle - 1
    return low
