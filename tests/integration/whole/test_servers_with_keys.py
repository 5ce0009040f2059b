"""Servers with keys at several replicas: what is sent twice is done once, and a flood is nobody else's affair."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any

import pytest

from services.preview.api.http import dependencies as parts
from services.preview.api.http.key_rates import BURST, KeyRates
from services.preview.bootstrap import PreviewService
from shared.domain.server_key import Scope
from shared.mongodb.server_keys.request_shares import RequestShares
from tests.integration.api.access.server_keys import server_key
from tests.integration.api.api_setup import PLACES, ApiShop, ApiWorld, Reply, api_world

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DELTAS, COUNTS, PREVIEWS, JOBS, NOTES = "deltas", "counts", "previews", "jobs", "notes"
SENDERS = 8
NOTED = 10
"""Jobs that notes are written on: one takes twenty."""


@asynccontextmanager
async def replicas(amqp_url: str, mongodb_uri: str, database: str, **more: Any) -> AsyncIterator[list[ApiWorld]]:
    """Two replicas of the preview service behind one address book: the same vhost, the same database."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(api_world(amqp_url, mongodb_uri, database, **more))
        service = await PreviewService.start(first.settings)
        stack.push_async_callback(service.stop)
        yield [first, replace(first, service=service)]


@dataclass(frozen=True)
class Change:
    """One thing that a server wants done, under its own key for it."""

    kind: str
    key: str
    method: str
    path: str
    body: Any


def changes_of(number: int, noted: list[str], chance: Random) -> list[Change]:
    """So many, of every kind: hand adjustments for the most part, as they come from an app."""
    changes = []
    for one in range(number):
        key = f"{chance.getrandbits(64):x}"
        kind = chance.choices((DELTAS, COUNTS, PREVIEWS, JOBS, NOTES), weights=(6, 1, 1, 1, 1))[0]
        if kind == DELTAS:
            delta = chance.choice((-2, -1, 1, 2, 3))
            body: Any = {"delta": delta, "cause": "built"}
            changes.append(Change(kind, key, "PATCH", f"/api/cells/moving/{PLACES[one % 2]}", body))
        elif kind == COUNTS:
            count = {"bom_id": f"counted-{one}", "location_id": PLACES[0], "count": one, "seen": None}
            changes.append(Change(kind, key, "POST", "/api/counts", {"counts": [count]}))
        elif kind == PREVIEWS:
            changes.append(Change(kind, key, "POST", "/api/previews", {"selection": {"bom_ids": ["moving"]}}))
        elif kind == JOBS:
            body = {"direction": "toLocal", "selection": {"bom_ids": ["moving"]}}
            changes.append(Change(kind, key, "POST", "/api/jobs", body))
        else:
            changes.append(Change(kind, key, "POST", f"/api/jobs/{noted[one % NOTED]}/notes", {"text": f"note {one}"}))
    return changes


async def sent(world: ApiWorld, change: Change, key: str) -> Reply:
    """Send it until it is neither under way nor too much."""
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": change.key}
    while True:
        reply = await world.request(change.method, change.path, json=change.body, headers=headers)
        if reply.status not in {409, 429, 503}:
            return reply
        assert "Retry-After" in reply.headers, reply.text


