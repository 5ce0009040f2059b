"""What each webhook topic does: one table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto

from services.webhook_ingest.bodies import Body, DeletedBody, LevelBody, LevelUpdated, LocationBody, ScopesBody


class Effect(StrEnum):
    """What an event does to our documents."""

    LEVEL = auto()
    """The cell's value is observed; a cell not seen before gets its stock document."""
    LEVEL_LOST = auto()
    """The cell has no value any more: nothing is written but that something happened, and it is read."""
    ITEM_LOST = auto()
    """As LEVEL_LOST, for every cell of the item's BOM."""
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
    "inventory_levels/disconnect": Topic(LevelBody, Effect.LEVEL_LOST),
    "inventory_items/delete": Topic(DeletedBody, Effect.ITEM_LOST),
    # Which items a product has is not kept here; Shopify sends inventory_items/delete for each of them as well.
    "products/delete": Topic(DeletedBody, Effect.LOGGED),
    "locations/create": Topic(LocationBody, Effect.LOCATION),
    "locations/update": Topic(LocationBody, Effect.LOCATION),
    "locations/activate": Topic(LocationBody, Effect.LOCATION_OPENED),
    "locations/deactivate": Topic(LocationBody, Effect.LOCATION_CLOSED),
    "locations/delete": Topic(DeletedBody, Effect.LOCATION_CLOSED),
    "app/uninstalled": Topic(Body, Effect.UNINSTALLED),
    "app/scopes_update": Topic(ScopesBody, Effect.SCOPES),
    "customers/data_request": Topic(Body, Effect.LOGGED),
    "customers/redact": Topic(Body, Effect.LOGGED),
    "shop/redact": Topic(Body, Effect.LOGGED),
}
"""Every topic we take. Others are answered 200 and counted, or Shopify would give up on the subscription."""

UNKNOWN = "unknown"
"""The metrics' label of all others: a stranger's header must not make new series."""


def topic_label(topic: str) -> str:
    """The topic as a metric's label."""
    return topic if topic in TOPICS else UNKNOWN


def routing_key(topic: str) -> str:
    """The topic as a routing key: `inventory_levels.update`."""
    return topic.replace("/", ".")
