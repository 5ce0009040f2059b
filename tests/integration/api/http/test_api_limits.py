"""Limits per shop: what is too much is answered with 429 and its remedy, and other shops notice nothing."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from ulid import ULID

from services.preview.api.http import dependencies as parts
from services.preview.api.http.auth import Caller
from services.preview.api.http.limits import BURST, Limits
from services.preview.api.http.responses import csv as export
from services.preview.computing.previewer import Previewer
from shared import metrics
from shared.contract.messages import PreviewRequest
from shared.contract.selection import SelectionBody
from shared.domain.words.codes import Code
from shared.mongodb.catalogue.boms import BomStore
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import PREVIEW_REQUEST
from tests.backends.places import DatabasePool, VhostPool
from tests.integration.api.api_setup import ApiShop, ApiWorld, Reply, api_world, session_token
from tests.waiting import arrival, stored, until

RATE = 40.0
NO_KEYS: Any = None
"""Rates of servers, where no server asks."""

MOST = {
    "requests_per_second": RATE,
    "streams_per_shop": 5,
    "streams_per_user": 3,
    "open_previews_per_shop": 6,
    "open_jobs_per_shop": 3,
}


class Gate:
    """Previews begin and do not end before the gate is opened; the order in which they began is kept."""

    present: "Gate"
    """The gate of the test that runs."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, str]] = []
        self.opened = asyncio.Event()

    async def pass_through(
        self, previewer: Previewer, shop: str, preview_id: str, _: Callable[[], Awaitable[None]]
    ) -> None:
        """Stands for computing a preview."""
        self.begun.append((shop, preview_id))
        await self.opened.wait()
        await previewer.give_up(shop, preview_id)

    async def until_begun(self, number: int) -> None:
        """Wait until so many have begun."""
        await until(lambda: len(self.begun) >= number, what=f"{number} previews begun", progress=lambda: self.begun[:])


async def _through_the_gate(
    previewer: Previewer, shop: str, preview_id: str, give_way: Callable[[], Awaitable[None]]
) -> None:
    await Gate.present.pass_through(previewer, shop, preview_id, give_way)


@pytest.fixture(scope="module")
async def world(amqp_url: str, vhosts: VhostPool, mongodb_uri: str, databases: DatabasePool) -> AsyncIterator[ApiWorld]:
    """One service with small limits, whose clock of rates stands still: what is refused is a matter of counting."""
    vhost, database = vhosts.take(), databases.take()
    url = urlsplit(amqp_url)._replace(path=f"/{vhost}").geturl()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "Limits", partial(Limits, clock=lambda: 0.0))
        patch.setattr(Previewer, "compute", _through_the_gate)
        async with api_world(url, mongodb_uri, database, **MOST) as started:
            yield started
    await vhosts.give_back(vhost)
    databases.give_back(database)


@pytest.fixture
async def shop(world: ApiWorld) -> ApiShop:
    """The shop that asks for too much."""
    return await world.shop()


@pytest.fixture
async def other(world: ApiWorld) -> ApiShop:
    """A shop beside it."""
    return await world.shop()


@pytest.fixture
async def gate(world: ApiWorld) -> AsyncIterator[Gate]:
    """A gate before every preview, opened at the end, so that none is left for the next test."""
    made = Gate.present = Gate()
    yield made
    made.opened.set()

    async def none_is_open() -> bool:
        return bool(await world.mongo.db["previews"].count_documents({"turn": {"$exists": True}}) == 0)

    await until(none_is_open, what="the end of every preview", progress=lambda: len(made.begun))


def refused(limit: str) -> float:
    """How much was refused by a limit so far."""
    return metrics.REGISTRY.get_sample_value("trueup_refused_by_limit_total", {"limit": limit}) or 0.0


def is_too_much(reply: Reply, limit: str) -> bool:
    """Whether it is a 429 that says when to come back and what to do."""
    if reply.status != 429:
        return False
    problem = reply.json
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert int(reply.headers["Retry-After"]) >= 1
    assert problem["type"] == f"urn:trueup:problem:too-many-{limit}"
    [error] = problem["errors"]
    assert error["field"]
    assert problem["detail"] == f"{error['message']} {error['remedy']}"
    assert f"in {reply.headers['Retry-After']} second" in error["remedy"]
    return True


