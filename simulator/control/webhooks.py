"""The part of the control API about webhooks: where they go, how they go wrong, what became of them."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.control.tenants import tenant_of
from simulator.http.replies import SIMULATOR
from simulator.http.request_body import BadRequest, Fields, fields_of
from simulator.simulation import Simulator, Tenant
from simulator.webhooks.deliveries import Subscription


def add_webhook_routes(app: web.Application) -> None:
    """The routes of this file."""
    shop = "/control/shops/{shop}"
    app.router.add_post(f"{shop}/webhooks", _set_webhooks)
    app.router.add_post(f"{shop}/webhooks/flush", _flush_webhooks)
    app.router.add_post(f"{shop}/webhooks/drain", _drain_webhooks)
    app.router.add_get(f"{shop}/webhooks", _show_webhooks)
    app.router.add_get(f"{shop}/webhooks/taken", _show_taken)


def send_all_to(simulator: Simulator, tenant: Tenant, url: str | None) -> None:
    """One address for every topic, as if set in the app's configuration: never removed after failures."""
    tenant.webhooks.subscriptions.pop("0", None)
    if url:
        now = simulator.clock.now()
        tenant.webhooks.subscriptions["0"] = Subscription("0", None, url, now, "2026-10", created_by_api=False)


async def _set_webhooks(request: web.Request) -> web.Response:
    tenant, fields = tenant_of(request), await fields_of(request)
    if "url" in fields.raw():
        send_all_to(request.app[SIMULATOR], tenant, fields.get("url", str, None))
    if "keep_taken" in fields:
        tenant.webhooks.taken = [] if fields.get("keep_taken", bool) else None
    if "mode" in fields:
        tenant.webhooks.set_mode(_mode(Fields(fields.get("mode", dict), "body.mode")))
    return web.json_response(_webhooks_json(tenant))


def _mode(fields: Fields) -> dict[str, Any]:
    kinds: dict[str, type] = {
        "drop_next": int,
        "drop_ratio": float,
        "duplicate_ratio": float,
        "reorder_ratio": float,
        "reorder_span": int,
        "corrupt_ratio": float,
        "delay_seconds": list,
        "seed": int,
        "paused": bool,
    }
    unknown = set(fields.raw()) - set(kinds)
    if unknown:
        raise BadRequest(f"body.mode has no {min(unknown)!r}; there are: {', '.join(kinds)}")
    mode: dict[str, Any] = {name: fields.get(name, kind) for name, kind in kinds.items() if name in fields}
    delay = mode.get("delay_seconds", [0, 0])
    if len(delay) != len(("shortest", "longest")) or not all(isinstance(n, (int, float)) for n in delay):
        raise BadRequest(f"body.mode.delay_seconds must be [shortest, longest], not {delay!r}")
    return mode


async def _flush_webhooks(request: web.Request) -> web.Response:
    return web.json_response({"released": tenant_of(request).webhooks.flush()})


async def _drain_webhooks(request: web.Request) -> web.Response:
    tenant = tenant_of(request)
    await tenant.webhooks.drain()
    return web.json_response(_webhooks_json(tenant))


async def _show_webhooks(request: web.Request) -> web.Response:
    return web.json_response(_webhooks_json(tenant_of(request)))


async def _show_taken(request: web.Request) -> web.Response:
    taken = tenant_of(request).webhooks.taken or []
    names = ("webhook_id", "event_id", "body")
    return web.json_response({"taken": [dict(zip(names, one, strict=True)) for one in taken]})


def _webhooks_json(tenant: Tenant) -> dict[str, Any]:
    subscriptions = tenant.webhooks.subscriptions
    everything = subscriptions.get("0")
    listed = [
        {"id": s.id, "topic": s.topic, "uri": s.uri, "failures_in_a_row": s.failures_in_a_row}
        for s in subscriptions.values()
    ]
    url = None if everything is None else everything.uri
    return {**tenant.webhooks.statistics(), "url": url, "subscriptions": listed}
