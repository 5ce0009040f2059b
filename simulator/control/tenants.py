"""Finds the shop that a control call is for."""

from __future__ import annotations

from aiohttp import web

from simulator.http.replies import SIMULATOR
from simulator.http.request_body import BadRequest
from simulator.simulation import Simulator, Tenant


def tenant_of(request: web.Request) -> Tenant:
    """The shop in the path. Raises BadRequest (404)."""
    return find_tenant(request.app[SIMULATOR], request.match_info["shop"])


def find_tenant(simulator: Simulator, domain: str) -> Tenant:
    """The shop of that domain. Raises BadRequest (404)."""
    tenant = simulator.tenants.get(domain)
    if tenant is None:
        raise BadRequest(f"there is no shop {domain}: POST /control/shops makes one", 404)
    return tenant