@pytest.mark.parametrize("requests", [pytest.param(120, id="short"), pytest.param(1000, marks=pytest.mark.full)])
async def test_what_comes_twice_and_in_any_order_is_done_once(
    vhost_url: str, mongodb_uri: str, database_name: str, requests: int
) -> None:
    """Through two replicas at once, of every kind of change: one effect each; every repeat gets the first answer."""
    plenty = {"key_requests_per_second": 10_000.0, "shop_key_requests_per_second": 10_000.0, "requests_at_once": 16}
    open_ones = {"open_previews_per_shop": 1000, "open_jobs_per_shop": 1000}
    async with replicas(vhost_url, mongodb_uri, database_name, **plenty, **open_ones) as worlds:
        shop = await worlds[0].shop()
        _, key = await server_key(worlds[0], shop.domain, tuple(Scope))
        chance = Random(11)  # noqa: S311  # reproducible
        noted = [await shop.job([]) for _ in range(NOTED)]
        changes = changes_of(requests // 2, noted, chance)
        for bom in ("moving", *(one.body["counts"][0]["bom_id"] for one in changes if one.kind == COUNTS)):
            await shop.bom(bom, tracks_pre_assembled=True)
        waiting = [*changes, *changes]
        chance.shuffle(waiting)
        answers: dict[str, list[Reply]] = defaultdict(list)

        async def sender(world: ApiWorld) -> None:
            while waiting:
                change = waiting.pop()
                answers[change.key].append(await sent(world, change, key))

        await asyncio.gather(*(sender(worlds[number % 2]) for number in range(SENDERS)))

        for change in changes:
            first, again = answers[change.key]
            assert first.status < 300, first.text
            assert (first.status, first.text) == (again.status, again.text)
            assert sorted("Idempotency-Replayed" in one.headers for one in (first, again)) == [False, True]
        await has_done_each_once(shop, changes, noted)


async def has_done_each_once(shop: ApiShop, changes: list[Change], noted: list[str]) -> None:
    """By the documents: as many of each kind as were wanted, and counts that are their sums."""
    store, wanted = shop.world.mongo.db, Counter(change.kind for change in changes)
    for place in PLACES:
        path = f"/api/cells/moving/{place}"
        deltas = [change.body["delta"] for change in changes if change.path == path]
        assert (await shop.stock("moving", place))["count"] == sum(deltas)
    for change in changes:
        if change.kind == COUNTS:
            (count,) = change.body["counts"]
            assert (await shop.stock(count["bom_id"]))["count"] == count["count"]
    counted = {"shop": shop.domain, "field": "count"}
    assert await store["ledger"].count_documents(counted) == wanted[DELTAS] + wanted[COUNTS]
    assert await store["previews"].count_documents({"shop": shop.domain}) == wanted[PREVIEWS]
    assert await store["jobs"].count_documents({"shop": shop.domain}) == wanted[JOBS] + NOTED
    jobs = [(await shop.call("GET", f"/jobs/{job}")).json for job in noted]
    texts = [note["text"] for job in jobs for note in job["notes"]]
    assert sorted(texts) == sorted(change.body["text"] for change in changes if change.kind == NOTES)


class StoppedClock:
    """Every clock of rates stands still: what is admitted is a matter of counting."""

    def of_process(self) -> float:
        """Seconds."""
        return 0.0

    def of_server(self) -> datetime:
        """The time of day."""
        return NOON


async def test_a_flood_takes_nothing_of_anothers_share(
    vhost_url: str, mongodb_uri: str, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flooded by one shop's server, two replicas admit of it what its bucket holds, and of another's all of its own."""
    rate, clock = 10.0, StoppedClock()
    full = int(rate * BURST)
    monkeypatch.setattr(parts, "KeyRates", partial(KeyRates, clock=clock.of_process))
    monkeypatch.setattr(parts, "RequestShares", partial(RequestShares, clock=clock.of_server))
    limits = {"key_requests_per_second": rate, "shop_key_requests_per_second": rate}
    async with replicas(vhost_url, mongodb_uri, database_name, **limits) as worlds:
        flooding, beside = [await worlds[0].shop() for _ in range(2)]
        keys = {shop.domain: (await server_key(worlds[0], shop.domain, [Scope.READ]))[1] for shop in (flooding, beside)}

        async def asked(shop: ApiShop, number: int) -> Mapping[int, int]:
            headers = {"Authorization": f"Bearer {keys[shop.domain]}"}
            told: Counter[int] = Counter()
            for one in range(number):
                reply = await worlds[one % 2].request("GET", "/api/locations", headers=headers)
                told[reply.status] += 1
            return told

        flood = asyncio.gather(*(asked(flooding, 20) for _ in range(20)))
        # A replica that holds a tenth of the bucket back for itself could refuse the last few of them.
        mine = await asked(beside, full - 2 * int(full / 10))
        assert mine == {200: full - 2 * int(full / 10)}
        told = sum((Counter(one) for one in await flood), Counter())
        assert told[200] <= full
        assert told[200] + told[429] == 400
