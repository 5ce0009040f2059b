"""One shop of the simulator with its documents, and workers as the reconciler composes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, cast

import aiohttp

from services.reconciler.worker.cells.cell_worker import CellWorker
from services.reconciler.worker.role import compose_cell_worker
from services.webhook_ingest.indexer.levels import LevelIndexer
from shared.contract.messages import Message
from shared.domain.cell import CellKey
from shared.domain.stock import Stock
from shared.mongodb.catalogue.app_records import RecordStore
from shared.mongodb.catalogue.boms import Bom, BomStore
from shared.mongodb.connection import Mongo
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.inbox.webhook_inbox import WebhookInbox
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.jobs.pushes import PushStore
from shared.mongodb.schema import Document, key_of
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.stock.stock import StockStore, new_stock
from shared.rabbitmq.publishing.publisher import Publisher
from shared.reading.locations import refresh_locations
from shared.reading.rows import RowReader
from shared.reading.verify import Verifier
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.reads import ShopifyReads
from simulator.settings import Plan
from simulator.shop.stocking import NewVariant, add_location, add_product
from simulator.simulation import Simulator, Tenant
from tests.integration.switches.busy_session import BusySession, Meanwhile
from tests.integration.switches.step_clock import StepClock
from tests.integration.switches.street import Street
from tests.stored_access import StoredAccess

TOKEN = "shpat_switches"  # the simulator's own
OLD = 3600.0


class Unheard:
    """Takes the events of a worker; the documents are what counts."""

    async def finished_event(self, key: str, message: Message) -> None:
        """Nobody listens."""


@dataclass
class Ground:
    """What all histories of a run share."""

    mongo: Mongo
    http: aiohttp.ClientSession
    simulator: Simulator
    url: str
    clock: StepClock
    keys: Sequence[str]


class SwitchShop:
    """One shop. `meanwhile` is what goes on around its calls."""

    def __init__(self, ground: Ground, domain: str, version: str, meanwhile: Meanwhile) -> None:
        self.ground, self.domain, self.version, self.meanwhile = ground, domain, version, meanwhile
        mongo = ground.mongo
        self.shops = ShopStore(mongo.db, list(ground.keys))
        self.boms = BomStore(mongo.db, mongo.transactions)
        self.stock, self.cells = StockStore(mongo.db), CellStore(mongo.db)
        self.records = RecordStore(mongo.db, mongo.transactions)
        self.jobs, self.pushes = JobStore(mongo.db, mongo.transactions), PushStore(mongo.db)
        self.tenant: Tenant

    def client(self) -> ShopifyClient:
        """A client of its own, as another process has it."""
        session = cast("aiohttp.ClientSession", BusySession(self.ground.http, self.meanwhile))
        access = StoredAccess(self.ground.mongo.db, self.ground.keys)
        return ShopifyClient(session, access, self.ground.url + "/{shop}", self.version, clock=self.ground.clock)

    def worker(self) -> CellWorker:
        """A worker of a process of its own."""
        publisher = cast("Publisher", Unheard())
        return compose_cell_worker(self.ground.mongo, self.client(), publisher, pauses=(0.0, 0.0, 0.0))

    async def open(self, random: Random) -> Street:
        """Make the shop: some items at two locations, in agreement an hour ago, most of them tracked."""
        ground, now = self.ground, self.ground.clock.now()
        plan = Plan(2000, 100)
        self.tenant = ground.simulator.add_shop(self.domain, TOKEN, plan=plan, name=self.domain, timezone="UTC")
        shop = self.tenant.shop
        places = [add_location(shop, f"Location {n}", now).id for n in range(2)]
        boms, stock = [], []
        cells: dict[CellKey, str] = {}
        tracked: set[str] = set()
        street = Street(
            shop=self.domain,
            tenant=self.tenant,
            mongo=ground.mongo,
            stock=self.stock,
            indexer=LevelIndexer(
                ground.mongo.transactions,
                self.boms,
                self.stock,
                WebhookInbox(ground.mongo.db),
                DriftStore(ground.mongo.db),
            ),
            random=random,
            cells=cells,
            tracked=tracked,
            clock=ground.clock,
        )
        for number in range(random.randint(2, 4)):
            name = "ABCD"[number]
            product = add_product(shop, name, [NewVariant("Default Title", True, sku=name)], now)
            item = product.variants[0].item
            boms.append(_bom(self.domain, Bom(name, item.id, f"BOM {name}", tracks_pre_assembled=number > 0)))
            if number > 0 or random.random() < 0.6:
                tracked.add(name)
            for place in places:
                key = CellKey(name, place)
                quantity = random.randint(0, 12)
                seed = street.cause("seed", age=OLD, silent=True)
                self.tenant.stock.set_available(shop.add_level(item, shop.locations[place], seed.at), quantity, seed)
                agreed = Stock(
                    base=quantity,
                    base_time=seed.at.replace(microsecond=0),
                    count=quantity if name in tracked else None,
                )
                stock.append(new_stock(self.domain, key, item.id, agreed))
                cells[key] = item.id
        await self.shops.add(self.domain, TOKEN, allow_negative=True)
        await ground.mongo.db["boms"].insert_many(boms)
        await ground.mongo.db["stock"].insert_many(stock)
        await refresh_locations(self.domain, self.boms, ShopifyReads(self.client()))
        street.collect()
        return street

    def verifier(self) -> Verifier:
        """A reader of verifying reads."""
        return Verifier(self.ground.mongo.transactions, self.boms, self.stock, ShopifyReads(self.client()))

    def row_reader(self) -> RowReader:
        """A reader of previews."""
        return RowReader(self.boms, self.stock, ShopifyReads(self.client()))


def _bom(shop: str, bom: Bom) -> Document:
    values: dict[str, Any] = {
        "inventory_item_id": bom.inventory_item_id,
        "name": bom.name,
        "name_lower": bom.name.lower(),
        "tags": [],
        "tracks_pre_assembled": bom.tracks_pre_assembled,
        "externally_managed": False,
        "cells_no": 0,
    }
    return {"_id": key_of(shop, bom.bom_id), "shop": shop, "bom_id": bom.bom_id, **values}
