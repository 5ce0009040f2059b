"""A shop in the simulator with a running Trueup beside it: what the integration tests act on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
from cryptography.fernet import Fernet
from pydantic import SecretStr
from ulid import ULID

from services.preview.computing.previewer import Previewer
from services.preview.computing.requests import PreviewRequests
from services.preview.computing.turns import TICK, Turns
from services.reconciler.bootstrap import ReconcilerService
from shared.contract.messages import JobCancel, JobOptions, JobRequest, PreviewRequest
from shared.contract.seal import Seals
from shared.contract.selection import SelectionBody
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.job import UNFINISHED_JOB_STATES, JobSource, JobState
from shared.domain.stock import Stock, adjust, observe_read
from shared.domain.words.codes import Code
from shared.kept_messages import KeptMessages
from shared.mongodb.catalogue.boms import Bom, BomStore, SelectedCell
from shared.mongodb.connection import Mongo
from shared.mongodb.inbox.dead_letters import DeadLetterStore
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.schema import Document, key_of
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.stock.stock import StockStore, StockWrite, stock_id
from shared.rabbitmq import topology
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.consuming.consumer import Consumer
from shared.rabbitmq.publishing.publisher import Publisher
from shared.reading.levels import Value, level_of
from shared.reading.locations import refresh_locations
from shared.reading.rows import RowReader
from shared.running.rounds import Rounds
from shared.settings import Settings
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.reads import ShopifyReads
from simulator.http.server import Running, Simulator, start
from simulator.settings import Settings as SimulatorSettings
from tests.stored_access import StoredAccess
from tests.waiting import arrival, changed, stored, writes_to

SHOP = "tests.myshopify.com"
TOKEN = "shpat_tests"  # the simulator's own
CLIENT_ID, CLIENT_SECRET = "client", "the client secret of the tests, of a fair length"
ENDED = [str(state) for state in JobState if state not in UNFINISHED_JOB_STATES]


def new_id() -> str:
    """A fresh ULID."""
    return str(ULID())


def settings_for(amqp_url: str, mongodb_uri: str, database: str, simulator_url: str) -> Settings:
    """The settings of services that talk to the simulator."""
    return Settings(
        amqp_url=SecretStr(amqp_url),
        mongodb_uri=SecretStr(mongodb_uri),
        mongodb_database=database,
        shopify_client_id=CLIENT_ID,
        shopify_client_secret=SecretStr(CLIENT_SECRET),
        shopify_url=f"{simulator_url}/{{shop}}",
        token_keys=[SecretStr(Fernet.generate_key().decode())],
        port=0,
        operations_port=0,
        log_level="warning",
    )


@dataclass
class ShopWorld:
    """One shop, its simulator, and the stores behind Trueup."""

    settings: Settings
    running: Running
    mongo: Mongo
    http: aiohttp.ClientSession
    publisher: Publisher
    reads: ShopifyReads
    boms: BomStore
    stock: StockStore
    shops: ShopStore
    locations: list[str] = field(default_factory=list)
    items: dict[str, str] = field(default_factory=dict)

    async def control(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        """A call of the simulator's control API; `path` is below the shop unless it starts with a slash."""
        where = path if path.startswith("/") else f"/control/shops/{SHOP}/{path}"

        async def called() -> Any:
            async with self.http.request(method, self.running.url + where, json=body) as response:
                answer = await response.json()
                assert response.status < 300, answer
                return answer

        # Some calls return when webhooks have come, which are written down.
        return await arrival(called(), what=f"an answer to {method} {where}", progress=writes_to(self.mongo.db))

    async def add_boms(self, levels: Mapping[str, Sequence[int]], *, tracks: bool = False, age: int = 3600) -> None:
        """Items in the simulator with these levels at the locations in order, each mapped to a BOM of that id."""
        names = sorted(levels)
        body = [
            {
                "sku": name,
                "levels": [
                    {"location_id": location, "available": available, "age_seconds": age}
                    for location, available in zip(self.locations, levels[name], strict=True)
                ],
            }
            for name in names
        ]
        made = await self.control("items", {"items": body})
        for name, item in zip(names, made["items"], strict=True):
            self.items[name] = item["id"]
        boms = [Bom(name, self.items[name], f"BOM {name}", tracks_pre_assembled=tracks) for name in names]
        await self.mongo.db["boms"].insert_many([_bom_document(bom) for bom in boms])
        cells = [SelectedCell(CellKey(bom.bom_id, loc), bom) for bom in boms for loc in self.locations]
        await self.boms.ensure_stock(SHOP, cells)

    async def agree(self, bom_ids: Sequence[str] | None = None) -> None:
        """Read every level and make the base, and a tracked count, equal to it: a shop freshly in agreement."""
        chosen = sorted(bom_ids or self.items)
        known = await self.boms.locations(SHOP)
        for part in [chosen[i : i + 250] for i in range(0, len(chosen), 250)]:
            read = await self.reads.items(SHOP, [self.items[b] for b in part], locations=len(self.locations))
            keys = [CellKey(bom, location) for bom in part for location in self.locations]
            present = await self.stock.load(SHOP, keys)
            writes = []
            for key, cell in present.items():
                level = level_of(read.items[cell.item_id], key.location_id, known.get(key.location_id))
                if isinstance(level, Value):
                    change = observe_read(cell.stock, level.quantity, level.time)
                    if change.stock.tracks:
                        agreed = replace(change.stock, count=level.quantity, never_agreed=False)
                        change = replace(change, stock=agreed)
                    writes.append(StockWrite(key, cell.stock, change, "test", "agree"))
            for chunk in [writes[i : i + 200] for i in range(0, len(writes), 200)]:
                await self.mongo.transactions.run(lambda s, chunk=chunk: self.stock.write(s, SHOP, chunk))  # type: ignore[misc]  # a bound default

    async def hand(self, bom_id: str, location_id: str, delta: int) -> None:
        """A hand adjustment of a tracked count."""
        key = CellKey(bom_id, location_id)
        cell = (await self.stock.load(SHOP, [key]))[key]
        write = StockWrite(key, cell.stock, adjust(cell.stock, delta), "corrected", "test")
        await self.mongo.transactions.run(lambda session: self.stock.write(session, SHOP, [write]))

    async def cell(self, bom_id: str, location_id: str) -> Stock:
        """The stock of a cell."""
        key = CellKey(bom_id, location_id)
        return (await self.stock.load(SHOP, [key]))[key].stock

    async def shopify(self) -> dict[CellKey, int]:
        """What the simulator holds, by cell of our BOMs."""
        by_item = {item: bom for bom, item in self.items.items()}
        levels = (await self.control("levels", method="GET"))["levels"]
        return {
            CellKey(by_item[level["item_id"]], level["location_id"]): level["available"]
            for level in levels
            if level["item_id"] in by_item
        }

    async def sell(self, bom_id: str, location_id: str, quantity: int = 1, *, age: float = 0) -> None:
        """An order in the shop, `age` seconds ago: Shopify dates to the second."""
        line = {"item_id": self.items[bom_id], "location_id": location_id, "quantity": quantity, "age_seconds": age}
        await self.control("sell", {"lines": [line]})

    async def edit(self, values: Mapping[tuple[str, str], int], *, silent: bool = True, age: int = 3600) -> None:
        """Set levels at Shopify by somebody else's hand; silent: without a webhook."""
        levels = [
            {
                "item_id": self.items[bom],
                "location_id": location,
                "available": value,
                "age_seconds": age,
                "silent": silent,
            }
            for (bom, location), value in values.items()
        ]
        await self.control("edit", {"levels": levels})

    async def request(
        self,
        direction: Direction,
        selection: Mapping[str, Any] | None = None,
        *,
        preview_id: str | None = None,
        source: JobSource = JobSource.API,
        of_job_id: str | None = None,
        with_not_compared: bool = False,
        job_id: str | None = None,
        options: JobOptions | None = None,
        without_codes: list[Code] | None = None,
    ) -> str:
        """Publish a job request; returns its id."""
        message = JobRequest(
            shop=SHOP,
            job_id=job_id or new_id(),
            direction=direction,
            selection=SelectionBody.model_validate(selection or {"bom_ids": "all"}),
            preview_id=preview_id,
            source=source,
            requested_by="tests",
            of_job_id=of_job_id,
            with_not_compared=with_not_compared,
            options=options or JobOptions(),
            without_codes=without_codes,
        )
        await self.publisher.command(topology.JOB_REQUEST, message)
        return message.job_id

    async def cancel(self, job_id: str) -> None:
        """Publish a cancellation."""
        await self.publisher.command(topology.JOB_CANCEL, JobCancel(shop=SHOP, job_id=job_id))

    async def ended(self, job_id: str) -> Document:
        """Wait until the job has ended; returns its document."""
        return await self.document("jobs", job_id, lambda job: job["state"] in ENDED)

    async def document(self, collection: str, name: str, wanted: Callable[[Document], bool]) -> Document:
        """Wait until a document is as wanted; returns it."""
        return await stored(
            self.mongo.db[collection], {"_id": key_of(SHOP, name)}, wanted, what=f"{name} of {collection} as wanted"
        )

    async def published(self, job_id: str) -> None:
        """Wait until the broker has the first cells of the job."""
        await self.document("jobs", job_id, lambda job: job.get("published_to", 0) > 0 and job["publishing"] is None)

    async def document_where(self, collection: str, condition: Document) -> Document:
        """Wait until a document of the shop fits the condition; returns it."""
        return await stored(self.mongo.db[collection], {"shop": SHOP, **condition})

    async def verified(self) -> None:
        """Wait until no cell asks for a verifying read any more."""
        wanted = self.mongo.db["reads_wanted"]

        async def none_is_due() -> bool:
            return await wanted.find_one({"shop": SHOP}) is None

        await changed(wanted, none_is_due, what="every verifying read")

    async def run(self, direction: Direction, selection: Mapping[str, Any] | None = None, **more: Any) -> Document:
        """Request a job and wait for its end."""
        return await self.ended(await self.request(direction, selection, **more))

    async def preview(self, selection: Mapping[str, Any] | None = None) -> str:
        """Request a preview and wait until it is ready; needs a running previewer."""
        message = PreviewRequest(
            shop=SHOP, preview_id=new_id(), selection=SelectionBody.model_validate(selection or {"bom_ids": "all"})
        )
        await self.publisher.command(topology.PREVIEW_REQUEST, message)
        document = await self.document("previews", message.preview_id, lambda p: p["state"] in {"ready", "failed"})
        assert document["state"] == "ready", document["failure"]
        return message.preview_id

    async def cells(self, job_id: str) -> dict[CellKey, Document]:
        """The cells of a job."""
        cursor = self.mongo.db["cells"].find({"shop": SHOP, "job_id": job_id})
        return {CellKey(cell["bom_id"], cell["location_id"]): cell async for cell in cursor}

    async def ledger(self) -> list[Document]:
        """The simulator's ledger of changes made through its API."""
        answer = await self.control("ledger", method="GET")
        return [entry for entry in answer["entries"] if entry["cause"] == "api"]

    async def calls(self) -> dict[str, dict[str, int]]:
        """Calls and points by operation, by the simulator's count."""
        answer: dict[str, dict[str, int]] = (await self.control("calls", method="GET"))["operations"]
        return answer


