"""How many BOMs a shop may have: everything else of a shop (cells, rows, calls) grows with their number."""

from __future__ import annotations

from time import monotonic

from shared.domain.shop import MAX_BOMS
from shared.mongodb.catalogue.refusals import RecordRefused, Refusal
from shared.mongodb.schema import Database
from shared.mongodb.transactions import Session, WriteConflict

_BELIEVED = 60.0
"""Seconds for which a count far from the limit is not repeated: counting walks through an index."""


def _margin(max_boms: int) -> int:
    """So many below the limit are near it: more than a minute of imports makes, and all of a small limit."""
    return max(1000, max_boms // 10)


class BomLimit:
    """Says how many BOMs a shop may still get."""

    def __init__(self, database: Database, max_boms: int = MAX_BOMS) -> None:
        self._boms = database["boms"]
        self._shops = database["shops"]
        self._max_boms = max_boms
        self._counted: dict[str, tuple[float, int]] = {}

    async def left(self, session: Session, shop: str, wanted: int) -> int:
        """How many of `wanted` new ones there is room for, in the transaction that makes them.

        Near the limit makers go one after another: the shop's document is touched, so that the second one conflicts
        and counts again. Raises WriteConflict.
        """
        at, number = self._counted.get(shop, (float("-inf"), 0))
        near = self._max_boms - _margin(self._max_boms)
        if monotonic() - at < _BELIEVED and number + wanted < near:
            self._counted[shop] = (at, number + wanted)
            return wanted
        number = await self._boms.count_documents({"shop": shop}, session=session)
        if number + wanted < near:
            self._counted[shop] = (monotonic(), number + wanted)
            return wanted
        self._counted.pop(shop, None)
        left = max(0, min(wanted, self._max_boms - number))
        if left:
            touched = await self._shops.update_one({"_id": shop}, {"$inc": {"boms_made": 1}}, session=session)
            if not touched.matched_count:
                raise WriteConflict("the shop was removed")
        return left

    def full(self) -> RecordRefused:
        """What a maker hears for whom there is no room."""
        return RecordRefused(
            Refusal.TOO_MANY,
            "bom_id",
            f"The shop has {self._max_boms} BOMs, the most that it may have.",
            "Remove BOMs that are no longer needed, or have TRUEUP_BOMS_PER_SHOP raised.",
        )
