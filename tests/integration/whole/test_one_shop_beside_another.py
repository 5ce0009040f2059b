"""One shop asks for everything at once; the shop beside it gets its previews, its page and its outgoing webhooks.

What it costs in time is printed, and measured in earnest by `benchmarks/fairness.py`; here counts decide.
"""

from __future__ import annotations

import asyncio
import statistics
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr

from benchmarks.fairness import (
    GREEDY,
    QUIET,
    Crowd,
    QuietShop,
    Size,
    due_outcome,
    make_shops,
    receiver,
    seconds_of,
    session_token,
)
from services.preview.bootstrap import PreviewService
from shared.mongodb.schema import Document
from tests.integration.api.api_setup import CLIENT_ID, SECRET
from tests.integration.shop_world import reconciler, shop_world
from tests.waiting import arrival, writes_to


@dataclass(frozen=True)
class Extent:
    """How much the one asks for, how often the other does what it does, and how many BOMs each has."""

    crowd: Size
    times: int
    boms: dict[str, int]


SHORT = Extent(Size(previews=60, streams=80, pits=12, requests=400, connections=8), 2, {GREEDY: 80, QUIET: 3})
FULL = Extent(Size(), 20, {GREEDY: 500, QUIET: 20})


def token(shop: str, user: str) -> str:
    """A session token of this test's app."""
    return session_token(shop, user, secret=SECRET, client_id=CLIENT_ID)


@pytest.mark.parametrize(
    "extent", [pytest.param(SHORT, id="short"), pytest.param(FULL, id="full", marks=pytest.mark.full)]
)
async def test_a_greedy_shop_costs_the_other_nothing_but_its_own_turn(
    vhost_url: str, mongodb_uri: str, database_name: str, extent: Extent
) -> None:
    """The other is refused nothing; between its asking for a preview and its turn at most one large one begins."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(shop_world(vhost_url, mongodb_uri, database_name, locations=1))
        settings = world.settings.model_copy(
            update={
                "shopify_client_id": CLIENT_ID,
                "shopify_client_secret": SecretStr(SECRET),
                "private_targets": True,
                # So that what is refused meets the other limits, too, and not the rate alone.
                "requests_per_second": 100.0,
            }
        )
        world.settings = settings
        database, hook = world.mongo.db, await stack.enter_async_context(receiver())
        await make_shops(world.running.url, world.mongo, settings, extent.boms)
        service = await PreviewService.start(settings, port=0)
        stack.push_async_callback(service.stop)
        await stack.enter_async_context(reconciler(world, roles={"sweeper"}))
        api = f"http://127.0.0.1:{service.port}"
        other = QuietShop(world.http, api, token, database=database, settings=settings, hook=hook)
        quiet = await arrival(seconds_of(other, extent.times), what="the quiet round", progress=writes_to(database))
        for _ in range(extent.crowd.pits):
            await due_outcome(database, settings, GREEDY, f"{hook.url}/pit")
        crowd, begun, end = Crowd(api, token, extent.crowd), asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(crowd.run(begun.set, end))
        await arrival(begun.wait(), what="the crowd", progress=lambda: str(crowd.told))
        beside = await arrival(seconds_of(other, extent.times), what="both at once", progress=writes_to(database))
        end.set()
        await arrival(running, what="the end of the crowd", progress=lambda: str(crowd.told))

        told, most = crowd.told, settings.open_previews_per_shop
        assert set(told.previews) <= {202, 429}
        assert set(told.streams) <= {200, 429}
        assert set(told.requests) <= {200, 429}
        assert told.streams[200] <= settings.streams_per_shop
        assert told.streams.total() == extent.crowd.streams
        assert told.streams[429] > 0
        assert told.previews[429] > 0
        assert await database["previews"].count_documents({"shop": GREEDY, "turn": {"$exists": True}}) <= most
        previews = [one async for one in database["previews"].find({"taken_from": {"$ne": None}})]
        mine = [one for one in previews if one["shop"] == QUIET]
        assert len(mine) == 2 * extent.times
        assert max(_large_ones_before(one, previews) for one in mine) <= 1
        for name in quiet:
            times = [statistics.median(taken[name]) for taken in (quiet, beside)]
            print(name, *(round(seconds, 4) for seconds in times), round(times[1] / times[0], 2))  # noqa: T201  # figures
        print(told)  # noqa: T201  # figures


def _large_ones_before(mine: Document, previews: list[dict[str, Any]]) -> int:
    """How many of the greedy shop's previews were begun after this one was asked for, and before it was begun."""
    between = [one for one in previews if mine["requested_at"] < one["taken_from"] < mine["taken_from"]]
    return sum(one["shop"] == GREEDY for one in between)
