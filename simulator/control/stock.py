"""The part of the control API that puts things into a shop and changes its stock as people do."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.control.tenants import tenant_of
from simulator.http.replies import SIMULATOR
from simulator.http.request_body import BadRequest, Fields, fields_of
from simulator.shop.shop import SET_ASIDE, Item, Level, Location, gid
from simulator.shop.stock import LedgerEntry, iso_utc
from simulator.shop.stocking import NewVariant, add_location, add_product
from simulator.simulation import Simulator, Tenant, location_body

OTHER_QUANTITIES = ("incoming", *SET_ASIDE)


def add_stock_routes(app: web.Application) -> None:
    """The routes of this file."""
    shop = "/control/shops/{shop}"
    app.router.add_post(f"{shop}/locations", _add_locations)
    app.router.add_post(f"{shop}/items", _add_items)
    app.router.add_post(f"{shop}/sell", _sell)
    app.router.add_post(f"{shop}/restock", _restock)
    app.router.add_post(f"{shop}/edit", _edit)
    app.router.add_post(f"{shop}/deactivate_location", _deactivate_location)
    app.router.add_post(f"{shop}/activate_location", _activate_location)
    app.router.add_post(f"{shop}/delete_item", _delete_item)
    app.router.add_post(f"{shop}/restore_item", _restore_item)
    app.router.add_post(f"{shop}/set_item", _set_item)
    app.router.add_post(f"{shop}/set_level", _set_level)
    app.router.add_post(f"{shop}/set_quantities", _set_quantities)
    app.router.add_get(f"{shop}/ledger", _show_ledger)
    app.router.add_get(f"{shop}/levels", _show_levels)


def new_location(simulator: Simulator, tenant: Tenant, fields: Fields) -> Location:
    """A location from its JSON. Raises BadRequest."""
    try:
        location = add_location(
            tenant.shop, fields.get("name", str), simulator.clock.now(), fields.number_id("id", None)
        )
    except ValueError as error:
        raise BadRequest(str(error)) from error
    location.active = fields.get("active", bool, True)
    location.legacy = fields.get("legacy", bool, False)
    location.fulfillment_service = fields.get("fulfillment_service", bool, False)
    location.inventory_management = fields.get("inventory_management", bool, True)
    location.fulfills_online_orders = fields.get("fulfills_online_orders", bool, True)
    location.address = fields.get("address", dict, {})
    location.suggested_addresses = fields.get("suggested_addresses", list, [])
    return location


async def _add_locations(request: web.Request) -> web.Response:
    tenant, fields = tenant_of(request), await fields_of(request)
    wanted = fields.each("locations") if "locations" in fields else [fields]
    made = [new_location(request.app[SIMULATOR], tenant, one) for one in wanted]
    return web.json_response({"locations": [{"id": p.id, "name": p.name, "active": p.active} for p in made]})


async def _add_items(request: web.Request) -> web.Response:
    simulator, tenant = request.app[SIMULATOR], tenant_of(request)
    made = []
    for fields in (await fields_of(request)).each("items"):
        item_id = fields.number_id("id", None)
        new = NewVariant(
            title="Default Title",
            tracked=fields.get("tracked", bool, True),
            sku=fields.get("sku", str, None),
            item_id=item_id,
            bundle=fields.get("bundle", bool, False),
            options=[("Title", "Default Title")],
        )
        title = fields.get("title", str, fields.get("sku", str, "Product"))
        try:
            product = add_product(tenant.shop, title, [new], simulator.clock.now(), tags=fields.get("tags", list, []))
        except ValueError as error:
            raise BadRequest(str(error)) from error
        product.status = fields.get("status", str, "ACTIVE")
        item = product.variants[0].item
        for level in fields.each("levels"):
            _seed_level(simulator, tenant, item, level)
        made.append({"id": item.id, "variant_id": item.variant.id, "product_id": product.id})
    return web.json_response({"items": made})


def _seed_level(simulator: Simulator, tenant: Tenant, item: Item, fields: Fields) -> None:
    location = _location(tenant, fields)
    cause = simulator.cause("seed", age_seconds=fields.get("age_seconds", float, 0.0), silent=True)
    stocked = fields.get("active", bool, True)
    level = tenant.shop.level(item.id, location.id) or tenant.shop.add_level(item, location, cause.at, stocked=stocked)
    tenant.stock.set_available(level, fields.get("available", int, 0), cause)


async def _set_quantities(request: web.Request) -> web.Response:
    """Units set aside or on their way, as transfers leave them: nothing else here changes these quantities."""
    simulator, tenant, fields = request.app[SIMULATOR], tenant_of(request), await fields_of(request)
    cause = simulator.cause("edit", silent=True)
    for line in fields.each("levels"):
        level = _level(tenant, line)
        for name, quantity in line.get("quantities", dict, {}).items():
            if name not in OTHER_QUANTITIES or type(quantity) is not int:
                raise BadRequest(f"quantities.{name}: known are {', '.join(OTHER_QUANTITIES)}, with whole numbers")
            level.others[name] = (quantity, cause.at)
        tenant.stock.set_available(level, line.get("available", int, level.available), cause)
    return web.json_response({})


async def _sell(request: web.Request) -> web.Response:
    return await _move(request, "order")


async def _restock(request: web.Request) -> web.Response:
    return await _move(request, "restock")


async def _move(request: web.Request, kind: str) -> web.Response:
    """All lines are one action: they share the event."""
    simulator, tenant, fields = request.app[SIMULATOR], tenant_of(request), await fields_of(request)
    lines = [(_level(tenant, line), line) for line in fields.each("lines")]
    event = simulator.cause(kind).event_id
    entries = []
    for level, line in lines:
        units = line.get("quantity", int)
        silent = line.get("silent", bool, fields.get("silent", bool, False))
        cause = simulator.cause(kind, age_seconds=line.get("age_seconds", float, 0.0), silent=silent, event_id=event)
        if kind == "order":
            entries.append(tenant.stock.sell(level, units, cause))
        else:
            entries.append(tenant.stock.set_available(level, level.available + units, cause))
    return _changes(entries)


async def _edit(request: web.Request) -> web.Response:
    simulator, tenant, fields = request.app[SIMULATOR], tenant_of(request), await fields_of(request)
    wanted = [(_level(tenant, line), line) for line in fields.each("levels")]
    event = simulator.cause("edit").event_id
    entries = []
    for level, line in wanted:
        cause = simulator.cause(
            "edit",
            age_seconds=line.get("age_seconds", float, 0.0),
            silent=line.get("silent", bool, False),
            event_id=event,
        )
        entries.append(tenant.stock.set_available(level, line.get("available", int), cause))
    return _changes(entries)


def _changes(entries: list[LedgerEntry | None]) -> web.Response:
    changed = [
        {"item_id": e.item_id, "location_id": e.location_id, "before": e.before, "after": e.after, "seq": e.seq}
        for e in entries
        if e is not None
    ]
    return web.json_response({"changes": changed})


async def _deactivate_location(request: web.Request) -> web.Response:
    return await _switch_location(request, active=False)


async def _activate_location(request: web.Request) -> web.Response:
    return await _switch_location(request, active=True)


async def _switch_location(request: web.Request, *, active: bool) -> web.Response:
    simulator, tenant, fields = request.app[SIMULATOR], tenant_of(request), await fields_of(request)
    location = _location(tenant, fields)
    cause = simulator.cause("location")
    location.active = active
    location.updated_at = cause.at
    location.deactivated_at = None if active else cause.at
    body = location_body(tenant.shop, location.id)
    for topic in ("locations/activate" if active else "locations/deactivate", "locations/update"):
        tenant.webhooks.emit(topic, body, cause.at, cause.event_id)
    return web.json_response({})


async def _delete_item(request: web.Request) -> web.Response:
    simulator, tenant, fields = request.app[SIMULATOR], tenant_of(request), await fields_of(request)
    item = _item(tenant, fields)
    cause = simulator.cause("delete")
    item.deleted = True
    body = {"id": int(item.id), "admin_graphql_api_id": gid("InventoryItem", item.id)}
    tenant.webhooks.emit("inventory_items/delete", body, cause.at, cause.event_id)
    product = item.variant.product
    if all(variant.item.deleted for variant in product.variants):
        tenant.webhooks.emit("products/delete", {"id": int(product.id)}, cause.at, cause.event_id)
    return web.json_response({})


async def _restore_item(request: web.Request) -> web.Response:
    _item(tenant_of(request), await fields_of(request)).deleted = False
    return web.json_response({})


async def _set_item(request: web.Request) -> web.Response:
    simulator, tenant, fields = request.app[SIMULATOR], tenant_of(request), await fields_of(request)
    item = _item(tenant, fields)
    item.tracked = fields.get("tracked", bool, item.tracked)
    item.bundle = fields.get("bundle", bool, item.bundle)
    item.updated_at = simulator.clock.now()
    return web.json_response({})


async def _set_level(request: web.Request) -> web.Response:
    """Stock or unstock an item at a location, with the webhook that goes with it."""
    simulator, tenant, fields = request.app[SIMULATOR], tenant_of(request), await fields_of(request)
    item, location = _item(tenant, fields), _location(tenant, fields)
    stocked = fields.get("active", bool)
    cause = simulator.cause("level")
    level = tenant.shop.level(item.id, location.id) or tenant.shop.add_level(item, location, cause.at, stocked=stocked)
    level.stocked = stocked
    level.updated_at = cause.at
    body = {"inventory_item_id": int(item.id), "location_id": int(location.id)}
    topic = "inventory_levels/connect" if stocked else "inventory_levels/disconnect"
    tenant.webhooks.emit(topic, body, cause.at, cause.event_id)
    return web.json_response({})


async def _show_ledger(request: web.Request) -> web.Response:
    ledger = tenant_of(request).stock.ledger
    after = request.query.get("after_seq", "0")
    if not after.isdigit():
        raise BadRequest(f"after_seq must be a whole number, not {after!r}")
    return web.json_response({"entries": [e.as_json() for e in ledger[int(after) :]], "last_seq": len(ledger)})


async def _show_levels(request: web.Request) -> web.Response:
    return web.json_response({"levels": [_level_json(level) for level in tenant_of(request).shop.levels()]})


def _level_json(level: Level) -> dict[str, Any]:
    return {
        "item_id": level.item.id,
        "location_id": level.location.id,
        "available": level.available,
        "on_hand": level.on_hand,
        "active": level.active,
        "updated_at": None if level.available_at is None else iso_utc(level.available_at),
        "tracked": level.item.tracked,
        "item_deleted": level.item.deleted,
        "location_active": level.location.active,
        "bundle": level.item.bundle,
        "sku": level.item.sku,
    }


def _item(tenant: Tenant, fields: Fields) -> Item:
    number = fields.number_id("item_id")
    item = tenant.shop.items.get(number)
    if item is None:
        raise BadRequest(f"there is no item {number} in {tenant.shop.domain}", 404)
    return item


def _location(tenant: Tenant, fields: Fields) -> Location:
    number = fields.number_id("location_id")
    location = tenant.shop.locations.get(number)
    if location is None:
        raise BadRequest(f"there is no location {number} in {tenant.shop.domain}", 404)
    return location


def _level(tenant: Tenant, fields: Fields) -> Level:
    item, location = _item(tenant, fields), _location(tenant, fields)
    level = tenant.shop.level(item.id, location.id)
    if level is None:
        raise BadRequest(f"item {item.id} has no level at location {location.id}: set_level makes one", 404)
    return level
