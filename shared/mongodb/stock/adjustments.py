"""Hand adjustments, kept by their idempotency key so that a repeat has no second effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo.errors import DuplicateKeyError

from shared.domain.cell import CellKey
from shared.domain.stock import Stock
from shared.mongodb.schema import Database, Document, found, key_of
from shared.mongodb.stock.stock import CellStock
from shared.mongodb.transactions import Session


@dataclass(frozen=True, slots=True)
class Seen:
    """The count that somebody has seen of a cell; None: that nobody had counted it."""

    count: int | None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What is wanted of a cell's count: a `delta`, or the absolute `count`; exactly one of them.

    `only_rev` is the stock's `rev` the caller has seen, `only_seen` its count; None: whatever it is now. `note`: why,
    in a person's words.
    """

    key: CellKey
    idempotency_key: str
    cause: str
    actor: str
    delta: int | None = None
    count: int | None = None
    only_rev: int | None = None
    only_seen: Seen | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        if (self.delta is None) == (self.count is None):
            raise ValueError("give either a delta or a count")

    @property
    def by_counting(self) -> bool:
        """Whether a person has looked at the shelf, which ends doubt about a push of unknown outcome."""
        return self.count is not None or self.cause == "counted"

    def delta_from(self, stock: Stock) -> int:
        """By how much the count moves; that of a cell never counted moves from zero."""
        return self.delta if self.delta is not None else (self.count or 0) - (stock.count or 0)

    def same_as(self, earlier: Document) -> bool:
        """Whether the stored adjustment asked for the same."""
        return (earlier["bom_id"], earlier["location_id"], earlier["asked"]) == (*self.key, self.asked)

    @property
    def asked(self) -> Document:
        """What was asked, as it is stored."""
        return {"delta": self.delta} if self.count is None else {"count": self.count}


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The cell afterwards, by how much its count moved, and whether the key was known already."""

    cell: CellStock
    delta: int
    repeated: bool


class AdjustmentLog:
    """Reads and writes the collection `adjustments`."""

    def __init__(self, database: Database) -> None:
        self._adjustments = database["adjustments"]

    async def get(self, shop: str, key: str, session: Session) -> Document | None:
        """The adjustment made under the key, or None."""
        return found(await self._adjustments.find_one({"_id": key_of(shop, key)}, session=session))

    async def add(self, shop: str, wanted: Adjustment, delta: int, session: Session, *, still: bool = False) -> bool:
        """Note the adjustment; returns False where somebody else has used the key at the same time.

        `still`: it has moved nothing, so that no entry of the ledger tells of it.
        """
        document: Document = {
            "_id": key_of(shop, wanted.idempotency_key),
            "shop": shop,
            "key": wanted.idempotency_key,
            "bom_id": wanted.key.bom_id,
            "location_id": wanted.key.location_id,
            "asked": wanted.asked,
            "delta": delta,
            "cause": wanted.cause,
            "actor": wanted.actor,
            "at": datetime.now(UTC),
            **({} if wanted.note is None else {"note": wanted.note}),
        }
        if still:
            document["still"] = True
        try:
            await self._adjustments.insert_one(document, session=session)
        except DuplicateKeyError:
            return False
        return True
