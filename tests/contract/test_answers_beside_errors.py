"""A mutation's answer with errors beside its data: what was executed is never read as refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from shared.domain.push import RowOutcome
from shared.errors import ShopifyUnclear
from shared.shopify.calls.answers import MAX_SAID
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.writes.writes import SetRow, ShopifyWrites, set_body
from tests.contract.test_shopify_port import FixedAccess

SHOP = "port.myshopify.com"
ROWS = [SetRow("1", "2", 10, 7)]
GROUP = {"createdAt": "2026-11-01T10:00:00Z", "changes": [{"delta": 3, "item": None, "location": None}]}


@pytest.fixture
async def answers() -> AsyncIterator[tuple[list[dict[str, Any]], ShopifyWrites]]:
    """A server that gives the answers of the list, and the adapter that asks it."""
    given: list[dict[str, Any]] = []

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(given.pop(0), headers={"Date": "Sun, 01 Nov 2026 10:00:00 GMT"})

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/{{shop}}"
    async with aiohttp.ClientSession() as session:
        yield given, ShopifyWrites(ShopifyClient(session, FixedAccess(), url, "2026-10"))
    await runner.cleanup()


def body() -> str:
    """A push of one row."""
    return set_body(ROWS, key="01M889S0CXGVA32WMFP0TFZDHJ", reference="gid://trueup/Job/1")


async def test_errors_beside_the_payload_do_not_undo_it(
    answers: tuple[list[dict[str, Any]], ShopifyWrites],
) -> None:
    """The group is there: the row was applied, whatever else went wrong with the answer."""
    given, writes = answers
    payload = {"inventoryAdjustmentGroup": GROUP, "userErrors": []}
    error = {"message": "access", "path": ["inventorySetQuantities", "inventoryAdjustmentGroup", "changes", 0, "item"]}
    given.append({"data": {"inventorySetQuantities": payload}, "errors": [error]})
    assert (await writes.send(SHOP, body(), ROWS)).rows[0].outcome is RowOutcome.APPLIED


async def test_an_unknown_error_of_an_execution_leaves_it_unclear(
    answers: tuple[list[dict[str, Any]], ShopifyWrites],
) -> None:
    """Execution had begun and its payload is missing: only the same key can tell what became of it."""
    given, writes = answers
    given.append(
        {"data": {"inventorySetQuantities": None}, "errors": [{"message": "?", "extensions": {"code": "ODD"}}]}
    )
    with pytest.raises(ShopifyUnclear):
        await writes.send(SHOP, body(), ROWS)


async def test_a_request_that_never_was_executed_is_refused(
    answers: tuple[list[dict[str, Any]], ShopifyWrites],
) -> None:
    """Without `data` nothing was executed, and a code that says so is believed."""
    given, writes = answers
    given.append({"errors": [{"message": "parse", "extensions": {"code": "ODD"}}]})
    given.append(
        {"data": {"inventorySetQuantities": None}, "errors": [{"message": "k", "extensions": {"code": "BAD_REQUEST"}}]}
    )
    for _ in range(2):
        assert (await writes.send(SHOP, body(), ROWS)).rows[0].outcome is RowOutcome.REFUSED


@pytest.mark.parametrize("path", [["input", "quantities", "0"], None])
async def test_shopifys_words_are_kept_as_far_as_anybody_reads(
    answers: tuple[list[dict[str, Any]], ShopifyWrites], path: list[str] | None
) -> None:
    """A push's document holds what was said of 250 rows: each is cut."""
    given, writes = answers
    wrong = {"field": path, "code": "INVALID_LOCATION", "message": "\N{OLD ITALIC LETTER A}" * 100_000}
    given.append({"data": {"inventorySetQuantities": {"inventoryAdjustmentGroup": None, "userErrors": [wrong]}}})
    row = (await writes.send(SHOP, body(), ROWS)).rows[0]
    assert row.outcome is RowOutcome.REFUSED
    assert row.detail is not None
    assert row.detail.startswith("INVALID_LOCATION: ")
    assert len(row.detail) == MAX_SAID
    given.append({"errors": [{"message": "x" * 100_000}]})
    (row,) = (await writes.send(SHOP, body(), ROWS)).rows
    assert row.detail is not None
    assert len(row.detail) < 2 * MAX_SAID
