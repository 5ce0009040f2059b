"""The webhook subscriptions that Trueup needs: made where they are missing, and only those.

The app may have subscriptions of its own to the same topics. Trueup's are those that it has made: at its present
address, or remembered by their ids; all others are left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from shared.errors import ShopifyRefused, ShopifyUnclear
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.costs import Price
from shared.shopify.calls.requests import request_body
from shared.shopify.ids import plain
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

_MAX_PAGES = 100
_LISTING, _CHANGE = Price(assumed=20.0), Price(assumed=10.0)


class Remembered(Protocol):
    """The subscriptions that Trueup has made, by number."""

    async def made(self, shop: str) -> Mapping[str, str]:
        """Their topics."""
        ...

    async def keep(self, shop: str, made: Mapping[str, str]) -> None:
        """These are Trueup's, too."""
        ...

    async def forget(self, shop: str, removed: Collection[str]) -> None:
        """These are gone."""
        ...


@dataclass(frozen=True, slots=True)
class Subscribed:
    """What became of the topics: there already, made now, refused by Shopify; and what was removed elsewhere, each
    as "TOPIC at address".
    """

    present: tuple[str, ...]
    made: tuple[str, ...]
    refused: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """A subscription that the app has."""

    gid: str
    topic: str
    uri: str


class Subscriptions:
    """Reads and makes subscriptions."""

    def __init__(self, client: ShopifyClient, remembered: Remembered) -> None:
        self._client = client
        self._remembered = remembered

    async def ensure(self, shop: str, uri: str) -> Subscribed:
        """Make those that are missing at `uri`; those that Trueup has made elsewhere go, or each event would come
        twice. What it has not made stays as it is.

        Safe to repeat and to run twice at once. Where Shopify refuses to list them nothing is changed, and every topic
        counts as refused. Raises what the Shopify adapter raises.
        """
        # Before the list: what another replica makes meanwhile is not taken for gone.
        ours = await self._remembered.made(shop)
        try:
            known = await self._list(shop)
        except ShopifyRefused as refusal:
            # No run needs a webhook, and a sweep that goes on finds what none has reported.
            log.warning("subscriptions_not_listed", shop=shop, reason=str(refusal))
            return Subscribed(present=(), made=(), refused=tuple(TOPICS), removed=())
        # Shopify removes one that fails for long, and so may the merchant.
        await self._remembered.forget(shop, ours.keys() - {plain(one.gid) for one in known})
        here = {plain(one.gid): one.topic for one in known if one.uri == uri and one.topic in TOPICS}
        # Those of a process that died before it could note them.
        await self._remembered.keep(shop, {number: topic for number, topic in here.items() if number not in ours})
        present = set(here.values())
        missing = [topic for topic in TOPICS if topic not in present]
        # One after the other: when the shop is paused in between, no more than the one call is wasted.
        refused = tuple([topic for topic in missing if not await self._make(shop, topic, uri)])
        elsewhere = [one for one in known if one.uri != uri and plain(one.gid) in ours and one.topic not in refused]
        for one in elsewhere:
            await self._remove(shop, one)
        if refused:
            log.warning("topics_refused", shop=shop, topics=refused)
        return Subscribed(
            present=tuple(sorted(present)),
            made=tuple(topic for topic in missing if topic not in refused),
            refused=refused,
            removed=tuple(f"{one.topic} at {_shown(one.uri)}" for one in elsewhere),
        )

    async def missing(self, shop: str, uri: str) -> list[str]:
        """The topics that Shopify does not send to `uri` (any more). Raises what the Shopify adapter raises."""
        present = {one.topic for one in await self._list(shop) if one.uri == uri}
        return [topic for topic in TOPICS if topic not in present]

    async def _list(self, shop: str) -> list[_Known]:
        found: list[_Known] = []
        after: str | None = None
        for _ in range(_MAX_PAGES):
            body = request_body(SUBSCRIPTIONS, {"after": after})
            reply = await self._client.call(shop, "webhookSubscriptions", body, price=_LISTING, optional=True)
            connection = reply.data["webhookSubscriptions"]
            found += [_Known(node["id"], node["topic"], node["uri"]) for node in connection["nodes"]]
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
        if made := payload.get("webhookSubscription"):
            await self._remembered.keep(shop, {plain(made["id"]): topic})
            return True
        messages = [str(error.get("message")) for error in payload.get("userErrors") or []]
        if any("already been taken" in message for message in messages):
            return True  # another replica made it at the same time
        log.warning("topic_refused", shop=shop, topic=topic, reason="; ".join(messages))
        return False

    async def _remove(self, shop: str, one: _Known) -> None:
        body = request_body(UNSUBSCRIBE, {"id": one.gid})
        try:
            reply = await self._client.call(shop, "webhookSubscriptionDelete", body, price=_CHANGE, optional=True)
        except ShopifyRefused as refusal:
            log.warning("subscription_not_removed", shop=shop, topic=one.topic, reason=str(refusal))
            return
        errors = (reply.data.get("webhookSubscriptionDelete") or {}).get("userErrors") or []
        reason = "; ".join(str(error.get("message")) for error in errors) or None
        log.warning("subscription_removed", shop=shop, topic=one.topic, address=_shown(one.uri), refused=reason)
        # One that is not there any more is refused, too.
        await self._remembered.forget(shop, [plain(one.gid)])


def _shown(uri: str) -> str:
    """An address without what may be a secret in it."""
    try:
        parts = urlsplit(uri)
        return f"{parts.scheme}://{parts.hostname or ''}{parts.path}" if parts.hostname else uri.partition("?")[0]
    except ValueError:
        return "an address that cannot be read"
