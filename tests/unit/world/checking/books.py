"""What the records of one cell ought to hold, kept by the oracle and by none of Trueup's counters."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.stock import Stock


@dataclass(slots=True)
class Book:
    """One cell's book.

    `manual`: the hand adjustments; `inside`: how many of them are inside Shopify's value. `held`: the count of a cell
    that has no base yet, which nothing but a hand may move. `uncounted`: the BOM tracks, and nobody has counted.
    `apart`: the two sides have never been brought together. `latest`: the job that settled last. `life`: raised when
    the BOM is mapped to another item, removed, made again, or an older state of the records comes back; no row may be
    acted on in another life than its own.
    """

    life: int = 0
    tracks: bool = False
    manual: int = 0
    inside: int = 0
    held: int | None = None
    uncounted: bool = False
    apart: bool = False
    in_doubt: bool = False
    first: int | None = None
    at_base: int = 0
    set_before_base: bool = False
    base_time: datetime | None = None
    latest: int = 0
    executed: dict[int, tuple[int | None, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, stock: Stock) -> Book:
        """The book of a cell as a world begins: the count differs from the base by hand adjustments alone."""
        return cls(
            tracks=stock.tracks,
            manual=0 if stock.count is None or stock.base is None else stock.count - stock.base,
            held=stock.count if stock.base is None else None,
            uncounted=stock.never_agreed and stock.count is None,
            apart=stock.never_agreed,
            base_time=stock.base_time,
        )

    def begin(self, life: int) -> None:
        """Another life: what was done in the one before can be neither gone on with nor undone."""
        self.life = life
        self.latest = 0
        self.executed.clear()

    def forget(self, count: int | None) -> None:
        """Nothing is known of Shopify's value; a count that is there waits for its base."""
        self.held = count
        self.at_base = 0
        self.set_before_base = False
        self.base_time = None
        self.apart = self.tracks
        self.uncounted = self.tracks and count is None
        if count is None:
            self.inside = self.manual
