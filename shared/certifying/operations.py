"""The closed table of what a certification may send: the text of each call, and what is known of it beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.shopify.certify_queries import (
    CERTIFY_ACTIVATE_BARE,
    CERTIFY_CHANGED,
    CERTIFY_DEACTIVATE,
    CERTIFY_LOOK,
    CERTIFY_SET_WITHOUT_KEY,
    CERTIFY_VARIANT,
)
from shared.shopify.queries import BULK_RUN, BULK_STATE, ITEM_SEARCH, ITEMS, ITEMS_AT, NODES_PROBE, SET
from shared.shopify.shop_queries import ACTIVATE, GRANTED_SCOPES, SUBSCRIBE, SUBSCRIPTIONS, UNSUBSCRIBE


@dataclass(frozen=True, slots=True)
class Operation:
    """`root`: its root field. `points`: what it may ask for at most, as long as nothing else is known.

    `changes`: every global id in its variables must be one that was named. `subscribes`: it changes the app's own
    subscriptions and nothing else.
    """

    root: str
    query: str
    points: float
    changes: bool = False
    subscribes: bool = False


LOOK: Final = Operation("inventoryItem", CERTIFY_LOOK, 5)
VARIANT: Final = Operation("productVariant", CERTIFY_VARIANT, 20)
SCOPES: Final = Operation("currentAppInstallation", GRANTED_SCOPES, 3)
NODES: Final = Operation("nodes", NODES_PROBE, 2)
ALL_LEVELS: Final = Operation("nodes", ITEMS, 8)
LEVELS_AT: Final = Operation("nodes", ITEMS_AT[2], 8)
SEARCH: Final = Operation("inventoryItems", ITEM_SEARCH, 10)
CHANGED: Final = Operation("location", CERTIFY_CHANGED, 8)
RUN_BULK: Final = Operation("bulkOperationRunQuery", BULK_RUN, 10)
LOOK_AT_BULK: Final = Operation("bulkOperation", BULK_STATE, 1)
SUBSCRIBED: Final = Operation("webhookSubscriptions", SUBSCRIPTIONS, 15)

SET_ROWS: Final = Operation("inventorySetQuantities", SET, 12, changes=True)
SET_WITHOUT_KEY: Final = Operation("inventorySetQuantities", CERTIFY_SET_WITHOUT_KEY, 12, changes=True)
STOCK: Final = Operation("inventoryActivate", ACTIVATE, 12, changes=True)
STOCK_BARE: Final = Operation("inventoryActivate", CERTIFY_ACTIVATE_BARE, 12, changes=True)
UNSTOCK: Final = Operation("inventoryDeactivate", CERTIFY_DEACTIVATE, 10, changes=True)
SUBSCRIBE_TO: Final = Operation("webhookSubscriptionCreate", SUBSCRIBE, 10, subscribes=True)
UNSUBSCRIBE_FROM: Final = Operation("webhookSubscriptionDelete", UNSUBSCRIBE, 10, subscribes=True)

ALLOWED: Final = frozenset(
    {
        *(LOOK, VARIANT, SCOPES, NODES, ALL_LEVELS, LEVELS_AT, SEARCH, CHANGED, RUN_BULK, LOOK_AT_BULK, SUBSCRIBED),
        *(SET_ROWS, SET_WITHOUT_KEY, STOCK, STOCK_BARE, UNSTOCK, SUBSCRIBE_TO, UNSUBSCRIBE_FROM),
    }
)
"""What the guard lets through. Another text, even of a read, is refused before it is sent."""
