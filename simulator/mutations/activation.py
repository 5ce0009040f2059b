"""inventoryActivate and inventoryDeactivate: where an item is stocked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from simulator.graphql.context import Context
from simulator.mutations.keyed import keyed
from simulator.mutations.quantity_rules import LARGEST
from simulator.resolvers.common import items_by_key
from simulator.resolvers.levels import active_levels
from simulator.resolvers.registry import fields
from simulator.shop.shop import GID, Level, Location, number_of
from simulator.shop.stock import Cause

_Arguments = Mapping[str, Any]


def _activate(_source: None, context: Context, arguments: _Arguments) -> Any:
    return keyed(
        context,
        "inventoryActivate",
        arguments,
        lambda key: _activated(context, arguments, key),
        lambda _code, message: _answer(None, _error(None, message)),
    )


def _activated(context: Context, arguments: _Arguments, key: str) -> dict[str, Any]:
    shop = context.tenant.shop
    item = shop.items.get(number_of(arguments["inventoryItemId"], "InventoryItem") or "")
    location = shop.locations.get(number_of(arguments["locationId"], "Location") or "")
    if item is None or item.deleted:
        message = "The product couldn't be stocked because the product was deleted."
        return _answer(None, _error(["inventoryItemId"], message))
    if location is None or not location.active:
        message = "The product couldn't be stocked because the location was deleted."
        return _answer(None, _error(["locationId"], message))
    level = shop.level(item.id, location.id)
    errors = _quantity_errors(arguments, location, already=level is not None and level.active)
    if level is not None and level.active:
        return {"inventoryLevel": level, "userErrors": errors}
    if errors:
        return {"inventoryLevel": None, "userErrors": errors}
    # Recorded: without a quantity a level keeps what it held. Whether one that is given replaces that is open.
    given = arguments if level is None or not context.simulator.open_points.activation_keeps else {}
    level = level or shop.add_level(item, location, context.now)
    return {"inventoryLevel": _stock(context, level, given, key), "userErrors": []}


def _quantity_errors(arguments: _Arguments, location: Location, *, already: bool) -> list[dict[str, Any]]:
    given = [name for name in ("available", "onHand") if arguments.get(name) is not None]
    if already:
        words = {"available": "available quantity", "onHand": "an on_hand quantity"}
        return [
            _error([name], f"Not allowed to set {words[name]} when the item is already active at the location.")
            for name in given
        ]
    could_not = f"The product couldn't be stocked at {location.name} because"
    if len(given) > 1:
        message = f"{could_not} not allowed to set available and on_hand quantities at the same time."
        return [_error([name], message) for name in given]
    return [
        _error([name], f"{could_not} the quantity needs to be between -1 billion and 1 billion.")
        for name in given
        if abs(arguments[name]) > LARGEST
    ]


def _stock(context: Context, level: Level, arguments: _Arguments, key: str) -> Level:
    if not level.stocked:
        level.stocked, level.switched_at = True, context.now
    level.updated_at = context.now
    wanted = arguments.get("available")
    if wanted is None and arguments.get("onHand") is not None:
        wanted = arguments["onHand"] - (level.on_hand - level.available)
    event = str(uuid.uuid4())
    cause = Cause("api", context.now, event, idempotency_key=key, request_no=context.request_no)
    if wanted is not None:
        context.tenant.stock.set_available(level, wanted, cause)
    body = {"inventory_item_id": int(level.item.id), "location_id": int(level.location.id)}
    context.tenant.webhooks.emit("inventory_levels/connect", body, context.now, event)
    return level


def _deactivate(_source: None, context: Context, arguments: _Arguments) -> Any:
    return keyed(
        context,
        "inventoryDeactivate",
        arguments,
        lambda _key: _deactivated(context, arguments["inventoryLevelId"]),
        lambda _code, message: {"userErrors": [_error(None, message)]},
    )


def _deactivated(context: Context, text: str) -> dict[str, Any]:
    level = context.tenant.shop.level_by_gid(text)
    if level is None:
        match = GID.fullmatch(text)
        item = context.tenant.shop.items.get((match[3] if match else None) or "")
        gone = "product" if item is None or item.deleted else "location"
        message = f"The product couldn't be unstocked because the {gone} was deleted."
        return {"userErrors": [_error(None, message)]}
    if level.active and len(active_levels(context, level.item)) == 1:
        message = (
            f"The product couldn't be unstocked from {level.location.name} because products need to be stocked"
            " at a minimum of 1 location."
        )
        return {"userErrors": [_error(None, message)]}
    if level.stocked:
        level.stocked, level.switched_at = False, context.now
    level.updated_at = context.now
    body = {"inventory_item_id": int(level.item.id), "location_id": int(level.location.id)}
    context.tenant.webhooks.emit("inventory_levels/disconnect", body, context.now, str(uuid.uuid4()))
    return {"userErrors": []}


def _answer(level: Level | None, error: dict[str, Any]) -> dict[str, Any]:
    return {"inventoryLevel": level, "userErrors": [error]}


def _error(field: list[str] | None, message: str) -> dict[str, Any]:
    """These errors have no code: the schema has none for them."""
    return {"field": field, "message": message}


fields("Mutation", {"inventoryActivate": _activate, "inventoryDeactivate": _deactivate})
fields("InventoryActivatePayload", items_by_key(("inventoryLevel", "userErrors")))
fields("InventoryDeactivatePayload", items_by_key(("userErrors",)))