async def test_one_shop_gets_its_burst_and_no_more(shop: ApiShop, other: ApiShop) -> None:
    """Of 300 requests at the same moment exactly the burst is answered; another shop's are answered all."""
    before = refused("requests")
    asked = asyncio.gather(*(shop.call("GET", "/locations") for _ in range(300)))
    beside = [await other.call("GET", "/locations") for _ in range(20)]
    replies = await asked
    burst = int(RATE * BURST)
    assert [reply.status for reply in beside] == [200] * 20
    assert [is_too_much(reply, "requests") for reply in replies].count(True) == 300 - burst
    assert [reply.status for reply in replies].count(200) == burst
    assert refused("requests") - before == 300 - burst


def test_the_rate_comes_back_with_time_and_shops_are_forgotten() -> None:
    """After a second as many more as the rate says; a shop that asks for nothing is not kept in mind."""
    from shared.settings import Settings  # noqa: PLC0415  # only its defaults are meant

    now = 0.0
    settings = Settings.model_construct(requests_per_second=10.0)
    limits = Limits(settings, NO_KEYS, clock=lambda: now)

    def taken(shop: str) -> int:
        number = 0
        while True:
            try:
                limits._take(shop)
            except Exception:  # noqa: BLE001  # the problem that says it is enough
                return number
            number += 1

    assert taken("a") == 10 * BURST
    now = 1.0
    assert taken("a") == 10
    now = 1000.0
    assert taken("a") == 10 * BURST
    for number in range(3000):
        limits._take(f"shop {number}")
        now += 0.01
    assert len(limits._rates) < 1100


async def test_requests_of_a_shop_wait_for_each_other_and_not_for_those_of_others(
    shop: ApiShop, other: ApiShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all places taken by requests that hang, the shop's next one waits in line; another shop is answered."""
    hanging = asyncio.Event()
    inside: list[str] = []
    real = BomStore.locations

    async def locations(self: BomStore, domain: str) -> Any:
        if domain == shop.domain:
            inside.append(domain)
            await hanging.wait()
        return await real(self, domain)

    monkeypatch.setattr(BomStore, "locations", locations)
    asked = [asyncio.create_task(shop.call("GET", "/locations")) for _ in range(10)]
    await until(lambda: len(inside) >= 4, what="four requests under way")
    assert (await other.call("GET", "/locations")).status == 200
    assert len(inside) == 4
    hanging.set()
    assert [reply.status for reply in await asyncio.gather(*asked)] == [200] * 10


async def _stream(stack: AsyncExitStack, shop: ApiShop, job_id: str, user: str) -> aiohttp.ClientResponse:
    headers = {"Authorization": f"Bearer {session_token(shop.domain, sub=user)}"}
    url = f"{shop.world.url}/api/jobs/{job_id}/events"
    session = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)))
    return await stack.enter_async_context(session.get(url, headers=headers))


async def test_streams_are_bounded_by_user_and_shop_and_one_that_is_closed_frees_its_place(
    shop: ApiShop, other: ApiShop
) -> None:
    """Three of one user, five of one shop; another shop has its own, and a page that closed counts no more."""
    job_id, others_job = await shop.job([], state="running"), await other.job([], state="running")
    async with AsyncExitStack() as stack:
        first = [await _stream(stack, shop, job_id, "1") for _ in range(50)]
        assert [answer.status for answer in first] == [200] * 3 + [429] * 47
        assert int(first[-1].headers["Retry-After"]) >= 1
        assert "This user has 3 event streams open" in (await first[-1].json())["detail"]
        second = [await _stream(stack, shop, job_id, "2") for _ in range(3)]
        assert [answer.status for answer in second] == [200, 200, 429]
        assert "This shop has 5 event streams open" in (await second[-1].json())["detail"]
        assert (await _stream(stack, other, others_job, "1")).status == 200
        first[0].close()

        async def there_is_room() -> bool:
            return (await _stream(stack, shop, job_id, "1")).status == 200

        await until(there_is_room, what="the place of the closed stream")


async def test_a_stream_ends_with_its_time_and_says_so(vhost_url: str, mongodb_uri: str, database_name: str) -> None:
    """It ends although the job goes on, and the next one begins with the present state."""
    async with api_world(vhost_url, mongodb_uri, database_name, stream_seconds=0.2) as own:
        shop = await own.shop()
        job_id = await shop.job([], state="running")
        for _ in range(2):
            async with AsyncExitStack() as stack:
                answer = await _stream(stack, shop, job_id, "1")
                text = await arrival(answer.text(), what="the end of the stream")
            assert text.count("event: job\n") == 1
            assert text.endswith(": open it again\n\n")


def test_a_stream_lasts_no_longer_than_its_token(world: ApiWorld) -> None:
    """A token's end is the stream's, and so is the longest time a stream may last."""
    limits = Limits(world.settings, NO_KEYS)
    now = time.time()  # what a token's end is compared with
    assert limits.stream_life(Caller("s", "u", now - 1)) == 0
    assert limits.stream_life(Caller("s", "u", now + 60)) <= 60
    assert limits.stream_life(Caller("s", "u", now + 1_000_000)) == world.settings.stream_seconds


