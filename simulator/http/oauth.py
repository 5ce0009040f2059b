"""`POST /{shop}/admin/oauth/access_token`: token exchange and refresh."""

from __future__ import annotations

import json
from typing import Any, Final

from aiohttp import web

from simulator.http.replies import SIMULATOR, date_header
from simulator.shop.calls import Call
from simulator.shop.stock import iso_utc
from simulator.shop.tokens import TokenRefused, check_session_token
from simulator.simulation import Simulator, Tenant

EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
OPERATION: Final = "access_token"


async def access_token(request: web.Request) -> web.Response:
    """New tokens, or the OAuth error in JSON with status 400 or 401."""
    simulator = request.app[SIMULATOR]
    tenant = simulator.tenants.get(request.match_info["shop"])
    if tenant is None:
        return web.json_response({"errors": "Not Found"}, status=404)
    fault = simulator.faults.next_for(tenant.shop.domain, (OPERATION,))
    wait = simulator.faults.latency(tenant.shop.domain)
    if fault is not None and fault.kind == "latency":
        wait += fault.seconds
    if wait > 0:
        await simulator.clock.sleep(wait)
    if fault is not None and fault.kind == "status":
        return _answer(simulator, tenant, {"error": "simulated"}, fault.status, fault.headers)
    try:
        return _answer(simulator, tenant, _grant(simulator, tenant, await _fields(request)), 200)
    except TokenRefused as refusal:
        status = 401 if str(refusal) == "invalid_client" else 400
        return _answer(simulator, tenant, {"error": str(refusal)}, status)


async def _fields(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except json.JSONDecodeError as error:
            raise TokenRefused("invalid_request") from error
        return body if isinstance(body, dict) else {}
    return dict(await request.post())


def _grant(simulator: Simulator, tenant: Tenant, fields: dict[str, Any]) -> dict[str, Any]:
    if fields.get("client_id") != simulator.client_id or fields.get("client_secret") != simulator.client_secret:
        raise TokenRefused("invalid_client")
    now = simulator.clock.now()
    grant = fields.get("grant_type")
    if grant == "refresh_token":
        return tenant.tokens.refresh(str(fields.get("refresh_token", "")), now)
    if grant == EXCHANGE:
        check_session_token(
            str(fields.get("subject_token", "")),
            client_id=simulator.client_id,
            client_secret=simulator.client_secret,
            shop=tenant.shop.domain,
            now=now,
        )
        return tenant.tokens.issue(now, expiring=str(fields.get("expiring", "0")) in ("1", "true", "True"))
    raise TokenRefused("unsupported_grant_type")


def _answer(
    simulator: Simulator, tenant: Tenant, body: dict[str, Any], status: int, headers: dict[str, str] | None = None
) -> web.Response:
    at = iso_utc(simulator.clock.now())
    outcome = "ok" if status == web.HTTPOk.status_code else f"http_{status}"
    tenant.calls.add(Call(simulator.next_request_number(), at, OPERATION, status, outcome))
    return web.json_response(body, status=status, headers={"Date": date_header(simulator), **(headers or {})})
