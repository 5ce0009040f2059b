"""What each webhook topic does: one table."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): hook.items, hook.locations, hook.departures.

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, auto

from services.webhook_ingest.indexer.bodies import (
    Body,
    BulkBody,
    CustomerRedactBody,
    DataRequestBody,
    DeletedBody,
    ItemBody,
    LevelBody,
    LevelDisconnected,
    LevelUpdated,
    LocationBody,
    ProductBody,
    ScopesBody,
    ShopRedactBody,
    UninstalledBody,
)


class Effect(StrEnum):
    """What an event does to our documents."""

    LEVEL = auto()
    """The cell's value is observed; a cell not seen before gets its stock document."""
    LEVEL_LOST = auto()
    """The cell has no value any more: nothing is written but that something happened, and it is read."""
    ITEM_KNOWN = auto()
    """As LEVEL_LOST, for every cell of the item's BOM; cells that are missing are made."""
    ITEM_LOST = auto()
    """As LEVEL_LOST, for every cell of the item's BOM."""
    PRODUCT = auto()
    """Its new variants' items are known, those of its deleted variants are lost."""
    PRODUCT_LOST = auto()
    """All its items are lost."""
    LOCATION = auto()
    """The location's name and whether it is active."""
    LOCATION_OPENED = auto()
    LOCATION_CLOSED = auto()
    UNINSTALLED = auto()
    """Nothing more is sent for the shop."""
    SCOPES = auto()
    """The granted scopes, kept on the shop."""
    MARKER = auto()
    """Ours: notes that everything before it in the queue is processed. No topic that the front takes has it."""
    NO_CUSTOMER = auto()
    """About a customer: it is noted that nothing of one is held here."""
    SHOP_REDACT = auto()
    """Everything of a shop that has left is deleted."""
    LOGGED = auto()
    """Acknowledged and logged only."""


@dataclass(frozen=True, slots=True)
class Topic:
    """The form a topic's body must have, and its effect."""

    body: type[Body]
    effect: Effect


TOPICS: dict[str, Topic] = {
    "inventory_levels/update": Topic(LevelUpdated, Effect.LEVEL),
    "inventory_levels/connect": Topic(LevelBody, Effect.LEVEL),
    "inventory_levels/disconnect": Topic(LevelDisconnected, Effect.LEVEL_LOST),
    "inventory_items/create": Topic(ItemBody, Effect.ITEM_KNOWN),
    "inventory_items/update": Topic(ItemBody, Effect.ITEM_KNOWN),
    "inventory_items/delete": Topic(DeletedBody, Effect.ITEM_LOST),
    "products/update": Topic(ProductBody, Effect.PRODUCT),
    "products/delete": Topic(DeletedBody, Effect.PRODUCT_LOST),
    "locations/create": Topic(LocationBody, Effect.LOCATION),
    "locations/update": Topic(LocationBody, Effect.LOCATION),
    "locations/activate": Topic(LocationBody, Effect.LOCATION_OPENED),
    "locations/deactivate": Topic(LocationBody, Effect.LOCATION_CLOSED),
    "locations/delete": Topic(DeletedBody, Effect.LOCATION_CLOSED),
    # Whoever waits for a bulk query looks at it himself: a webhook may be lost.
    "bulk_operations/finish": Topic(BulkBody, Effect.LOGGED),
    "app/uninstalled": Topic(UninstalledBody, Effect.UNINSTALLED),
    "app/scopes_update": Topic(ScopesBody, Effect.SCOPES),
    "customers/data_request": Topic(DataRequestBody, Effect.NO_CUSTOMER),
    "customers/redact": Topic(CustomerRedactBody, Effect.NO_CUSTOMER),
    "shop/redact": Topic(ShopRedactBody, Effect.SHOP_REDACT),
}
"""Every topic we take. Others are answered 200 and counted, or Shopify would give up on the subscription."""

UNKNOWN = "unknown"
"""The metrics' label of all others: a stranger's header must not make new series."""


_FORM = re.compile(r"[a-z][a-z0-9_]{0,49}/[a-z0-9_/]{1,49}", re.ASCII)


def can_be_topic(text: str) -> bool:
    """Whether it has the form of Shopify's topics, also of those that we do not know."""
    return _FORM.fullmatch(text) is not None


def topic_label(topic: str) -> str:
    """The topic as a metric's label."""
    return topic if topic in TOPICS else UNKNOWN


def routing_key(topic: str) -> str:
    """The topic as a routing key: `inventory_levels.update`."""
    return topic.replace("/", ".")
