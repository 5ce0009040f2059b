"""What one shop that asks for everything at once costs another: its preview, its page, its outgoing webhook.

Each is measured twenty times while all is quiet, and twenty times while the other shop asks for 200 previews, opens 500
event streams, sends 2,000 requests a second, and has 80 receivers that take its outgoing webhooks and never answer.
Every service is a process of its own, and so is the crowd. The ratio is of medians within one run.
`python -m benchmarks.fairness [--times 20] [--requests 2000] [--connections 40]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import jwt
from aiohttp import web
from ulid import ULID

from benchmarks.measuring.machine import described
from deploy.local.demo.stage import CLIENT_ID, CLIENT_SECRET, Stage
from deploy.local.run_directory import RUN_DIRECTORY
from shared.contract.messages import JobOptions
from shared.contract.selection import SelectionBody
from shared.domain.schedule import Action, Missed, Timing
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.connection import Mongo
from shared.mongodb.schedules.schedule import ScheduleWanted
from shared.mongodb.schedules.schedules import ScheduleStore
from shared.mongodb.schema import Database, key_of
from shared.mongodb.shops.shops import ShopStore
from shared.reading.locations import refresh_locations
from shared.serving.server import start_server
from shared.settings import Settings
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.reads import ShopifyReads
from tests.stored_access import StoredAccess

GREEDY, QUIET = "greedy.myshopify.com", "quiet.myshopify.com"
PAGE = ("/boms?with_cells=true&limit=50", "/locations", "/facets", "/jobs?open=true&limit=5", "/drift?limit=1")
"""What the page reads as it opens."""

_SECRET = "of a fair length for a test"  # noqa: S105  # of receivers on this machine


@dataclass(frozen=True)
class Size:
    """What the greedy shop asks for. `requests`: a second."""

    previews: int = 200
    streams: int = 500
    pits: int = 80
    requests: int = 2000
    connections: int = 40


@dataclass
class Told:
    """What became of it."""

    previews: Counter[int] = field(default_factory=Counter)
    streams: Counter[int] = field(default_factory=Counter)
    requests: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0


def session_token(shop: str, user: str = "1", *, secret: str = CLIENT_SECRET, client_id: str = CLIENT_ID) -> str:
    """A session token as Shopify signs them, of ten minutes."""
    now = int(time.time())
    claims = {
        "iss": f"https://{shop}/admin",
        "dest": f"https://{shop}",
        "aud": client_id,
        "sub": user,
        "exp": now + 600,
        "nbf": now - 5,
        "iat": now,
        "jti": str(ULID()),
        "sid": "crowd",
    }
    with warnings.catch_warnings():
        # The secret of the demo is a short one: it signs for this machine only.
        warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
        return jwt.encode(claims, secret, algorithm="HS256")


Token = Callable[[str, str], str]
"""A session token of a shop and a user."""


class Crowd:
    """The greedy shop: everything at once, again and again, until it is told to stop."""

    def __init__(self, api: str, token: Token, size: Size) -> None:
        self._api = api
        self._token = token
        self._size = size
        self.told = Told()

    async def run(self, begun: Callable[[], None], end: asyncio.Event) -> None:
        """Ask for all of it; `begun` is called once every stream and preview was asked for and answered."""
        started = time.monotonic()
        none = aiohttp.ClientTimeout(total=None)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=none, connector=connector) as http, asyncio.TaskGroup() as group:
            lasting = [group.create_task(self._previews(http, end))]
            lasting += [group.create_task(self._requests(end)) for _ in range(self._size.connections)]
            preview_id = str(ULID())
            await self._preview(http, preview_id)
            opened = [self._stream(group, http, preview_id, user) for user in range(self._size.streams)]
            lasting += [task for task in await asyncio.gather(*opened) if task is not None]
            begun()
            await end.wait()
            self.told.seconds = time.monotonic() - started
            for task in lasting:
                task.cancel()

    async def _preview(self, http: aiohttp.ClientSession, preview_id: str) -> int:
        body = {"preview_id": preview_id, "selection": {"bom_ids": "all"}}
        headers = {"Authorization": f"Bearer {self._token(GREEDY, '1')}"}
        async with http.post(f"{self._api}/api/previews", json=body, headers=headers) as response:
            self.told.previews[response.status] += 1
            return response.status

    async def _previews(self, http: aiohttp.ClientSession, end: asyncio.Event) -> None:
        while not end.is_set():
            await asyncio.gather(*(self._preview(http, str(ULID())) for _ in range(self._size.previews)))
            await asyncio.sleep(1)

    async def _stream(
        self, group: asyncio.TaskGroup, http: aiohttp.ClientSession, preview_id: str, user: int
    ) -> asyncio.Task[None] | None:
        """Open one; those that are refused are tried again later by none, as 500 tabs would not either."""
        url = f"{self._api}/api/previews/{preview_id}/events"
        headers = {"Authorization": f"Bearer {self._token(GREEDY, str(user % 10))}"}
        response = await http.get(url, headers=headers)
        self.told.streams[response.status] += 1
        if response.status != HTTPStatus.OK:
            response.close()
            return None

        async def read() -> None:
            with suppress(aiohttp.ClientError):
                async for _ in response.content:
                    pass

        return group.create_task(read())

    async def _requests(self, end: asyncio.Event) -> None:
        """One connection's share of the requests, by hand: a client library could not send so many."""
        parts = urlsplit(self._api)
        every = self._size.connections / self._size.requests
        head = f"GET /api/locations HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer "
        request = f"{head}{self._token(GREEDY, '1')}\r\n\r\n".encode()
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            due = time.monotonic()
            while not end.is_set():
                writer.write(request)
                lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
                length = next(int(line[15:]) for line in lines if line.lower().startswith(b"content-length:"))
                await reader.readexactly(length)
                self.told.requests[int(lines[0][9:12])] += 1
                due = max(due + every, time.monotonic() - 1)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
        finally:
            writer.close()


