"""Replies that no Shopify sends, a proxy or a fault may: an error of the adapter's own, never one of Python's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from shared.errors import ShopifyError, ShopifyUnclear
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.requests import request_body
from shared.shopify.calls.tokens import TokenEndpoint
from tests.contract.test_shopify_port import FixedAccess

SHOP = "port.myshopify.com"
DATE = {"Date": "Sun, 01 Nov 2026 10:00:00 GMT"}


class Answers:
    """What the next call is answered with."""

    body: bytes = b""
    headers: Mapping[str, str] = DATE
    url: str = ""


@pytest.fixture
async def answers() -> AsyncIterator[Answers]:
    """A server that gives the answer it was told."""
    given = Answers()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=given.body, headers=given.headers)

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    given.url = f"http://127.0.0.1:{runner.addresses[0][1]}/{{shop}}"
    yield given
    await runner.cleanup()


def cost(**other: Any) -> dict[str, Any]:
    """An answer whose cost says so."""
    return {"data": {"shop": {}}, "extensions": {"cost": {"requestedQueryCost": 1, **other}}}


HUGE = 10**400
USABLE: list[dict[str, Any]] = [
    cost(actualQueryCost=HUGE, requestedQueryCost=-HUGE),
    cost(throttleStatus={"maximumAvailable": HUGE, "currentlyAvailable": HUGE, "restoreRate": HUGE}),
    cost(throttleStatus={"currentlyAvailable": float("nan"), "restoreRate": float("inf"), "maximumAvailable": "x"}),
    cost(throttleStatus=[1]),
    {"data": {"shop": {}}, "extensions": {"cost": []}},
    {"data": {"shop": {}}, "extensions": 7},
]
REFUSED: list[Any] = [
    {"errors": [{"message": "no", "extensions": "ACCESS_DENIED"}]},
    {"errors": [{"message": "no", "extensions": {"code": "ACCESS_DENIED", "requiredAccess": [1]}}]},
    {"errors": [{"extensions": {"code": "ACCESS_DENIED"}}, {"extensions": "x"}, 7, None]},
    {"errors": [{"extensions": {"code": "MAX_COST_EXCEEDED", "cost": HUGE}}, {"extensions": []}]},
    {"errors": {"message": "no"}},
    {"errors": "no"},
    {"data": []},
    [1],
    "text",
]


async def called(answers: Answers) -> Any:
    """One call by a client that knows nothing yet, and one more to see that it still works."""
    async with aiohttp.ClientSession() as session:
        client = ShopifyClient(session, FixedAccess(), answers.url, "2026-10")
        try:
            return await client.call(SHOP, "shop", request_body("{ shop { name } }", {}))
        finally:
            answers.body, answers.headers = b'{"data": {"shop": {}}}', DATE
            await client.call(SHOP, "shop", request_body("{ shop { name } }", {}))


@pytest.mark.parametrize("number", range(len(USABLE)))
async def test_figures_that_are_none_are_as_good_as_missing(answers: Answers, number: int) -> None:
    """The answer counts, and the next call is sent."""
    answers.body = json.dumps(USABLE[number]).encode()
    assert (await called(answers)).data == {"shop": {}}


@pytest.mark.parametrize("number", range(len(REFUSED)))
async def test_errors_of_another_form_are_errors_of_shopifys(answers: Answers, number: int) -> None:
    """Whatever stands where the code should be."""
    answers.body = json.dumps(REFUSED[number]).encode()
    with pytest.raises(ShopifyError):
        await called(answers)


@pytest.mark.parametrize("raw", [b"[" * 50_000, b'{"a":' * 50_000, b"\xff", b"", b"9" * 5_000])
async def test_a_body_that_is_none_is_unclear(answers: Answers, raw: bytes) -> None:
    """Of a call, and of the token endpoint."""
    answers.body = raw
    with pytest.raises(ShopifyUnclear):
        await called(answers)
    answers.body = raw
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ShopifyUnclear):
            await TokenEndpoint(session, answers.url, "client", ["secret"]).exchange(SHOP, "token")


@pytest.mark.parametrize("date", ["yesterday", "", "Fri, 31 Dec 9999 23:59:59 -2359", "99999999999999999999", "-"])
async def test_a_date_that_is_none_is_unclear(answers: Answers, date: str) -> None:
    """Without Shopify's time nothing may be dated."""
    answers.body, answers.headers = b'{"data": {"shop": {}}}', {"Date": date}
    with pytest.raises(ShopifyUnclear):
        await called(answers)


@pytest.mark.parametrize("life", [HUGE, float("nan"), float("inf"), -1, "x", 1e300, True])
async def test_a_life_of_a_token_that_is_none_is_bounded(answers: Answers, life: object) -> None:
    """The token is kept: refusing it would lose the refresh token that came with it."""
    told = {"access_token": "a", "refresh_token": "r", "expires_in": life, "refresh_token_expires_in": life}
    answers.body = json.dumps(told).encode()
    async with aiohttp.ClientSession() as session:
        grant = await TokenEndpoint(session, answers.url, "client", ["secret"]).exchange(SHOP, "token")
    assert grant.refresh_token == "r"
