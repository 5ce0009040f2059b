"""inventorySetQuantities and inventoryAdjustQuantities."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from simulator.graphql.context import Context
from simulator.graphql.errors import FieldError
from simulator.mutations.keyed import keyed, require_change_from
from simulator.mutations.quantity_rules import (
    LARGEST,
    NEGATIVE,
    TOO_HIGH,
    TOO_LOW,
    Row,
    UserError,
    header_errors,
    is_stocked,
    read_rows,
    row_errors,
    stale_errors,
)
from simulator.resolvers.common import items_by_key
from simulator.resolvers.queries import MAXIMUM_INPUT, size_error
from simulator.resolvers.registry import attribute, constant, fields
from simulator.shop.shop import Item, Location, gid
from simulator.shop.stock import Cause, iso_utc

SET_NAMES: Final = ("available", "on_hand")
ADJUST_NAMES: Final = ("available", "damaged", "incoming", "quality_control", "reserved", "safety_stock")
_SET_NAME_ERROR: Final = ("INVALID_NAME", "The quantity name must be either 'available' or 'on_hand'.")
_ADJUST_NAME_ERROR: Final = (
    "INVALID_QUANTITY_NAME",
    f"The specified quantity name is invalid. Valid values are: {', '.join(ADJUST_NAMES)}.",
)
_Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One changed quantity of an adjustment group."""

    name: str
    delta: int
    item: Item
    location: Location


@dataclass(frozen=True, slots=True)
class AdjustmentGroup:
    """All changes of one mutation."""

    id: str
    created_at: str
    reason: str
    reference: str | None
    changes: tuple[Change, ...]


def _set_quantities(_source: None, context: Context, arguments: _Arguments) -> Any:
    _check_shape(arguments["input"]["quantities"], "quantities")
    require_change_from(context, arguments["input"]["quantities"], "InventoryQuantityInput")
    return keyed(
        context, "inventorySetQuantities", arguments, lambda key: _set(context, arguments["input"], key), _refused
    )


def _adjust_quantities(_source: None, context: Context, arguments: _Arguments) -> Any:
    _check_shape(arguments["input"]["changes"], "changes")
    require_change_from(context, arguments["input"]["changes"], "InventoryChangeInput")
    return keyed(
        context, "inventoryAdjustQuantities", arguments, lambda key: _adjust(context, arguments["input"], key), _refused
    )


def _check_shape(entries: Sequence[Any], name: str) -> None:
    if len(entries) > MAXIMUM_INPUT:
        field = "inventorySetQuantities" if name == "quantities" else "inventoryAdjustQuantities"
        raise size_error(len(entries), [field, "input", name])


def _refused(code: str, message: str) -> dict[str, Any]:
    return _answer([{"field": None, "message": message, "code": code}])


def _answer(errors: list[UserError], group: AdjustmentGroup | None = None) -> dict[str, Any]:
    return {"inventoryAdjustmentGroup": group, "userErrors": errors}


@dataclass(slots=True)
class _Batch:
    """One mutation's entries on their way: what is wrong with its head is in `errors` already."""

    context: Context
    given: _Arguments
    key: str
    list_name: str
    rows: list[Row]
    errors: list[UserError]
    on_hand: bool = False


def _set(context: Context, given: _Arguments, key: str) -> dict[str, Any]:
    errors = header_errors(given, SET_NAMES, _SET_NAME_ERROR)
    on_hand = given["name"] == "on_hand"
    rows = read_rows(context, given["quantities"])
    for row in rows:
        held = row.level.on_hand - row.level.available if on_hand and row.level is not None else 0
        row.after = row.entry["quantity"] - held
        if not is_stocked(row) and context.simulator.open_points.unstocked_set_adds:
            row.after += _available(row)
    batch = _Batch(context, given, key, "quantities", rows, errors, on_hand)
    return _apply(batch, _outside_on_hand if on_hand else _outside_available)


def _outside_available(row: Row) -> tuple[str, str] | None:
    if row.entry["quantity"] > LARGEST:
        return TOO_HIGH
    return TOO_LOW if row.entry["quantity"] < -LARGEST else None


def _outside_on_hand(row: Row) -> tuple[str, str] | None:
    return NEGATIVE if row.entry["quantity"] < 0 else _outside_available(row)


