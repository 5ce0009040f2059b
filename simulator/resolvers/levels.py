"""Inventory levels and their quantities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from simulator.graphql.connections import Page, by_row, window
from simulator.graphql.context import Context
from simulator.graphql.errors import FieldError
from simulator.graphql.search import matcher
from simulator.resolvers.common import time_of, whole_second
from simulator.resolvers.registry import attribute, constant, fields
from simulator.shop.shop import Item, Level, Location, number_of
from simulator.shop.stock import iso_utc

_Arguments = Mapping[str, Any]

QUANTITY_NAMES: Final = (
    "available",
    "committed",
    "damaged",
    "incoming",
    "on_hand",
    "quality_control",
    "reserved",
    "safety_stock",
)


class Quantity(tuple[Level, str, int, datetime | None]):
    """One named quantity of a level: level, name, quantity, time of its last change."""

    __slots__ = ()


# Recorded: `location_id` in the query of an item's levels is ignored, `inventory_item_id` is not.
_LEVEL_SEARCH: Final[Mapping[str, Any]] = {
    "inventory_item_id": lambda level: int(level.item.id),
    "updated_at": lambda level: whole_second(level.updated_at),
    "created_at": lambda level: whole_second(level.created_at),
}


def _levels(levels: Any, arguments: _Arguments) -> Page:
    inactive = bool(arguments.get("includeInactive"))
    found = [level for level in levels if (inactive or level.active) and not level.item.deleted]
    matches = matcher(arguments.get("query"), _LEVEL_SEARCH)
    if matches is not None:
        found = [level for level in found if matches(level)]
    found.sort(key=lambda level: level.row)
    return window(found, arguments, by_row)


def levels_of_item(item: Item, context: Context, arguments: _Arguments) -> Page:
    """The levels of an item, filtered and paged."""
    return _levels(context.tenant.shop.levels_of_item.get(item.id, {}).values(), arguments)


def levels_at_location(location: Location, context: Context, arguments: _Arguments) -> Page:
    """The levels at a location, filtered and paged."""
    return _levels(context.tenant.shop.levels_at_location.get(location.id, {}).values(), arguments)


def _one_level(level: Level | None, arguments: _Arguments) -> Level | None:
    if level is None or level.item.deleted:
        return None
    return level if level.active or arguments.get("includeInactive") else None


def level_of_item(item: Item, context: Context, arguments: _Arguments) -> Level | None:
    """One level of an item; null where it is inactive and that was not asked for."""
    location_id = number_of(arguments["locationId"], "Location") or ""
    return _one_level(context.tenant.shop.level(item.id, location_id), arguments)


def level_at_location(location: Location, context: Context, arguments: _Arguments) -> Level | None:
    """One level at a location; null as above."""
    item_id = number_of(arguments["inventoryItemId"], "InventoryItem") or ""
    return _one_level(context.tenant.shop.level(item_id, location.id), arguments)


def _quantities(level: Level, _context: Context, arguments: _Arguments) -> list[Quantity]:
    return [_quantity(level, name) for name in arguments["names"]]


def _quantity(level: Level, name: str) -> Quantity:
    if name == "available":
        return Quantity((level, name, level.available, level.available_at))
    if name == "committed":
        return Quantity((level, name, level.committed, level.committed_at))
    if name == "on_hand":
        # Recorded: null, even right after a change of what it is the sum of. Only what was set as on hand has a time.
        return Quantity((level, name, level.on_hand, level.on_hand_at))
    if name in level.others:
        return Quantity((level, name, *level.others[name]))
    if name in QUANTITY_NAMES:
        return Quantity((level, name, 0, None))
    listed = ", ".join(QUANTITY_NAMES)
    raise FieldError(f"The quantity name '{name}' is invalid. Valid values are: {listed}.", {"code": "BAD_REQUEST"})


def _quantity_time(source: Quantity, _context: Context, _arguments: _Arguments) -> str | None:
    return None if source[3] is None else iso_utc(source[3])


def _can_deactivate(level: Level, context: Context, _arguments: _Arguments) -> bool:
    return level.active and len(active_levels(context, level.item)) > 1


def active_levels(context: Context, item: Item) -> list[Level]:
    """Where an item is stocked."""
    return [level for level in context.tenant.shop.levels_of_item.get(item.id, {}).values() if level.active]


def total_available(context: Context, item: Item, since: datetime | None = None) -> int:
    """Units for sale of an item over all its active levels: those that were active then, where a time is given."""
    levels = context.tenant.shop.levels_of_item.get(item.id, {}).values()
    return sum(level.available for level in levels if _was_active(level, since))


def _was_active(level: Level, at: datetime | None) -> bool:
    stocked = level.stocked
    if at is not None and level.switched_at is not None and level.switched_at > at:
        stocked = not stocked
    place, in_use = level.location, level.location.active
    if at is not None and not in_use and place.deactivated_at is not None and place.deactivated_at > at:
        in_use = True
    return stocked and in_use


fields(
    "InventoryLevel",
    {
        "id": attribute("gid"),
        "isActive": attribute("active"),
        "canDeactivate": _can_deactivate,
        "deactivationAlert": constant(None),
        "createdAt": time_of("created_at"),
        "updatedAt": time_of("updated_at"),
        "item": attribute("item"),
        "location": attribute("location"),
        "quantities": _quantities,
    },
    Level,
)
fields(
    "InventoryQuantity",
    {
        "id": lambda source, _c, _a: (
            f"gid://shopify/InventoryQuantity/{source[0].location.level_number}"
            f"?inventory_item_id={source[0].item.id}&name={source[1]}"
        ),
        "name": lambda source, _c, _a: source[1],
        "quantity": lambda source, _c, _a: source[2],
        "updatedAt": _quantity_time,
    },
    Quantity,
)