def _bom_document(bom: Bom) -> Document:
    return {
        "_id": key_of(SHOP, bom.bom_id),
        "shop": SHOP,
        "bom_id": bom.bom_id,
        "inventory_item_id": bom.inventory_item_id,
        "name": bom.name,
        "name_lower": bom.name.lower(),
        "tags": list(bom.tags),
        "tracks_pre_assembled": bom.tracks_pre_assembled,
        "externally_managed": bom.externally_managed,
        "cells_no": 0,
    }


@asynccontextmanager
async def shop_world(
    amqp_url: str,
    mongodb_uri: str,
    database: str,
    *,
    locations: int = 4,
    backoff: float = 1.0,
    plan: str | Sequence[int] = "standard",
) -> AsyncIterator[ShopWorld]:
    """A simulator with one shop, and the stores; services are started by the test.

    `backoff` compresses the retries of webhooks; `plan`: one of Shopify's, or a bucket's points and points per second.
    """
    pace = SimulatorSettings(webhook_backoff_factor=backoff)
    running = await start(Simulator(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, settings=pace))
    settings = settings_for(amqp_url, mongodb_uri, database, running.url)
    mongo = Mongo(mongodb_uri, database)
    await mongo.prepare()
    await declare_topology(amqp_url)
    publisher = await Publisher.open(amqp_url, "tests", Seals([CLIENT_SECRET]))
    shops = ShopStore(mongo.db, settings.fernet_keys)
    boms = BomStore(mongo.db, mongo.transactions)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as http:
        access = StoredAccess(mongo.db, settings.fernet_keys)
        client = ShopifyClient(http, access, settings.shopify_url, settings.shopify_api_version)
        world = ShopWorld(
            settings, running, mongo, http, publisher, ShopifyReads(client), boms, StockStore(mongo.db), shops
        )
        made = await world.control(
            "/control/shops",
            {
                "domain": SHOP,
                "access_token": TOKEN,
                "plan": plan,
                "locations": [{"name": f"Location {n}"} for n in range(1, locations + 1)],
            },
        )
        world.locations = sorted(location["id"] for location in made["locations"])
        await shops.add(SHOP, TOKEN)
        await refresh_locations(SHOP, boms, world.reads)
        try:
            yield world
        finally:
            await publisher.close()
            await running.close()
            mongo.close()


