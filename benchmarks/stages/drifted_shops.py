"""Shops with every cell in drift: their items in the simulator, their records written in bulk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from benchmarks.stages.crew import Crew
from deploy.local.demo.stage import TOKEN
from shared.domain.batches import batches
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.stock import Stock
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.connection import Mongo
from shared.mongodb.drift.sweeps import SweepStore
from shared.mongodb.schema import Document, key_of
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.stock.stock import new_stock
from shared.reading.locations import refresh_locations
from shared.settings import Settings
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.reads import ShopifyReads
from tests.stored_access import StoredAccess

BASE, COUNTED, MOVED = 50, 57, 55
"""What both sides agreed on; what was counted by hand since, for a push; what Shopify has moved to, for a pull."""

UNLIMITED = (1e9, 1e9)
_AT_ONCE = 250


class DriftedShops:
    """Makes them, and says whether they are in agreement afterwards."""

    def __init__(self, stage: Crew, mongo: Mongo, http: aiohttp.ClientSession, *, plan: Any = UNLIMITED) -> None:
        self._stage = stage
        self._mongo = mongo
        self._http = http
        self._plan = plan
        settings = stage.settings
        self._shops = shop_store(settings, mongo)
        self._sweeps = SweepStore(mongo.db)
        self._boms = BomStore(mongo.db, mongo.transactions)
        access = StoredAccess(mongo.db, settings.fernet_keys)
        client = ShopifyClient(http, access, settings.shopify_url, settings.shopify_api_version)
        self._reads = ShopifyReads(client)

    async def control(self, path: str, body: Any = None, method: str = "POST") -> Any:
        """A call of the simulator's control API."""
        async with self._http.request(method, f"{self._stage.simulator}/control/{path}", json=body) as response:
            response.raise_for_status()
            return await response.json()

    async def make(self, shop: str, direction: Direction | None, boms: int, places: int) -> list[tuple[str, str]]:
        """A shop whose cells all differ; returns item and location of each.

        Without a direction Trueup does not know it: it is a peer's, which pushes without records.
        """
        made = await self.control(
            "shops",
            {
                "domain": shop,
                "access_token": TOKEN,
                "plan": self._plan,
                "locations": [{"name": f"Place {number}"} for number in range(places)],
            },
        )
        ids = [place["id"] for place in made["locations"]]
        if direction is not None:
            await self._shops.add(shop, TOKEN)
            # A new shop is swept at once, as a whole: no part of what is measured, so its turn comes tomorrow.
            await self._sweeps.swept(shop, next_at=datetime.now(UTC) + timedelta(days=1), asked_at=None)
            await refresh_locations(shop, self._boms, self._reads)
        pull = direction is Direction.TO_LOCAL
        levels = [{"location_id": place, "available": MOVED if pull else BASE, "age_seconds": 3600} for place in ids]
        cells: list[tuple[str, str]] = []
        for numbers in batches(range(boms), _AT_ONCE):
            body = {"items": [{"sku": f"S-{number:05}", "levels": levels} for number in numbers]}
            items = [item["id"] for item in (await self.control(f"shops/{shop}/items", body))["items"]]
            cells += [(item, place) for item in items for place in ids]
            if direction is not None:
                names = [f"BOM-{number:05}" for number in numbers]
                await self.record(shop, dict(zip(names, items, strict=True)), ids, pull=pull)
        return cells

    async def record(self, shop: str, items: dict[str, str], places: list[str], *, pull: bool) -> None:
        """The records of these BOMs: their stock as counted for a push, or as both agreed for a pull."""
        await self._mongo.db["boms"].insert_many([bom_document(shop, *one) for one in items.items()], ordered=False)
        seen = Stock(
            base=BASE,
            base_time=datetime.now(UTC) - timedelta(hours=3),
            count=BASE if pull else COUNTED,
            manual_total=0 if pull else COUNTED - BASE,
            tracks_rev=1,
            rev=2,
        )
        stock = [new_stock(shop, CellKey(bom, place), item, seen) for bom, item in items.items() for place in places]
        await self._mongo.db["stock"].insert_many(stock, ordered=False)

    async def at_shopify(self, shop: str) -> set[int]:
        """The values that the shop's levels have."""
        levels = (await self.control(f"shops/{shop}/levels", method="GET"))["levels"]
        return {level["available"] for level in levels}

    async def counts(self, shop: str) -> set[int]:
        """The values that the shop's own counts have."""
        return set(await self._mongo.db["stock"].distinct("count", {"shop": shop}))

    async def agreed(self, shop: str, direction: Direction) -> bool:
        """Whether both sides have what the job was to bring to the other one."""
        wanted = {COUNTED if direction is Direction.TO_SHOPIFY else MOVED}
        return await self.at_shopify(shop) == wanted == await self.counts(shop)


def shop_store(settings: Settings, mongo: Mongo) -> ShopStore:
    """Where shops are added."""
    return ShopStore(mongo.db, settings.fernet_keys)


def bom_document(shop: str, bom: str, item: str) -> Document:
    """A BOM that tracks pre-assembled stock."""
    return {
        "_id": key_of(shop, bom),
        "shop": shop,
        "bom_id": bom,
        "inventory_item_id": item,
        "name": bom,
        "name_lower": bom.lower(),
        "tags": [],
        "tracks_pre_assembled": True,
        "externally_managed": False,
        "cells_no": 0,
    }
