"""A development store of the simulator, certified in this process on a clock that nobody waits for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from cryptography.fernet import Fernet

from shared.certifying.certification import PROBES, Asked, Certification, Probe
from shared.certifying.facts import FACTS
from shared.certifying.facts.fact import Fact
from shared.certifying.open_points import write_open_points
from shared.certifying.receiver import Receiver
from shared.certifying.recordings import write_recordings
from shared.certifying.report import Report
from shared.certifying.wiring import certification_over
from shared.mongodb.connection import Mongo
from shared.mongodb.shops.shops import ShopStore
from shared.running.clock import Clock
from shared.shopify.calls.client import ShopifyClient
from simulator.http.server import Running
from simulator.settings import Plan
from simulator.shop.stocking import NewVariant, add_location, add_product
from simulator.simulation import Tenant
from tests.stored_access import StoredAccess

TOKEN = "shpat_certify"
VERSION = "2026-10"
AS_BEFORE = (7, 4)


@dataclass
class Store:
    """One shop with one variant at two locations of its own, and at a third that nobody names."""

    running: Running
    mongo: Mongo
    clock: Clock
    domain: str
    keys: list[str] = field(default_factory=lambda: [Fernet.generate_key().decode()])
    variant_id: str = ""
    item_id: str = ""
    places: tuple[str, str] = ("", "")
    version: str = VERSION

    @property
    def tenant(self) -> Tenant:
        """The simulator's side of it."""
        return self.running.simulator.tenants[self.domain]

    async def open(self, held: tuple[int, int] = AS_BEFORE) -> Store:
        """Make it on both sides, stocked at both locations since some time."""
        simulator = self.running.simulator
        now = simulator.clock.now()
        shop = simulator.add_shop(self.domain, TOKEN, plan=Plan(2000, 100), name="Store", timezone="UTC").shop
        product = add_product(shop, "Expendable", [NewVariant("Default Title", tracked=True, sku="X")], now)
        variant = product.variants[0]
        first, second, third = (add_location(shop, name, now) for name in ("Main", "Store room", "Elsewhere"))
        for place, quantity in ((first, held[0]), (second, held[1]), (third, 100)):
            level = shop.add_level(variant.item, place, now)
            level.available = quantity
        self.variant_id, self.item_id, self.places = variant.id, variant.item.id, (first.id, second.id)
        await ShopStore(self.mongo.db, self.keys).add(self.domain, TOKEN, allow_negative=True)
        return self

    def values(self) -> list[tuple[int, bool]]:
        """What every level of the variant holds, and whether it is stocked."""
        return [(level.available, level.active) for level in self.tenant.shop.levels_of_item[self.item_id].values()]

    @property
    def points(self) -> float:
        """Points that the simulator says were spent."""
        operations = self.tenant.calls.as_json()["operations"]
        return float(sum(figures["points"] for figures in operations.values()))

    def client(self, http: aiohttp.ClientSession) -> ShopifyClient:
        """A client over a session."""
        access = StoredAccess(self.mongo.db, self.keys)
        return ShopifyClient(
            http, access, f"{self.running.url}/{{shop}}", self.version, clock=self.clock, role="interactive"
        )

    @asynccontextmanager
    async def certification(
        self,
        folder: Path,
        *,
        facts: Sequence[Fact] = FACTS,
        probes: Mapping[str, Probe] = PROBES,
        receiver: Receiver | None = None,
    ) -> AsyncIterator[Certification]:
        """A certification of this shop."""
        async with certification_over(
            self.mongo.db,
            self.client,
            api_version=self.version,
            folder=folder,
            facts=facts,
            probes=probes,
            receiver=receiver,
        ) as made:
            yield made

    def asked(self, **more: Any) -> Asked:
        """What the command asks for."""
        return Asked(self.domain, self.variant_id, self.places, **more)

    async def certify(self, folder: Path, **options: Any) -> Report:
        """The whole of it, with what it leaves in the folder."""
        async with self.certification(folder, **options) as made:
            await made.clean_up(self.domain)
            report = await made.run(await made.look(self.asked()))
            write_recordings(folder, made.exchanges, made.variant or {}, shop=self.domain, api_version=self.version)
            write_open_points(folder, report.open_points)
            return report
