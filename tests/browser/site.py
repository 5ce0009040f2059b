"""A shop with everything running behind the page, and tabs that show it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, ViewportSize

from services.preview.bootstrap import PreviewService
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.reading.locations import refresh_locations
from tests.backends.places import DatabasePool, VhostPool
from tests.browser.admin_page import WIDE, AdminPage
from tests.browser.chromium import NO_LIMIT
from tests.browser.standing_still import closed_when_still
from tests.held_calls import HeldCalls, held_calls
from tests.integration.shop_world import SHOP, ShopWorld
from tests.integration.sweeper.drift_setup import DriftWorld, drift_world


@dataclass
class Site:
    """The shop, its services, and the page they serve."""

    drift: DriftWorld
    service: PreviewService
    browser: Browser

    @property
    def world(self) -> ShopWorld:
        """The shop."""
        return self.drift.shop

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.service.port}"

    @asynccontextmanager
    async def tab(self, *, width: Mapping[str, int] = WIDE, **more: Any) -> AsyncIterator[AdminPage]:
        """A tab in a profile of its own; at the end nothing may have gone wrong in it."""
        size = ViewportSize(width=width["width"], height=width["height"])
        context = await self.browser.new_context(viewport=size, **more)
        context.set_default_timeout(NO_LIMIT)
        asked: set[str] = set()
        context.on("request", lambda request: asked.add(f"{request.method} {request.url}"))
        try:
            async with closed_when_still(context, lambda: len(asked)):
                tab = AdminPage(await context.new_page(), self.url)
                await tab.watch()
                yield tab
                tab.is_clean()
        finally:
            await context.close()

    async def add(self, levels: Mapping[str, Sequence[int]], *, tracks: bool = True) -> None:
        """BOMs of these names, in agreement with their levels at the locations."""
        await self.world.add_boms(levels, tracks=tracks)
        await self.world.agree(list(levels))

    async def count(self, bom_id: str, place: int) -> int | None:
        """The local value of a cell."""
        return (await self.world.cell(bom_id, self.world.locations[place])).local

    async def shopify(self, bom_id: str, place: int) -> int:
        """What the shop holds."""
        levels = await self.world.shopify()
        return next(value for key, value in levels.items() if key == (bom_id, self.world.locations[place]))

    async def hand(self, bom_id: str, place: int, delta: int) -> None:
        """Somebody counts."""
        await self.world.hand(bom_id, self.world.locations[place], delta)

    async def edit(self, bom_id: str, place: int, value: int, **more: Any) -> None:
        """Somebody else changes Shopify, and no webhook tells of it."""
        await self.world.edit({(bom_id, self.world.locations[place]): value}, **more)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[HeldCalls]:
        """Calls to Shopify are under way until they are released."""
        async with held_calls(self.world.running.simulator) as held:
            yield held

    async def renew(self) -> None:
        """Forget what an earlier test left to be told of: previews without a decision, missed webhooks, a policy."""
        database = self.world.mongo.db
        for collection in ("previews", "drift", "notices", "schedules", "schedule_runs"):
            await database[collection].delete_many({"shop": SHOP})
        await database["imports"].delete_many({"shop": SHOP, "state": "checked"})
        await database["shops"].update_one(
            {"_id": SHOP}, {"$unset": {"drift_policy": "", "allow_negative": "", "activate": ""}}
        )

    async def long_bom(self, bom_id: str, item_id: str, name: str, place: str) -> None:
        """A BOM that counts two more than Shopify at a place that was just opened."""
        world = self.world
        await refresh_locations(SHOP, world.boms, world.reads)
        records = RecordStore(world.mongo.db, world.mongo.transactions)
        wanted = WantedBom(bom_id, item_id, name, tracks_pre_assembled=True)
        await records.upsert(SHOP, wanted, reference="test")
        world.items[bom_id] = item_id
        world.locations.append(place)
        await world.agree([bom_id])
        world.locations.remove(place)
        await world.hand(bom_id, place, 2)

    async def name(self, bom_id: str, name: str, *, tags: Sequence[str] = ()) -> None:
        """Give a BOM a name and tags."""
        records = RecordStore(self.world.mongo.db, self.world.mongo.transactions)
        wanted = WantedBom(bom_id, self.world.items[bom_id], name, tuple(tags))
        await records.upsert(SHOP, wanted, reference="test")


@pytest.fixture(scope="session")
async def open_site(
    chromium: Browser, amqp_url: str, mongodb_uri: str, vhosts: VhostPool, databases: DatabasePool
) -> AsyncIterator[Site]:
    """Everything, started once; a plain browser is signed in as in the demo."""
    vhost, database = vhosts.take(), databases.take()
    url = urlsplit(amqp_url)._replace(path=f"/{vhost}").geturl()
    async with drift_world(url, mongodb_uri, database, boms=2, locations=2) as drift:
        settings = drift.shop.settings.model_copy(update={"demo_sign_in": SHOP})
        service = await PreviewService.start(settings, port=0, operations=False)
        try:
            yield Site(drift, service, chromium)
        finally:
            await service.stop()


@pytest.fixture
async def site(open_site: Site) -> Site:
    """The shop, with nothing pending in it; each test has BOMs of its own."""
    await open_site.renew()
    return open_site
