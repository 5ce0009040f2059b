"""The control API under /control: shops, faults, switches, figures. Plain JSON, no authentication: localhost only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aiohttp import web

from simulator.control.catalogue import add_catalogue_routes
from simulator.control.stock import add_stock_routes, new_location
from simulator.control.tenants import find_tenant, tenant_of
from simulator.control.webhooks import add_webhook_routes, send_all_to
from simulator.faults import KINDS, Fault
from simulator.http.admin import REFUSALS
from simulator.http.replies import SIMULATOR
from simulator.http.request_body import BadRequest, Fields, fields_of
from simulator.settings import Plan, SettingError, read_plan
from simulator.simulation import Simulator, Tenant

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except BadRequest as error:
        return web.json_response({"error": str(error)}, status=error.status)
    except SettingError as error:
        return web.json_response({"error": str(error)}, status=400)


def add_control_routes(app: web.Application) -> None:
    """All routes under /control."""
    app.middlewares.append(_answer_refusals)
    shop = "/control/shops/{shop}"
    app.router.add_post("/control/shops", _create_shop)
    app.router.add_get(shop, _show_shop)
    app.router.add_post(f"{shop}/status", _set_status)
    app.router.add_post(f"{shop}/expire_token", _expire_token)
    app.router.add_post(f"{shop}/scopes", _set_scopes)
    app.router.add_post(f"{shop}/uninstall", _uninstall)
    app.router.add_post(f"{shop}/empty_bucket", _empty_bucket)
    app.router.add_get(f"{shop}/calls", _show_calls)
    app.router.add_post(f"{shop}/calls/reset", _reset_calls)
    app.router.add_post("/control/faults", _add_fault)
    app.router.add_delete("/control/faults", _clear_faults)
    app.router.add_post("/control/latency", _set_latency)
    app.router.add_get("/control/open_points", _show_open_points)
    app.router.add_post("/control/open_points", _set_open_points)
    app.router.add_post("/control/orders", _start_orders)
    app.router.add_delete("/control/orders", _stop_orders)
    add_stock_routes(app)
    add_catalogue_routes(app)
    add_webhook_routes(app)


def create_shop(simulator: Simulator, body: dict[str, Any]) -> Tenant:
    """A shop from the body of `POST /control/shops`. Raises BadRequest or SettingError."""
    fields = Fields(body)
    zone = fields.get("timezone", str, "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadRequest(f"timezone {zone!r} is not known: use a name like America/New_York") from error
    domain = fields.get("domain", str).lower()
    plan, plan_name = _plan(simulator, body.get("plan", "standard"))
    tenant = simulator.add_shop(
        domain,
        fields.get("access_token", str),
        plan=plan,
        name=fields.get("name", str, domain.split(".", maxsplit=1)[0].capitalize()),
        timezone=zone,
    )
    tenant.shop.plan_name = plan_name
    for location in fields.each("locations"):
        new_location(simulator, tenant, location)
    send_all_to(simulator, tenant, fields.get("webhook_url", str, None))
    return tenant


def _plan(simulator: Simulator, wanted: Any) -> tuple[Plan, str]:
    if isinstance(wanted, list):
        return read_plan("custom", wanted), "custom"
    plan = simulator.settings.plans.get(wanted) if isinstance(wanted, str) else None
    if plan is None:
        known = ", ".join(simulator.settings.plans)
        raise BadRequest(f"plan {wanted!r} is not known: one of {known}, or [maximum, restore per second]")
    return plan, wanted


async def _create_shop(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    before = dict(simulator.tenants)
    tenant = create_shop(simulator, (await fields_of(request)).raw())
    replaced = before.get(tenant.shop.domain)
    if replaced is not None:
        await replaced.close()
    return web.json_response(_shop_json(tenant))


async def _show_shop(request: web.Request) -> web.Response:
    return web.json_response(_shop_json(tenant_of(request)))


def _shop_json(tenant: Tenant) -> dict[str, Any]:
    shop = tenant.shop
    places = [{"id": p.id, "name": p.name, "active": p.active} for p in shop.locations.values()]
    return {
        "domain": shop.domain,
        "name": shop.name,
        "timezone": shop.timezone,
        "plan": shop.plan_name,
        "status": shop.status,
        "items": len(shop.items),
        "locations": places,
    }


async def _set_status(request: web.Request) -> web.Response:
    tenant, fields = tenant_of(request), await fields_of(request)
    status = fields.get("status", str)
    if status != "active" and status not in REFUSALS:
        raise BadRequest(f"status must be active, {', '.join(REFUSALS)}, not {status!r}")
    tenant.shop.status = status
    return web.json_response({"status": status})


async def _expire_token(request: web.Request) -> web.Response:
    tenant_of(request).tokens.expire_access()
    return web.json_response({})


async def _set_scopes(request: web.Request) -> web.Response:
    """What the merchant has granted from now on, to every token of the shop."""
    tenant, fields = tenant_of(request), await fields_of(request)
    scopes = fields.get("scopes", list)
    if not all(isinstance(scope, str) for scope in scopes):
        raise BadRequest("body.scopes must be a list of strings")
    tenant.tokens.scopes = tuple(scopes)
    return web.json_response({"scopes": scopes})


async def _uninstall(request: web.Request) -> web.Response:
    simulator, tenant = request.app[SIMULATOR], tenant_of(request)
    cause = simulator.cause("uninstall")
    domain = tenant.shop.domain
    body = {"id": 92891250994, "name": tenant.shop.name, "domain": domain, "myshopify_domain": domain}
    tenant.webhooks.emit("app/uninstalled", body, cause.at, cause.event_id)
    tenant.tokens.revoke()
    return web.json_response({})


async def _empty_bucket(request: web.Request) -> web.Response:
    tenant_of(request).shop.bucket.empty(request.app[SIMULATOR].clock.now())
    return web.json_response({})


async def _show_calls(request: web.Request) -> web.Response:
    return web.json_response(tenant_of(request).calls.as_json())


async def _reset_calls(request: web.Request) -> web.Response:
    tenant_of(request).calls.reset()
    return web.json_response({})


async def _add_fault(request: web.Request) -> web.Response:
    fields = await fields_of(request)
    kind = fields.get("kind", str)
    if kind not in KINDS:
        raise BadRequest(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    fault = Fault(
        id=0,
        kind=kind,
        shop=fields.get("shop", str, None),
        operation=fields.get("operation", str, None),
        status=fields.get("status", int, 500),
        retry_after=fields.get("retry_after", float, None),
        seconds=fields.get("seconds", float, 0.0),
        message=fields.get("message", str, "Simulated"),
        code=fields.get("code", str, None),
        count=fields.get("count", int, 1),
        after=fields.get("after", int, 0),
        headers={name: str(value) for name, value in fields.get("headers", dict, {}).items()},
    )
    return web.json_response({"id": request.app[SIMULATOR].faults.add(fault)})


async def _clear_faults(request: web.Request) -> web.Response:
    return web.json_response({"removed": request.app[SIMULATOR].faults.clear()})


async def _set_latency(request: web.Request) -> web.Response:
    fields = await fields_of(request)
    request.app[SIMULATOR].faults.set_latency(fields.get("seconds", float), fields.get("shop", str, None))
    return web.json_response({})


async def _show_open_points(request: web.Request) -> web.Response:
    return web.json_response(asdict(request.app[SIMULATOR].open_points))


async def _set_open_points(request: web.Request) -> web.Response:
    points = request.app[SIMULATOR].open_points
    points.update((await fields_of(request)).raw())
    return web.json_response(asdict(points))


async def _start_orders(request: web.Request) -> web.Response:
    fields = await fields_of(request)
    tenant = find_tenant(request.app[SIMULATOR], fields.get("shop", str))
    rate = fields.get("rate_per_second", float)
    if rate <= 0:
        raise BadRequest(f"body.rate_per_second must be above 0, not {rate:g}")
    items = fields.get("items", list, None)
    duration = fields.get("duration_seconds", float, None)
    await tenant.orders.start(rate, fields.get("seed", int, 0), duration, None if items is None else set(items))
    return web.json_response({"running": True})


async def _stop_orders(request: web.Request) -> web.Response:
    tenant = find_tenant(request.app[SIMULATOR], request.query.get("shop", ""))
    await tenant.orders.stop()
    return web.json_response(tenant.orders.result())
