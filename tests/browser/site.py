"""A shop with everything running behind the page, and tabs that show it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, ViewportSize
from pymongo import MongoClient

from services.preview.bootstrap import PreviewService
from shared.mongodb.records import RecordStore, WantedBom
from shared.reading.locations import refresh_locations
from tests.backends.management import Management
from tests.browser.admin_page import WIDE, AdminPage
from tests.integration.drift_setup import DriftWorld, drift_world
from tests.integration.shop_world import SHOP, ShopWorld

PATIENCE = 10_000
"""Milliseconds that the page may take for one step; what takes longer says so in its test."""


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
        context.set_default_timeout(PATIENCE)
        try:
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

    async def latency(self, seconds: float) -> None:
        """How long each call to Shopify takes from now on."""
        await self.world.control("/control/latency", {"seconds": seconds})

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


@asynccontextmanager
async def open_site(browser: Browser, amqp_url: str, mongodb_uri: str, database: str) -> AsyncIterator[Site]:
    """Start everything; a plain browser is signed in as in the demo."""
    async with drift_world(amqp_url, mongodb_uri, database, boms=2, locations=2) as drift:
        settings = drift.shop.settings.model_copy(update={"demo_sign_in": SHOP})
        service = await PreviewService.start(settings, port=0, operations=False)
        try:
            yield Site(drift, service, browser)
        finally:
            await service.stop()


@pytest.fixture(scope="module")
async def site(
    chromium: Browser,
    amqp_url: str,
    management: Management,
    mongodb_uri: str,
    mongodb_for_clean_up: MongoClient[dict[str, Any]],
) -> AsyncIterator[Site]:
    """A shop of a module's own; each test has BOMs of its own in it."""
    name = f"page-{uuid.uuid4().hex[:12]}"
    management.make_vhost(name)
    try:
        async with open_site(chromium, urlsplit(amqp_url)._replace(path=f"/{name}").geturl(), mongodb_uri, name) as at:
            yield at
    finally:
        management.delete_vhost(name)
        mongodb_for_clean_up.drop_database(name)
