"""Stocking an item at a location, so that it may be pushed to."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): activate.bare-keeps, activate.replaces,
# activate.stocked-already.

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto

from shared.contract.messages import parse_time
from shared.errors import ShopifyUnclear
from shared.shopify.calls.answers import words_of
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.costs import Price
from shared.shopify.calls.requests import request_body
from shared.shopify.ids import item_gid, location_gid
from shared.shopify.shop_queries import ACTIVATE

_PRICE = Price(assumed=12.0)


class Stocked(StrEnum):
    """What Shopify's answer says."""

    NOW = auto()
    """It is stocked since this call."""
    ALREADY = auto()
    """It was stocked before, with whatever it holds."""
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class StockedAnswer:
    """`available`: what Shopify says that the level holds now, None where it gives no number; `available_at`: its time
    of that. `taken_at`: of the reply. `detail`: Shopify's words of a refusal.
    """

    outcome: Stocked
    available: int | None
    available_at: datetime | None
    taken_at: datetime
    detail: str | None = None


class Activation:
    """Stocks items at locations."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    async def stock(self, shop: str, item_id: str, location_id: str, *, held: int, key: str) -> StockedAnswer:
        """Stock an item at a location, with what it `held` there before. Safe to repeat under the same key.

        A level that is stocked again without a quantity keeps what it held; whether one that is given replaces that,
        nobody has shown. So the quantity given is the one held.

        Its errors have no code; whether there is a level beside them tells what they mean. Raises what the adapter
        raises.
        """
        names = {"item": item_gid(item_id), "location": location_gid(location_id)}
        variables = names | {"available": held, "key": key}
        body = request_body(ACTIVATE, variables)
        reply = await self._client.call(shop, "inventoryActivate", body, price=_PRICE)
        payload = reply.data.get("inventoryActivate")
        if not isinstance(payload, dict):
            raise ShopifyUnclear("inventoryActivate: an answer without its payload")
        level, errors = payload.get("inventoryLevel"), payload.get("userErrors") or []
        detail = words_of("; ".join(str(error.get("message")) for error in errors)) or None
        if not level or not level["isActive"]:
            return StockedAnswer(Stocked.REFUSED, None, None, reply.date, detail)
        quantities = level["quantities"]
        first = quantities[0] if quantities else {}
        at = parse_time(first.get("updatedAt") or level["updatedAt"])
        outcome = Stocked.ALREADY if errors else Stocked.NOW
        return StockedAnswer(outcome, first.get("quantity"), at, reply.date, detail)