def _adjust(context: Context, given: _Arguments, key: str) -> dict[str, Any]:
    errors = header_errors(given, ADJUST_NAMES, _ADJUST_NAME_ERROR)
    if not errors and given["name"] != "available":
        raise FieldError(f"the simulator adjusts only 'available', not '{given['name']}'", {"code": "NOT_SIMULATED"})
    rows = read_rows(context, given["changes"])
    for row in rows:
        row.after = _available(row) + row.entry["delta"]
    return _apply(_Batch(context, given, key, "changes", rows, errors), _outside_after_adjustment)


def _outside_after_adjustment(row: Row) -> tuple[str, str] | None:
    if row.after > LARGEST:
        return TOO_HIGH
    return TOO_LOW if row.after < -LARGEST else None


def _available(row: Row) -> int:
    return 0 if row.level is None else row.level.available


def _apply(batch: _Batch, outside: Callable[[Row], tuple[str, str] | None]) -> dict[str, Any]:
    """All or nothing, unless the open point says that one bad entry refuses only itself."""
    if batch.errors:
        return _answer(batch.errors)
    partial = batch.context.simulator.open_points.mixed_batch_partial
    bad = row_errors(batch.context, batch.rows, batch.list_name, outside)
    errors = [error for found in bad.values() for error in found]
    if errors and not partial:
        return _answer(errors)
    stale = [row for row in batch.rows if row.index not in bad and _is_stale(row, on_hand=batch.on_hand)]
    errors += stale_errors(batch.context, stale, batch.list_name)
    if errors and not partial:
        return _answer(errors)
    refused = bad.keys() | {row.index for row in stale}
    return _answer(errors, _write(batch, [row for row in batch.rows if row.index not in refused]))


def _is_stale(row: Row, *, on_hand: bool) -> bool:
    expected = row.entry["changeFromQuantity"]
    if expected is None:
        return False
    held = 0 if row.level is None else row.level.on_hand if on_hand else row.level.available
    return bool(expected != held)


def _write(batch: _Batch, rows: Sequence[Row]) -> AdjustmentGroup | None:
    context, tenant = batch.context, batch.context.tenant
    reference = batch.given.get("referenceDocumentUri")
    cause = Cause(
        "api",
        context.now,
        str(uuid.uuid4()),
        reference=reference,
        idempotency_key=batch.key,
        request_no=context.request_no,
    )
    changes: list[Change] = []
    for row in rows:
        if row.item is None or row.location is None:
            continue
        level = row.level
        if level is None:
            # From 2026-10 the set succeeds and the item is still not stocked there.
            level = tenant.shop.add_level(row.item, row.location, context.now, stocked=False)
        entry = tenant.stock.set_available(level, row.after, cause)
        if entry is not None:
            if batch.on_hand:
                level.on_hand_at = cause.at
            changes += [Change(name, entry.delta, row.item, row.location) for name in SET_NAMES]
    if not changes:
        return None  # recorded: a set that changes nothing has no group and no errors
    return AdjustmentGroup(
        id=gid("InventoryAdjustmentGroup", tenant.shop.numbers.fresh("InventoryAdjustmentGroup")),
        created_at=iso_utc(context.now),
        reason=batch.given["reason"],
        reference=reference,
        changes=tuple(changes),
    )


def _changes(group: AdjustmentGroup, _context: Context, arguments: _Arguments) -> list[Change]:
    items, places, names = (arguments.get(n) for n in ("inventoryItemIds", "locationIds", "quantityNames"))
    return [
        change
        for change in group.changes
        if (items is None or gid("InventoryItem", change.item.id) in items)
        and (places is None or gid("Location", change.location.id) in places)
        and (names is None or change.name in names)
    ]


fields("Mutation", {"inventorySetQuantities": _set_quantities, "inventoryAdjustQuantities": _adjust_quantities})
for _name in ("InventorySetQuantities", "InventoryAdjustQuantities"):
    fields(f"{_name}Payload", items_by_key(("inventoryAdjustmentGroup", "userErrors")))
    fields(f"{_name}UserError", items_by_key(("field", "message", "code")))
fields(
    "InventoryAdjustmentGroup",
    {
        "id": attribute("id"),
        "createdAt": attribute("created_at"),
        "reason": attribute("reason"),
        "referenceDocumentUri": attribute("reference"),
        "changes": _changes,
        "app": constant({"id": "gid://shopify/App/1", "title": "App", "handle": "app"}),
    },
    AdjustmentGroup,
)
fields(
    "InventoryChange",
    {
        "name": attribute("name"),
        "delta": attribute("delta"),
        "quantityAfterChange": constant(None),  # null in every recording
        "ledgerDocumentUri": constant(None),
        "item": lambda change, _c, _a: None if change.item.deleted else change.item,
        "location": attribute("location"),
    },
)
