"""The webhook subscriptions that Trueup needs: made where they are missing, and only those."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from shared.errors import ShopifyRefused, ShopifyUnclear
from shared.shopify.client import ShopifyClient
from shared.shopify.costs import Price
from shared.shopify.requests import request_body
from shared.shopify.shop_queries import SUBSCRIBE, SUBSCRIPTIONS, UNSUBSCRIBE

log = structlog.get_logger()

TOPICS = (
    "APP_SCOPES_UPDATE",
    "APP_UNINSTALLED",
    "INVENTORY_ITEMS_CREATE",
    "INVENTORY_ITEMS_DELETE",
    "INVENTORY_ITEMS_UPDATE",
    "INVENTORY_LEVELS_CONNECT",
    "INVENTORY_LEVELS_DISCONNECT",
    "INVENTORY_LEVELS_UPDATE",
    "LOCATIONS_ACTIVATE",
    "LOCATIONS_CREATE",
    "LOCATIONS_DEACTIVATE",
    "LOCATIONS_DELETE",
    "LOCATIONS_UPDATE",
    "PRODUCTS_DELETE",
    "PRODUCTS_UPDATE",
)
"""What is subscribed to, by the names of Shopify's enum. The compliance topics are not in it: they are set in the
app's configuration."""

FIELDS = {"PRODUCTS_UPDATE": ("id", "variants", "variant_gids")}
"""What is sent of a topic, where not all: a product's description alone may be half a megabyte."""

_MOST_PAGES = 100
_LISTING, _CHANGE = Price(assumed=20.0), Price(assumed=10.0)


@dataclass(frozen=True, slots=True)
class Subscribed:
    """What became of the topics: there already, made now, refused by Shopify."""

    present: tuple[str, ...]
    made: tuple[str, ...]
    refused: tuple[str, ...]


class Subscriptions:
    """Reads and makes subscriptions."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    async def ensure(self, shop: str, uri: str) -> Subscribed:
        """Make those that are missing at `uri`; those of ours at another address go, or each event would come twice.

        Safe to repeat and to run twice at once. Raises what the Shopify adapter raises.
        """
        known = await self._list(shop)
        present = {topic for _, topic, where in known if where == uri}
        missing = [topic for topic in TOPICS if topic not in present]
        # One after the other: when the shop is paused in between, no more than the one call is wasted.
        made = [await self._make(shop, topic, uri) for topic in missing]
        refused = tuple(topic for topic, taken in zip(missing, made, strict=True) if not taken)
        for subscription, topic, where in known:
            if where != uri and topic in TOPICS and topic not in refused:
                body = request_body(UNSUBSCRIBE, {"id": subscription})
                await self._client.call(shop, "webhookSubscriptionDelete", body, price=_CHANGE)
        if refused:
            log.warning("topics_refused", shop=shop, topics=refused)
        return Subscribed(
            present=tuple(sorted(present & set(TOPICS))),
            made=tuple(topic for topic in missing if topic not in refused),
            refused=refused,
        )

    async def missing(self, shop: str, uri: str) -> list[str]:
        """The topics that Shopify does not send to `uri` (any more). Raises what the Shopify adapter raises."""
        present = {topic for _, topic, where in await self._list(shop) if where == uri}
        return [topic for topic in TOPICS if topic not in present]

    async def _list(self, shop: str) -> list[tuple[str, str, str]]:
        found: list[tuple[str, str, str]] = []
        after: str | None = None
        for _ in range(_MOST_PAGES):
            body = request_body(SUBSCRIPTIONS, {"after": after})
            reply = await self._client.call(shop, "webhookSubscriptions", body, price=_LISTING)
            connection = reply.data["webhookSubscriptions"]
            found += [(node["id"], node["topic"], node["uri"]) for node in connection["nodes"]]
            if not connection["pageInfo"]["hasNextPage"]:
                return found
            after = connection["pageInfo"]["endCursor"]
        raise ShopifyUnclear("the webhook subscriptions do not end")

    async def _make(self, shop: str, topic: str, uri: str) -> bool:
        """Whether Shopify took it. One refused topic does not keep the others from being made."""
        try:
            body = request_body(SUBSCRIBE, {"topic": topic, "uri": uri, "fields": FIELDS.get(topic)})
            # A topic may need a permission that nothing else needs.
            reply = await self._client.call(shop, "webhookSubscriptionCreate", body, price=_CHANGE, optional=True)
        except ShopifyRefused as refusal:
            log.warning("topic_refused", shop=shop, topic=topic, reason=str(refusal))
            return False
        payload = reply.data.get("webhookSubscriptionCreate") or {}
        if payload.get("webhookSubscription"):
            return True
        messages = [str(error.get("message")) for error in payload.get("userErrors") or []]
        if any("already been taken" in message for message in messages):
            return True  # another replica made it at the same time
        log.warning("topic_refused", shop=shop, topic=topic, reason="; ".join(messages))
        return False
