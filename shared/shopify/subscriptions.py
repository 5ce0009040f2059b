"""Webhook subscriptions: which there are, and making one."""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import ShopifyRefused, ShopifyUnclear
from shared.shopify.client import ShopifyClient
from shared.shopify.ids import plain
from shared.shopify.queries import SUBSCRIBE, SUBSCRIPTIONS
from shared.shopify.reads import request_body

NEEDED_TOPICS = (
    "INVENTORY_LEVELS_UPDATE",
    "INVENTORY_LEVELS_CONNECT",
    "INVENTORY_LEVELS_DISCONNECT",
    "INVENTORY_ITEMS_DELETE",
    "PRODUCTS_DELETE",
    "LOCATIONS_CREATE",
    "LOCATIONS_UPDATE",
    "LOCATIONS_ACTIVATE",
    "LOCATIONS_DEACTIVATE",
    "LOCATIONS_DELETE",
    "APP_UNINSTALLED",
)
"""What Trueup lives on. The compliance topics are set in the app's configuration and not listed here."""

_TAKEN = "already been taken"
_MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic (the enum's name) and the address it goes to."""

    subscription_id: str
    topic: str
    uri: str


async def list_subscriptions(client: ShopifyClient, shop: str) -> list[Subscription]:
    """All of them, to the last page. Raises what the Shopify adapter raises."""
    found: list[Subscription] = []
    after: str | None = None
    for _ in range(_MOST_PAGES):
        reply = await client.call(shop, "webhookSubscriptions", request_body(SUBSCRIPTIONS, {"after": after}))
        connection = reply.data["webhookSubscriptions"]
        found.extend(Subscription(plain(node["id"]), node["topic"], node["uri"]) for node in connection["nodes"])
        if not connection["pageInfo"]["hasNextPage"]:
            return found
        after = connection["pageInfo"]["endCursor"]
    raise ShopifyUnclear("the webhook subscriptions do not end")


async def create_subscription(client: ShopifyClient, shop: str, topic: str, uri: str) -> bool:
    """Subscribe to a topic; False where somebody else just did. Raises ShopifyRefused with Shopify's words."""
    body = request_body(SUBSCRIBE, {"topic": topic, "uri": uri})
    reply = await client.call(shop, "webhookSubscriptionCreate", body)
    payload = reply.data["webhookSubscriptionCreate"]
    errors = payload["userErrors"]
    if errors and all(_TAKEN in error["message"] for error in errors):
        return False
    if errors:
        raise ShopifyRefused(f"subscribing to {topic}: {errors[0]['message']}", None, errors)
    return True
