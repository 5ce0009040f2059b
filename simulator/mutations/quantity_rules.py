"""What inventorySetQuantities and inventoryAdjustQuantities refuse, and in which words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from simulator.graphql.context import Context
from simulator.graphql.schema import NOT_STOCKED, SILENT_WHERE_NOT_STOCKED
from simulator.shop.shop import Item, Level, Location, number_of

UserError = dict[str, Any]

LARGEST: Final = 1_000_000_000
# Recorded, in this order.
REASONS: Final = (
    "correction",
    "cycle_count_available",
    "damaged",
    "movement_canceled",
    "movement_created",
    "movement_received",
    "movement_updated",
    "other",
    "promotion",
    "quality_control",
    "received",
    "reservation_created",
    "reservation_deleted",
    "reservation_updated",
    "restock",
    "safety_stock",
    "shrinkage",
)
_URI: Final = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
TOO_HIGH: Final = ("INVALID_QUANTITY_TOO_HIGH", f"The quantity can't be higher than {LARGEST:,}.")
TOO_LOW: Final = ("INVALID_QUANTITY_TOO_LOW", f"The quantity can't be lower than -{LARGEST:,}.")
NEGATIVE: Final = ("INVALID_QUANTITY_NEGATIVE", "The quantity can't be negative.")


@dataclass(slots=True)
class Row:
    """One entry of the input and what it names; `after` is the value it asks for."""

    index: int
    entry: Mapping[str, Any]
    item: Item | None
    location: Location | None
    level: Level | None
    after: int = 0

    @property
    def cell(self) -> tuple[str, str]:
        """The pair that must be unique in a batch."""
        return self.entry["inventoryItemId"], self.entry["locationId"]


def read_rows(context: Context, entries: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The entries with what they name; unknown, deleted and inactive things are None."""
    shop = context.tenant.shop
    rows = []
    for index, entry in enumerate(entries):
        item = shop.items.get(number_of(entry["inventoryItemId"], "InventoryItem") or "")
        location = shop.locations.get(number_of(entry["locationId"], "Location") or "")
        item = None if item is None or item.deleted else item
        location = None if location is None or not location.active else location
        level = shop.level(item.id, location.id) if item is not None and location is not None else None
        rows.append(Row(index, entry, item, location, level))
    return rows


def header_errors(arguments: Mapping[str, Any], names: Sequence[str], name_error: tuple[str, str]) -> list[UserError]:
    """What is wrong with name, reason and reference document."""
    errors = []
    if arguments["name"] not in names:
        errors.append(user_error(["input", "name"], *name_error))
    if arguments["reason"] not in REASONS:
        listed = ", ".join(REASONS)
        message = f"The specified reason is invalid. Valid values are: {listed}."
        errors.append(user_error(["input", "reason"], "INVALID_REASON", message))
    uri = arguments.get("referenceDocumentUri")
    if uri is not None and not _URI.fullmatch(uri):
        message = "The specified reference document is invalid."
        errors.append(user_error(["input", "referenceDocumentUri"], "INVALID_REFERENCE_DOCUMENT", message))
    return errors


def row_errors(
    context: Context, rows: Sequence[Row], list_name: str, bounds: Callable[[Row], tuple[str, str] | None]
) -> dict[int, list[UserError]]:
    """What is wrong with each entry, by its index; stale ones are found elsewhere."""
    repeated = {cell for cell, times in Counter(row.cell for row in rows).items() if times > 1}
    errors: dict[int, list[UserError]] = {}
    for row in rows:
        found = _errors_of(context, row, bounds, duplicate=row.cell in repeated)
        if found:
            errors[row.index] = [
                user_error(["input", list_name, str(row.index), *([field] if field else [])], code, message)
                for field, code, message in found
            ]
    return errors


def _errors_of(
    context: Context, row: Row, bounds: Callable[[Row], tuple[str, str] | None], *, duplicate: bool
) -> list[tuple[str, str, str]]:
    found = []
    if duplicate:
        code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
        found.append(("locationId", code, "The combination of inventoryItemId and locationId must be unique."))
    if row.item is None:
        message = "The specified inventory item could not be found."
        found.append(("inventoryItemId", "INVALID_INVENTORY_ITEM", message))
    if row.location is None:
        found.append(("locationId", "INVALID_LOCATION", "The specified location could not be found."))
    if row.item is not None and row.item.bundle:
        message = "The specified inventory item is not allowed to be adjusted via API."
        found.append(("inventoryItemId", "NON_MUTABLE_INVENTORY_ITEM", message))
    elif _not_stocked(context, row):
        message = "The specified inventory item is not stocked at the location."
        found.append(("locationId", NOT_STOCKED, message))
    outside = bounds(row)
    if outside is not None:
        found.append(("quantity" if "quantity" in row.entry else "delta", *outside))
    return found


def _not_stocked(context: Context, row: Row) -> bool:
    known = row.item is not None and row.location is not None
    return known and not is_stocked(row) and context.version < SILENT_WHERE_NOT_STOCKED


def is_stocked(row: Row) -> bool:
    """Whether the item is active at the location."""
    return row.level is not None and row.level.active


def stale_errors(context: Context, stale: Sequence[Row], list_name: str) -> list[UserError]:
    """The refusal of entries whose changeFromQuantity is not the quantity. How it is told is open."""
    points = context.simulator.open_points
    message = "The changeFromQuantity argument no longer matches the persisted quantity."
    errors = []
    for row in stale if points.stale_lists_all else stale[:1]:
        path = ["input", list_name, str(row.index), "changeFromQuantity"] if points.stale_paths else None
        errors.append(user_error(path, "CHANGE_FROM_QUANTITY_STALE", message))
    return errors


def user_error(field: list[str] | None, code: str, message: str) -> UserError:
    """One entry of userErrors."""
    return {"field": field, "message": message, "code": code}
