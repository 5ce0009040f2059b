"""Looking at the item at its two locations, and changing it there: each call through the guard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ulid import ULID

from shared.certifying.exchanges import Exchange
from shared.certifying.guard import GuardedCalls
from shared.certifying.operations import LOOK, SET_ROWS, STOCK, STOCK_BARE, UNSTOCK
from shared.contract.messages import parse_time

REFERENCE = "gid://trueup/Certification/"


@dataclass(frozen=True, slots=True)
class Held:
    """What a level is and holds: `level` is None where there is none, `available` where none is told."""

    level: str | None = None
    active: bool = False
    available: int | None = None
    text: str | None = None
    """The time of the quantity, as Shopify wrote it."""

    @property
    def time(self) -> datetime | None:
        """The same as a time."""
        return None if self.text is None else parse_time(self.text)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One row of a set: at the first (0) or the second location; `change_from` None compares with nothing."""

    place: int
    quantity: int
    change_from: int | None


class Levels:
    """The item's two levels, as far as they are known."""

    def __init__(self, calls: GuardedCalls, run: str) -> None:
        self.calls = calls
        self.run = run

    def fresh_key(self) -> str:
        """An idempotency key that nobody has used."""
        return f"certify-{ULID()}"

    async def look(self) -> tuple[Held, Held]:
        """What both hold now; the guard learns of levels that are new."""
        first, second = self.calls.named.places
        seen = await self.calls.call(LOOK, {"item": self.calls.named.item, "place0": first, "place1": second})
        item = seen.payload("inventoryItem")
        both = (held_in(item.get("at0")), held_in(item.get("at1")))
        known = self.calls.named.levels
        levels = (both[0].level or known[0], both[1].level or known[1])
        self.calls.named = replace(self.calls.named, levels=levels)
        return both

    async def set(self, rows: Sequence[Wanted], key: str | None = None) -> Exchange:
        """Set quantities as Trueup does."""
        return await self.calls.call(SET_ROWS, {"input": self.input(rows), "key": key or self.fresh_key()})

    def input(self, rows: Sequence[Wanted]) -> dict[str, Any]:
        """The input of a set."""
        named = self.calls.named
        quantities = [
            {
                "inventoryItemId": named.item,
                "locationId": named.places[row.place],
                "quantity": row.quantity,
                "changeFromQuantity": row.change_from,
            }
            for row in rows
        ]
        return {
            "name": "available",
            "reason": "correction",
            "referenceDocumentUri": REFERENCE + self.run,
            "quantities": quantities,
        }

    async def stock(self, place: int, available: int | None) -> Exchange:
        """Stock the item at a location, with a quantity or without."""
        named = self.calls.named
        variables = {"item": named.item, "location": named.places[place], "key": self.fresh_key()}
        if available is None:
            return await self.calls.call(STOCK_BARE, variables)
        return await self.calls.call(STOCK, variables | {"available": available})

    async def unstock(self, place: int) -> Exchange | None:
        """Unstock it there; None where there is no level to unstock."""
        level = self.calls.named.levels[place]
        if level is None:
            return None
        return await self.calls.call(UNSTOCK, {"level": level, "key": self.fresh_key()})


def held_in(node: Mapping[str, Any] | None) -> Held:
    """A level of an answer."""
    if not node:
        return Held()
    quantities = node.get("quantities") or []
    first = quantities[0] if quantities else {}
    return Held(node.get("id"), bool(node.get("isActive")), first.get("quantity"), first.get("updatedAt"))


def applied(exchange: Exchange) -> bool:
    """Whether a set says that it changed something, and nothing else."""
    payload = exchange.payload("inventorySetQuantities")
    return bool(payload.get("inventoryAdjustmentGroup")) and not payload.get("userErrors")


def codes_of(exchange: Exchange) -> list[str]:
    """The codes of a set's errors, row by row."""
    return [str(error.get("code")) for error in exchange.user_errors("inventorySetQuantities")]