@dataclass
class Receiver:
    """Where outgoing webhooks go: `/quick` answers, `/pit` never does."""

    url: str = ""
    arrived: dict[str, asyncio.Event] = field(default_factory=dict)
    pits: int = 0
    """Deliveries that were taken and never answered."""

    async def take(self, request: web.Request) -> web.Response:
        """One delivery."""
        if request.path == "/pit":
            self.pits += 1
            await asyncio.Event().wait()
        self.arrived.setdefault(request.headers["webhook-id"], asyncio.Event()).set()
        return web.Response(status=204)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver on this machine."""
    made, app = Receiver(), web.Application()
    app.router.add_post("/{where}", made.take)
    server = await start_server(app, "127.0.0.1", 0, shutdown_timeout=0.1)
    made.url = f"http://127.0.0.1:{server.port}"
    try:
        yield made
    finally:
        await server.close()


async def due_outcome(database: Database, settings: Settings, shop: str, url: str) -> str:
    """A run that has ended just now and is to be told to this address; returns its id."""
    store = ScheduleStore(database, settings.fernet_keys)
    schedule_id, run_id, now = str(ULID()), str(ULID()), datetime.now(UTC)
    wanted = ScheduleWanted(
        name="Told",
        enabled=False,
        action=Action.PREVIEW,
        direction=None,
        selection=SelectionBody(bom_ids="all"),
        options=JobOptions(),
        timing=Timing.hourly(0),
        time_zone="UTC",
        missed=Missed.RUN_ONCE,
    )
    await store.put(shop, schedule_id, wanted, next_at=None, target_url=url, secret=_SECRET, by="crowd")
    run: dict[str, Any] = {"_id": key_of(shop, run_id), "shop": shop, "run_id": run_id, "schedule_id": schedule_id}
    run |= {"name": "Told", "action": "preview", "state": "ended", "outcome": "ready", "reason": None, "figures": None}
    run |= dict.fromkeys(("due_at", "at", "asked_at", "ended_at"), now)
    run["telling"] = {"state": "due", "at": now, "tries": 0, "detail": None}
    await database["schedule_runs"].insert_one(run)
    return run_id


class QuietShop:
    """The shop beside it; each act answers when it is done, and raises AssertionError where it was refused."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        api: str,
        token: Token,
        *,
        database: Database,
        settings: Settings,
        hook: Receiver,
    ) -> None:
        self._http = http
        self._api = api
        self._token = token
        self._database = database
        self._settings = settings
        self._hook = hook

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token(QUIET, '1')}"}

    async def _get(self, path: str) -> bytes:
        async with self._http.get(f"{self._api}/api{path}", headers=self._headers()) as response:
            body = await response.read()
            if response.status != HTTPStatus.OK:
                raise AssertionError(f"{path}: {response.status} {body[:200]!r}")
            return body

    async def page(self) -> None:
        """All that the page reads as it opens."""
        await asyncio.gather(*(self._get(path) for path in PAGE))

    async def preview(self) -> None:
        """A preview of everything, followed to its end."""
        body = {"preview_id": str(ULID()), "selection": {"bom_ids": "all"}}
        async with self._http.post(f"{self._api}/api/previews", json=body, headers=self._headers()) as response:
            if response.status != HTTPStatus.ACCEPTED:
                raise AssertionError(f"a preview: {response.status} {await response.text()}")
        states = (await self._get(f"/previews/{body['preview_id']}/events")).splitlines()
        last = json.loads([line for line in states if line.startswith(b"data: ")][-1].removeprefix(b"data: "))
        if last["state"] != "ready":
            raise AssertionError(f"a preview: {last}")

    async def outgoing(self) -> None:
        """A run's end that is told to the shop's own receiver."""
        run_id = await due_outcome(self._database, self._settings, QUIET, f"{self._hook.url}/quick")
        await self._hook.arrived.setdefault(run_id, asyncio.Event()).wait()

    @property
    def acts(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What is measured."""
        return {"preview": self.preview, "page": self.page, "outgoing webhook": self.outgoing}


async def seconds_of(shop: QuietShop, times: int) -> dict[str, list[float]]:
    """How long each act takes, so many times in turn."""
    taken: dict[str, list[float]] = {name: [] for name in shop.acts}
    for _ in range(times):
        for name, act in shop.acts.items():
            began = time.perf_counter()
            await act()
            taken[name].append(time.perf_counter() - began)
            await asyncio.sleep(0.05)
    return taken


async def make_shops(simulator: str, mongo: Mongo, settings: Settings, boms: dict[str, int]) -> None:
    """Both shops in the simulator and in the records, each with so many BOMs at two locations."""
    shops = ShopStore(mongo.db, settings.fernet_keys)
    store, records = BomStore(mongo.db, mongo.transactions), RecordStore(mongo.db, mongo.transactions)
    async with aiohttp.ClientSession() as http:
        access = StoredAccess(mongo.db, settings.fernet_keys)
        reads = ShopifyReads(ShopifyClient(http, access, settings.shopify_url, settings.shopify_api_version))
        for shop, number in boms.items():
            places = [{"name": f"Place {place}"} for place in range(2)]
            body: dict[str, Any] = {"domain": shop, "access_token": f"shpat_{shop}", "locations": places}
            async with http.post(f"{simulator}/control/shops", json=body | {"plan": "plus"}) as response:
                made = await response.json()
            levels = [{"location_id": place["id"], "available": 5} for place in made["locations"]]
            items = [{"sku": f"S{item}", "levels": levels} for item in range(number)]
            async with http.post(f"{simulator}/control/shops/{shop}/items", json={"items": items}) as response:
                known = (await response.json())["items"]
            await shops.add(shop, f"shpat_{shop}")
            await refresh_locations(shop, store, reads)
            for place, item in enumerate(known):
                await records.upsert(shop, WantedBom(f"B{place:03}", item["id"], f"BOM {place}"), reference="crowd")


async def _crowd(api: str, size: Size) -> None:
    """The crowd's own process: tells on standard output when all has begun, and what became of it after a line came."""
    crowd, end = Crowd(api, session_token, size), asyncio.Event()
    reading = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    reading.add_done_callback(lambda _: end.set())
    await crowd.run(lambda: print("begun", flush=True), end)  # noqa: T201  # how it tells
    print(json.dumps(vars(crowd.told)), flush=True)  # noqa: T201  # how it tells


async def measure(times: int, size: Size, notes: dict[str, Any]) -> dict[str, Any]:
    """Each act so many times, quiet and beside. `notes` is told on what it was measured."""
    os.environ["TRUEUP_PRIVATE_TARGETS"] = "true"
    async with Stage(RUN_DIRECTORY / "fairness") as stage, receiver() as hook, aiohttp.ClientSession() as http:
        settings = stage.settings
        mongo = Mongo(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
        api = f"http://127.0.0.1:{stage.ports['preview']}"
        try:
            if not notes:
                notes.update(await described(stage.nodes.management_url, mongo))
            await make_shops(stage.simulator, mongo, settings, {GREEDY: 500, QUIET: 20})
            shop = QuietShop(http, api, session_token, database=mongo.db, settings=settings, hook=hook)
            await seconds_of(shop, 3)
            quiet = await seconds_of(shop, times)
            for _ in range(size.pits):
                await due_outcome(mongo.db, settings, GREEDY, f"{hook.url}/pit")
            sizes = ["--requests", str(size.requests), "--connections", str(size.connections)]
            command = [sys.executable, "-m", "benchmarks.fairness", "--crowd", api, *sizes]
            pipe = asyncio.subprocess.PIPE
            crowd = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
            if crowd.stdout is None or (await crowd.stdout.readline()).strip() != b"begun":
                raise SystemExit("the crowd did not begin")
            beside = await seconds_of(shop, times)
            told, _ = await crowd.communicate(b"enough\n")
        finally:
            mongo.close()
    figures: dict[str, Any] = {"crowd": json.loads(told)}
    for name in quiet:
        before, after = statistics.median(quiet[name]), statistics.median(beside[name])
        figures[name] = {"quiet": round(before, 4), "beside": round(after, 4), "ratio": round(after / before, 2)}
    return figures


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--requests", type=int, default=Size.requests)
    parser.add_argument("--connections", type=int, default=Size.connections, help="over which they are sent")
    parser.add_argument("--crowd", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    size = Size(requests=asked.requests, connections=asked.connections)
    if asked.crowd is not None:
        asyncio.run(_crowd(asked.crowd, size))
        return
    print(json.dumps(asyncio.run(measure(asked.times, size, {})), indent=2))  # noqa: T201  # the figures


if __name__ == "__main__":
    main()
