"""How often servers may ask: counted for all processes together, told in every answer, and nobody else's trouble."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import aiohttp
import pytest

from services.preview.api.http import dependencies as parts
from services.preview.api.http.key_rates import BURST, KEPT, KeyRates
from services.preview.api.http.limits import Limits
from shared.domain.server_key import Scope
from shared.mongodb.server_keys.request_shares import RequestShares, Taken
from shared.settings import Settings
from tests.backends.places import DatabasePool, VhostPool
from tests.integration.api.access.server_keys import by_key, server_key
from tests.integration.api.api_setup import ApiShop, ApiWorld, api_world

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OF_KEY, OF_SHOP = 20.0, 30.0
MOST = {
    "key_requests_per_second": OF_KEY,
    "shop_key_requests_per_second": OF_SHOP,
    "streams_per_shop": 3,
    "streams_per_user": 2,
}


class Hand:
    """A clock that is moved by hand, as a process and as the server see it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def of_process(self) -> float:
        """Seconds."""
        return self.seconds

    def of_server(self) -> datetime:
        """The time of day."""
        return NOON + timedelta(seconds=self.seconds)


class CountedShares(RequestShares):
    """The store, which counts what is written."""

    writes = 0

    async def take(self, shop: str, what: str, wanted: int, *, rate: float, most: float) -> Taken:
        """One write."""
        self.writes += 1
        return await super().take(shop, what, wanted, rate=rate, most=most)


@pytest.fixture(scope="module")
async def world(amqp_url: str, vhosts: VhostPool, mongodb_uri: str, databases: DatabasePool) -> AsyncIterator[ApiWorld]:
    """One service whose clocks of rates stand still: what is refused is a matter of counting."""
    vhost, database = vhosts.take(), databases.take()
    url = urlsplit(amqp_url)._replace(path=f"/{vhost}").geturl()
    hand = Hand()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "Limits", partial(Limits, clock=hand.of_process))
        patch.setattr(parts, "KeyRates", partial(KeyRates, clock=hand.of_process))
        patch.setattr(parts, "RequestShares", partial(RequestShares, clock=hand.of_server))
        async with api_world(url, mongodb_uri, database, **MOST) as started:
            yield started
    await vhosts.give_back(vhost)
    databases.give_back(database)


def processes(
    world: ApiWorld, hand: Hand, number: int, *, of_shop: float = 1000.0
) -> tuple[list[KeyRates], list[CountedShares]]:
    """So many processes over one store; unless said otherwise, what a shop may have is in nobody's way."""
    settings = Settings.model_construct(key_requests_per_second=OF_KEY, shop_key_requests_per_second=of_shop)
    stores = [CountedShares(world.mongo.db, hand.of_server) for _ in range(number)]
    return [KeyRates(store, settings, hand.of_process) for store in stores], stores


async def admitted(rates: KeyRates, shop: str, key: str, asked: int) -> int:
    """How many of so many requests at once are."""
    return sum([one for one, _ in await asyncio.gather(*(rates.admit(shop, key) for _ in range(asked)))])


async def test_processes_admit_a_bucket_together_and_no_more(world: ApiWorld, shop: ApiShop) -> None:
    """Four flooded processes admit what one would, and write once for ten requests, never for a refusal."""
    several, stores = processes(world, Hand(), 4)
    got = await asyncio.gather(*(admitted(rates, shop.domain, "k", 500) for rates in several))
    assert sum(got) == OF_KEY * BURST
    # Ten takes of the key's bucket, each process finds it empty once, and one take of the shop's.
    assert sum(store.writes for store in stores) <= 10 + 4 + 4


async def test_the_bucket_fills_with_time(world: ApiWorld, shop: ApiShop) -> None:
    """Emptied, it gives in each second what the rate says, and a full one again after its window."""
    hand = Hand()
    (rates,), (store,) = processes(world, hand, 1)
    assert await admitted(rates, shop.domain, "k", 500) == OF_KEY * BURST
    hand.seconds += 1
    before = store.writes
    assert await admitted(rates, shop.domain, "k", 500) == OF_KEY
    assert store.writes - before <= 5
    hand.seconds += 2 * BURST + KEPT
    assert await admitted(rates, shop.domain, "k", 500) == OF_KEY * BURST