@asynccontextmanager
async def reconciler(world: ShopWorld, **more: Any) -> AsyncIterator[ReconcilerService]:
    """A reconciler in this process."""
    service = await ReconcilerService.start(world.settings, **more)
    try:
        yield service
    finally:
        await service.stop()


@asynccontextmanager
async def previewer(world: ShopWorld) -> AsyncIterator[None]:
    """Previews in this process: requests from their queue, computed in turn."""
    seals = Seals(world.settings.client_secrets)
    keeper = KeptMessages(DeadLetterStore(world.mongo.db), seals)
    consumer = await Consumer.open(world.settings.amqp_url.get_secret_value(), "previewer", keeper, seals=seals)
    rows = RowReader(world.boms, world.stock, world.reads)
    store = PreviewStore(world.mongo.db, world.mongo.transactions)
    computing = Previewer(store, world.boms, rows, world.reads, world.publisher)
    turns = Turns(store, computing.compute, computing.give_up)
    most = world.settings.open_previews_per_shop
    requests = PreviewRequests(store, world.boms, world.publisher, max_open=most, wake=turns.wake)
    rounds = Rounds()
    rounds.begin("previews", turns.round, TICK, rest=turns.news, finish=turns.finish)
    await consumer.handle(topology.PREVIEWS, requests.handle, prefetch=4)
    try:
        yield
    finally:
        await consumer.stop()
        await rounds.stop()
        await consumer.close()


__all__ = [
    "SHOP",
    "ShopWorld",
    "new_id",
    "previewer",
    "reconciler",
    "shop_world",
    "stock_id",
]
