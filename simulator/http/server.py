"""Serves a simulator on localhost."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

import simulator.mutations.activation
import simulator.mutations.quantity_changes
import simulator.resolvers.bulk
import simulator.resolvers.places
import simulator.resolvers.products
import simulator.resolvers.queries
import simulator.resolvers.subscriptions  # noqa: F401  # these imports fill the table of resolvers
from simulator.control.routes import add_control_routes, create_shop
from simulator.http.admin import graphql
from simulator.http.oauth import access_token
from simulator.http.replies import SIMULATOR, broken_off
from simulator.simulation import Simulator

__all__ = ["Running", "Simulator", "application", "start"]

LARGEST_BODY = 64 * 2**20
HOST = "127.0.0.1"


@dataclass(slots=True)
class Running:
    """A simulator being served at `url`."""

    url: str
    simulator: Simulator
    _runner: web.AppRunner

    async def close(self) -> None:
        """Stop serving, orders and deliveries."""
        await self._runner.cleanup()
        await self.simulator.close()


def application(simulator_: Simulator) -> web.Application:
    """The HTTP application of a simulator."""
    app = web.Application(client_max_size=LARGEST_BODY)
    app[SIMULATOR] = simulator_
    app.router.add_post("/{shop}/admin/api/{version}/graphql.json", graphql)
    app.router.add_post("/{shop}/admin/oauth/access_token", access_token)
    app.router.add_get("/{shop}/bulk/{number}.jsonl", _bulk_result)
    add_control_routes(app)
    return app


async def _bulk_result(request: web.Request) -> web.StreamResponse:
    """The file of a finished bulk query; like Shopify's storage it asks for no token. Faults call it `bulk_file`."""
    simulator_ = request.app[SIMULATOR]
    fault = simulator_.faults.next_for(request.match_info["shop"], ("bulk_file",))
    if fault is not None and fault.kind == "status":
        return web.Response(status=fault.status, text=fault.message, headers=fault.headers)
    tenant = simulator_.tenants.get(request.match_info["shop"])
    operation = tenant.bulk.operations.get(request.match_info["number"]) if tenant is not None else None
    if operation is None or operation.status(simulator_.clock.now()) != "COMPLETED":
        raise web.HTTPNotFound
    if fault is not None and fault.kind in ("reset_before", "reset_after", "truncate"):
        return await broken_off(request, b"" if fault.kind == "reset_before" else operation.text().encode())
    return web.Response(text=operation.text(), content_type="application/jsonl")


async def start(simulator_: Simulator, *, port: int = 0, host: str = HOST, url: str | None = None) -> Running:
    """Serve, on 127.0.0.1 unless told otherwise; port 0 lets the system choose.

    `url` is what others call this address, where that is not its own: in a container. Raises OSError for a taken port,
    BadRequest for a bad shop.
    """
    for shop in simulator_.settings.shops:
        create_shop(simulator_, shop)
    runner = web.AppRunner(application(simulator_), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    simulator_.url = url or f"http://{host}:{runner.addresses[0][1]}"
    return Running(simulator_.url, simulator_, runner)