async def test_several_keys_of_a_shop_share_its_bucket(world: ApiWorld, shop: ApiShop) -> None:
    """Three keys get what the shop's servers may have together; what the shop refuses is not taken from the key."""
    (rates,), _ = processes(world, Hand(), 1, of_shop=OF_SHOP)
    got = [await admitted(rates, shop.domain, key, 500) for key in ("a", "b", "c")]
    assert got == [OF_KEY * BURST, OF_SHOP * BURST - OF_KEY * BURST, 0]


async def test_a_key_of_all_shops_has_a_bucket_in_each(world: ApiWorld) -> None:
    """Its flood for one shop takes nothing of what it may ask for another."""
    one, two = await world.shop(), await world.shop()
    (rates,), _ = processes(world, Hand(), 1)
    assert await admitted(rates, one.domain, "k", 500) == OF_KEY * BURST
    assert await admitted(rates, two.domain, "k", 500) == OF_KEY * BURST


async def test_a_servers_flood_is_nobody_elses_trouble(world: ApiWorld, shop: ApiShop) -> None:
    """Of 300 requests of a key its bucket is answered; its shop's page and another shop's key get all."""
    other = await world.shop()
    _, flooding = await server_key(world, shop.domain, [Scope.READ])
    _, beside = await server_key(world, other.domain, [Scope.READ])
    asked = asyncio.gather(*(by_key(world, flooding, "GET", "/locations") for _ in range(300)))
    page = [await shop.call("GET", "/locations") for _ in range(20)]
    others = [await by_key(world, beside, "GET", "/locations") for _ in range(20)]
    replies = await asked
    assert [reply.status for reply in page + others] == [200] * 40
    refused = [reply for reply in replies if reply.status == 429]
    assert len(refused) == 300 - OF_KEY * BURST
    assert [reply.status for reply in replies].count(200) == OF_KEY * BURST
    for reply in refused:
        assert reply.json["type"] == "urn:trueup:problem:too-many-requests"
        assert int(reply.headers["Retry-After"]) >= 1
        assert reply.headers["RateLimit"].startswith('"key";r=0;t=')


async def test_every_answer_tells_what_is_left(world: ApiWorld, shop: ApiShop) -> None:
    """Policy and state, as structured fields: of a key its own and its shop's, of a person the page's."""
    _, key = await server_key(world, shop.domain, [Scope.READ])
    replies = [await by_key(world, key, "GET", "/locations") for _ in range(3)]
    assert {reply.headers["RateLimit-Policy"] for reply in replies} == {'"key";q=100;w=5, "shop";q=150;w=5'}
    left = [re.findall(r'"(\w+)";r=(\d+);t=(\d+)', reply.headers["RateLimit"]) for reply in replies]
    assert [[(name, int(rest)) for name, rest, _ in one] for one in left] == [
        [("key", 99 - number), ("shop", 149 - number)] for number in range(3)
    ]
    denied = await by_key(world, key, "PUT", "/settings", {})
    assert denied.status == 403
    assert denied.headers["RateLimit"].startswith('"key";r=96;')
    page = await shop.call("GET", "/locations")
    assert page.headers["RateLimit-Policy"] == '"page";q=100;w=5'
    assert page.headers["RateLimit"].startswith('"page";r=99;t=')


async def test_servers_take_no_stream_from_people(world: ApiWorld, shop: ApiShop) -> None:
    """Two of a key, three of all keys of a shop; its people have their own beside them."""
    job_id = await shop.job([], state="running")
    url = f"{world.url}/api/jobs/{job_id}/events"
    keys = [(await server_key(world, shop.domain, [Scope.READ]))[1] for _ in range(2)]
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)))

        async def opened(token: str) -> int:
            answer = await stack.enter_async_context(client.get(url, headers={"Authorization": f"Bearer {token}"}))
            return answer.status

        assert [await opened(keys[0]) for _ in range(3)] == [200, 200, 429]
        assert [await opened(keys[1]) for _ in range(2)] == [200, 429]
        assert [await opened(shop.token) for _ in range(3)] == [200, 200, 429]
