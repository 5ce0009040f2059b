"""What carries a secret goes to the host it is meant for, and to no other."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from shared.errors import ShopifyUnclear, ShopPaused
from shared.observing.telemetry import NoRedirects
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.session import shopify_session
from shared.shopify.calls.tokens import TokenEndpoint
from shared.shopify.reads.reads import ShopifyReads
from tests.contract.test_shopify_port import SHOP, FixedAccess

ROOT = Path(__file__).parents[2]
REDIRECTS = (300, 301, 302, 303, 307, 308)
CALLS = {"get", "post", "put", "patch", "delete", "head", "request"}


@dataclass
class Elsewhere:
    """A shop's host that answers everything with `status`, and another host that writes down what it gets."""

    url: str
    status: int = 302
    asked: list[str] = field(default_factory=list)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    """Both hosts; a host is an address and a port."""

    async def taken(request: web.Request) -> web.Response:
        hosts.got.append((request.path, dict(request.headers), await request.read()))
        return web.json_response({"data": {}, "access_token": "stolen"})

    async def sent_on(request: web.Request) -> web.Response:
        hosts.asked.append(request.path)
        headers = {"Location": f"http://localhost:{other}/somewhere?token=secret", "Set-Cookie": "a=b; Path=/"}
        return web.json_response({}, status=hosts.status, headers=headers)

    runners = []
    ports = []
    for handler in (taken, sent_on):
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        runners.append(runner)
        ports.append(runner.addresses[0][1])
    other, own = ports
    hosts = Elsewhere(f"http://127.0.0.1:{own}")
    yield hosts
    for runner in runners:
        await runner.cleanup()


@pytest.mark.parametrize("status", REDIRECTS)
async def test_a_call_follows_no_redirect_and_says_that_it_met_one(elsewhere: Elsewhere, status: int) -> None:
    """Neither a read nor a mutation is sent on with its token; the shop pauses and the pause names the other host."""
    elsewhere.status = status
    async with shopify_session() as http:
        for changes in (False, True):
            access = FixedAccess()
            client = ShopifyClient(http, access, elsewhere.url + "/{shop}", "2026-10")
            with pytest.raises(ShopPaused) as paused:
                await client.call(SHOP, "shop", "{}", changes=changes)
            assert (paused.value.reason, paused.value.detail) == ("redirected", "localhost")
            assert (access.pauses, access.detail) == (["redirected"], "localhost")
            assert "secret" not in str(paused.value)
    assert len(elsewhere.asked) == 2
    assert elsewhere.got == []


@pytest.mark.parametrize("status", REDIRECTS)
async def test_client_secret_and_tokens_follow_no_redirect(elsewhere: Elsewhere, status: int) -> None:
    """The token endpoint gets the client secret with a session token or a refresh token: nobody else does."""
    elsewhere.status = status
    async with shopify_session() as http:
        endpoint = TokenEndpoint(http, elsewhere.url + "/{shop}", "id", ["the client secret"])
        for asked in (endpoint.exchange(SHOP, "a session token"), endpoint.refresh(SHOP, "a refresh token")):
            with pytest.raises(ShopPaused) as paused:
                await asked
            assert paused.value.reason == "redirected"
    assert len(elsewhere.asked) == 2
    assert elsewhere.got == []


async def test_the_address_of_a_bulk_result_is_told_to_no_other_host(elsewhere: Elsewhere) -> None:
    """Whoever holds that address may read the file, and what another host answers is not the file."""
    async with shopify_session() as http:
        client = ShopifyClient(http, FixedAccess(), elsewhere.url + "/{shop}", "2026-10")
        with pytest.raises(ShopifyUnclear, match="HTTP 302"):
            async with client.download(f"{elsewhere.url}/file?signature=x"):
                pass
    assert elsewhere.got == []


async def test_what_one_host_sets_as_a_cookie_is_sent_to_nobody(elsewhere: Elsewhere) -> None:
    """Shops share one session: a cookie of one of them goes to no other, nor back."""
    elsewhere.status = 500
    async with shopify_session() as http:
        client = ShopifyClient(http, FixedAccess(), elsewhere.url + "/{shop}", "2026-10")
        with pytest.raises(ShopifyUnclear):
            await ShopifyReads(client).locations(SHOP)
        assert list(http.cookie_jar) == []


async def test_the_key_of_a_collector_follows_no_redirect(elsewhere: Elsewhere) -> None:
    """Traces are sent with headers that may carry a key: a collector that redirects gets them alone."""

    def posted() -> int:
        with NoRedirects() as session:
            headers = {"x-api-key": "secret"}
            return session.post(f"{elsewhere.url}/v1/traces", data=b"spans", headers=headers, timeout=30).status_code

    for elsewhere.status in (301, 307):
        assert await asyncio.to_thread(posted) == elsewhere.status
    assert elsewhere.got == []


def test_every_outgoing_call_says_that_it_follows_no_redirect() -> None:
    """In the product every call of an HTTP session passes `allow_redirects=False`."""
    following = []
    for folder in ("shared", "services"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            following += [
                f"{path.relative_to(ROOT)}:{node.lineno}"
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and _is_outgoing(node) and not _follows_none(node)
            ]
    assert following == []


def _is_outgoing(call: ast.Call) -> bool:
    match call.func:
        case (
            ast.Attribute(attr=name, value=ast.Attribute(attr=owner))
            | ast.Attribute(attr=name, value=ast.Name(id=owner))
        ):
            return name in CALLS and owner in {"_session", "session", "http", "_http"} and _of_aiohttp(call)
    return False


def _of_aiohttp(call: ast.Call) -> bool:
    """MongoDB sessions have none of these methods; mappings called so would have at most two arguments by place."""
    return bool(call.keywords) or len(call.args) == 1


def _follows_none(call: ast.Call) -> bool:
    return any(
        keyword.arg == "allow_redirects" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        for keyword in call.keywords
    )