async def test_downloads_of_a_shop_are_bounded(shop: ApiShop, other: ApiShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tables at once; the third is refused, another shop's is not, and the two end whole."""
    hanging = asyncio.Event()
    real = export.pages_of

    async def pages_of(read: export.Read[Any]) -> AsyncIterator[list[Any]]:
        await hanging.wait()
        async for page in real(read):
            yield page

    monkeypatch.setattr(export, "pages_of", pages_of)
    asked = [asyncio.create_task(shop.call("GET", "/history/export.csv")) for _ in range(6)]

    def ended() -> list[Reply]:
        return [task.result() for task in asked if task.done()]

    await until(lambda: len(ended()) == 4, what="four refusals", progress=lambda: len(ended()))
    assert all(is_too_much(reply, "exports") for reply in ended())
    beside = asyncio.create_task(other.call("GET", "/history/export.csv"))
    hanging.set()
    assert (await beside).status == 200
    assert sorted(reply.status for reply in await asyncio.gather(*asked)) == [200, 200, 429, 429, 429, 429]


async def _ask(shop: ApiShop, bom_ids: object = "all") -> Reply:
    return await shop.call("POST", "/previews", {"selection": {"bom_ids": bom_ids}})


async def test_of_two_hundred_previews_one_has_begun_when_another_shops_begins(
    shop: ApiShop, other: ApiShop, gate: Gate
) -> None:
    """As many as a shop may have open are taken, the rest is refused; one of them has begun when B's one begins."""
    for one in (shop, other):
        await one.bom("b")
    replies = await asyncio.gather(*(_ask(shop) for _ in range(150)))
    assert [reply.status for reply in replies].count(202) == 6
    assert sum(is_too_much(reply, "previews") for reply in replies) == 144
    assert (await _ask(other)).status == 202
    await gate.until_begun(2)
    assert [domain for domain, _ in gate.begun] == [shop.domain, other.domain]
    gate.opened.set()
    await gate.until_begun(7)
    await until(lambda: _all_ended(shop), what="the shop's previews to end")
    assert (await _ask(shop)).status == 202  # there is room again


async def _all_ended(shop: ApiShop) -> bool:
    query = {"shop": shop.domain, "state": {"$in": ["requested", "reading"]}}
    return bool(await shop.world.mongo.db["previews"].count_documents(query) == 0)


async def test_a_shops_small_previews_go_before_its_large_ones(shop: ApiShop, gate: Gate) -> None:
    """While one is computed a large and then a small one are asked for: the small one is next."""
    for number in range(60):
        await shop.bom(f"b{number}")
    large = [(await _ask(shop)).json["preview_id"] for _ in range(2)]
    small = (await _ask(shop, ["b1"])).json["preview_id"]
    await gate.until_begun(1)
    gate.opened.set()
    await gate.until_begun(3)
    assert [preview_id for _, preview_id in gate.begun] == [large[0], small, large[1]]


async def test_four_shops_large_previews_leave_a_hand_for_a_small_one(world: ApiWorld, gate: Gate) -> None:
    """Of six large previews of six shops four are begun; a seventh shop's small one begins beside them."""
    shops = [await world.shop() for _ in range(7)]
    for one in shops[:6]:
        for number in range(51):
            await one.bom(f"b{number}")
        assert (await _ask(one)).status == 202
    await shops[6].bom("b")
    await gate.until_begun(4)
    assert (await _ask(shops[6])).status == 202
    await gate.until_begun(5)
    begun = [domain for domain, _ in gate.begun]
    assert begun == [*(one.domain for one in shops[:4]), shops[6].domain]


async def test_messages_meet_the_same_limit_and_none_is_lost(shop: ApiShop, other: ApiShop, gate: Gate) -> None:
    """Of forty requests by message six are open; the others have ended with a code and a remedy. B's begins second."""
    for one in (shop, other):
        await one.bom("b")
    publisher = await Publisher.open(shop.world.settings.amqp_url.get_secret_value(), "tests")
    asked = [
        PreviewRequest(shop=domain, preview_id=str(ULID()), selection=SelectionBody(bom_ids="all"))
        for domain in [*[shop.domain] * 40, other.domain]
    ]
    for request in asked:
        await publisher.command(PREVIEW_REQUEST, request)
    await publisher.close()
    previews = shop.world.mongo.db["previews"]
    await stored(previews, {"shop": other.domain})
    await gate.until_begun(2)
    assert sorted(domain for domain, _ in gate.begun) == sorted([shop.domain, other.domain])

    async def by_state() -> tuple[int, int]:
        asked_for = await previews.count_documents({"shop": shop.domain})
        return asked_for, await previews.count_documents({"shop": shop.domain, "state": "failed"})

    async def are_shown() -> bool:
        return await by_state() == (40, 34)

    # A document is there a moment before its refusal is written into it.
    await until(are_shown, what="every preview asked for, and the refusals", progress=by_state)
    failed = [one async for one in previews.find({"shop": shop.domain, "state": "failed"})]
    assert {one["failure"]["code"] for one in failed} == {Code.TOO_MANY_PREVIEWS}
    assert all("6 previews of this shop" in one["failure"]["message"] for one in failed)
    shown = await shop.call("GET", f"/previews/{failed[0]['preview_id']}")
    assert shown.json["failure"]["code"] == Code.TOO_MANY_PREVIEWS
    assert "Wait until one has ended" in shown.json["failure"]["remedy"]


async def test_a_preview_whose_process_died_is_taken_up_again(shop: ApiShop, gate: Gate) -> None:
    """Nobody's message comes again: the document says that somebody began it and said nothing more."""
    await shop.bom("b")
    gate.opened.set()
    previews = shop.world.mongo.db["previews"]
    preview_id = (await _ask(shop)).json["preview_id"]
    ended = await stored(previews, {"preview_id": preview_id}, lambda one: one["state"] == "failed")
    turn = {"until": ended["requested_at"], "tries": 1, "large": False}
    left: dict[str, Any] = {"state": "reading", "turn": turn}
    await previews.update_one({"preview_id": preview_id}, {"$set": left})
    await stored(previews, {"preview_id": preview_id}, lambda one: one["state"] == "failed")
    assert gate.begun.count((shop.domain, preview_id)) == 2
    turn["tries"] = 100
    await previews.update_one({"preview_id": preview_id}, {"$set": left})
    given_up = await stored(previews, {"preview_id": preview_id}, lambda one: one["state"] == "failed")
    assert given_up["failure"]["code"] == "PREVIEW_BROKE"
    assert gate.begun.count((shop.domain, preview_id)) == 2


async def test_jobs_that_have_not_ended_are_bounded(shop: ApiShop, other: ApiShop) -> None:
    """Three of a shop's twenty are taken; a repeat of one that was taken is answered; another shop has its own."""
    for one in (shop, other):
        await one.bom("b")
    bodies = [{"job_id": str(ULID()), "direction": "toLocal", "selection": {"bom_ids": "all"}} for _ in range(20)]
    replies = await asyncio.gather(*(shop.call("POST", "/jobs", body) for body in bodies))
    taken = [body for body, reply in zip(bodies, replies, strict=True) if reply.status == 202]
    assert len(taken) == 3
    assert sum(is_too_much(reply, "jobs") for reply in replies) == 17
    assert (await shop.call("POST", "/jobs", taken[0])).status == 202
    assert (await other.call("POST", "/jobs", bodies[0])).status == 202
    await shop.call("POST", f"/jobs/{taken[0]['job_id']}/cancel")
    assert (await shop.call("POST", "/jobs", bodies[-1] | {"job_id": str(ULID())})).status == 202


async def test_a_large_preview_gives_way_to_a_small_one(world: ApiWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two of its parts it waits until the small preview of another shop has ended."""
    monkeypatch.setattr("services.preview.computing.turns.LONGEST_WAY", 1_000_000.0)
    large, small = await world.shop(), await world.shop()
    for number in range(51):
        await large.bom(f"b{number}")
    await small.bom("b")
    began, between, went_on, small_ends = (asyncio.Event() for _ in range(4))
    ended: list[str] = []

    class Parts(Gate):
        """Stands for two previews, of which the large one has two parts."""

        async def pass_through(
            self, previewer: Previewer, shop: str, preview_id: str, give_way: Callable[[], Awaitable[None]]
        ) -> None:
            """Compute one."""
            began.set()
            if shop == large.domain:
                await between.wait()
                await give_way()
            else:
                await small_ends.wait()
            ended.append(shop)
            await previewer.give_up(shop, preview_id)
            if len(ended) == 2:
                went_on.set()

    Gate.present = Parts()
    assert (await _ask(large)).status == 202
    await began.wait()
    began.clear()
    assert (await _ask(small)).status == 202
    await began.wait()
    between.set()
    small_ends.set()
    await arrival(went_on.wait(), what="the end of both")
    assert ended == [small.domain, large.domain]
