"""Stocking an item at a location, at zero, so that it may be pushed to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto

from shared.contract.messages import parse_time
from shared.errors import ShopifyUnclear
from shared.hiding import without_secrets
from shared.shopify.client import ShopifyClient
from shared.shopify.costs import Price
from shared.shopify.ids import item_gid, location_gid
from shared.shopify.requests import request_body
from shared.shopify.shop_queries import ACTIVATE

_PRICE = Price(assumed=12.0)


class Stocked(StrEnum):
    """What Shopify's answer says."""

    NOW = auto()
    """It is stocked since this call, at zero."""
    ALREADY = auto()
    """It was stocked before, with whatever it holds."""
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class StockedAnswer:
    """`available_at`: Shopify's time of the zero. `taken_at`: of the reply. `detail`: Shopify's words of a refusal."""

    outcome: Stocked
    available_at: datetime | None
    taken_at: datetime
    detail: str | None = None


class Activation:
    """Stocks items at locations."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    async def stock(self, shop: str, item_id: str, location_id: str, *, key: str) -> StockedAnswer:
        """Stock an item at a location, at zero. Safe to repeat under the same key.

        Its errors have no code; whether there is a level beside them tells what they mean. Raises what the adapter
        raises.
        """
        variables = {"item": item_gid(item_id), "location": location_gid(location_id), "key": key}
        body = request_body(ACTIVATE, variables)
        reply = await self._client.call(shop, "inventoryActivate", body, price=_PRICE)
        payload = reply.data.get("inventoryActivate")
        if not isinstance(payload, dict):
            raise ShopifyUnclear("inventoryActivate: an answer without its payload")
        level, errors = payload.get("inventoryLevel"), payload.get("userErrors") or []
        detail = without_secrets("; ".join(str(error.get("message")) for error in errors)) or None
        if not level or not level["isActive"]:
            return StockedAnswer(Stocked.REFUSED, None, reply.date, detail)
        quantities = level["quantities"]
        at = parse_time((quantities[0] if quantities else {}).get("updatedAt") or level["updatedAt"])
        return StockedAnswer(Stocked.ALREADY if errors else Stocked.NOW, at, reply.date, detail)
