"""The webhook service on a real RabbitMQ and MongoDB, and shops whose webhooks are signed and sent as Shopify does."""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.metrics import REGISTRY
from shared.mongodb.connection import Mongo
from shared.mongodb.schema import key_of
from shared.settings import Settings
from tests.backends.places import DatabasePool, VhostPool
from tests.waiting import stored

SECRET = "the-client-secret"
PREVIOUS_SECRET = "the-previous-client-secret"
LOCATION = "53716844710"
START = datetime(2026, 9, 3, 12, 0, 0, tzinfo=UTC)


def at(seconds: int) -> datetime:
    """A time of Shopify's, `seconds` after the start of the story."""
    return START + timedelta(seconds=seconds)


def sign(body: bytes, secret: str = SECRET) -> str:
    """Shopify's signature."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def headers_of(topic: str, shop: str, body: bytes, /, **more: str) -> dict[str, str]:
    """The headers that Shopify sends; `more` overrides by the header's last words (`webhook_id`, …)."""
    headers = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": shop,
        "X-Shopify-Hmac-Sha256": sign(body),
        "X-Shopify-Webhook-Id": str(uuid.uuid4()),
        "X-Shopify-API-Version": "2026-10",
    }
    return headers | {f"X-Shopify-{name.replace('_', '-').title()}": value for name, value in more.items()}


def counted(metric: str, **labels: str) -> float:
    """The present value of a counter of ours."""
    return REGISTRY.get_sample_value(f"trueup_{metric}", labels) or 0.0


def settings_for(amqp_url: str, mongodb_uri: str, database: str) -> Settings:
    """Settings with free ports and both client secrets."""
    return Settings(
        amqp_url=SecretStr(amqp_url),
        mongodb_uri=SecretStr(mongodb_uri),
        mongodb_database=database,
        shopify_client_id="id",
        shopify_client_secret=SecretStr(SECRET),
        shopify_client_secret_previous=SecretStr(PREVIOUS_SECRET),
        token_keys=[SecretStr(Fernet.generate_key().decode())],
        port=0,
        operations_port=0,
    )


@dataclass
class World:
    """A running service and ways to look at what it did."""

    service: WebhookIngestService
    settings: Settings
    mongo: Mongo
    client: aiohttp.ClientSession

    @property
    def url(self) -> str:
        """Where webhooks go."""
        return f"http://127.0.0.1:{self.service.port}/webhooks/shopify"

    async def post(self, body: bytes, headers: dict[str, str]) -> int:
        """Send a webhook; returns the status."""
        async with self.client.post(self.url, data=body, headers=headers) as response:
            await response.read()
            return response.status

    async def shop(self, status: str = "active") -> "Shop":
        """A shop of its own for a test, with a BOM to tell when everything before it has been applied."""
        domain = f"shop-{uuid.uuid4().hex[:12]}.myshopify.com"
        await self.mongo.db["shops"].insert_one({"_id": domain, "shop": domain, "status": status})
        shop = Shop(domain, self)
        await shop.bom("marker", item="999", tracks=False)
        return shop


@dataclass
class Shop:
    """One shop of the app."""

    domain: str
    world: World
    markers: int = field(default=0)

    async def bom(self, bom_id: str, *, item: str, tracks: bool = True) -> None:
        """Make a BOM."""
        document = {
            "_id": key_of(self.domain, bom_id),
            "shop": self.domain,
            "bom_id": bom_id,
            "inventory_item_id": item,
            "name": bom_id,
            "name_lower": bom_id,
            "tags": [],
            "tracks_pre_assembled": tracks,
            "externally_managed": False,
            "cells_no": 0,
        }
        await self.world.mongo.db["boms"].insert_one(document)

    async def send(self, topic: str, content: dict[str, Any] | bytes, **headers: str) -> int:
        """Send a webhook of this shop; returns the status."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return await self.world.post(body, headers_of(topic, self.domain, body, **headers))

    def level(self, item: str, available: int | None, time: datetime, location: str = LOCATION) -> dict[str, Any]:
        """The body of `inventory_levels/update`, its numbers as numbers, its time in the shop's own zone."""
        return {
            "inventory_item_id": int(item),
            "location_id": int(location),
            "available": available,
            "updated_at": time.isoformat(timespec="seconds"),
        }

    async def update(self, item: str, available: int | None, time: datetime, **headers: str) -> None:
        """Send `inventory_levels/update`, which must be taken."""
        assert await self.send("inventory_levels/update", self.level(item, available, time), **headers) == 200

    async def settled(self) -> None:
        """Return when everything sent before has been applied: a shop's events are applied in their order."""
        self.markers += 1
        await self.update("999", self.markers, at(self.markers))

        marked = {"shop": self.domain, "bom_id": "marker", "index": self.markers}
        await stored(self.world.mongo.db["stock"], marked)

    async def stock(self, bom_id: str, location: str = LOCATION) -> dict[str, Any]:
        """A cell's stock document."""
        found: dict[str, Any] | None = await self.world.mongo.db["stock"].find_one(
            {"shop": self.domain, "bom_id": bom_id, "location_id": location}
        )
        assert found is not None
        return found

    async def ledger(self, bom_id: str) -> list[tuple[str, int | None, int | None]]:
        """What webhooks wrote into a BOM's ledger: field, before, after, in order."""
        written = {"shop": self.domain, "bom_id": bom_id, "cause": "webhook"}
        entries = self.world.mongo.db["ledger"].find(written).sort("seq", 1)
        return [(entry["field"], entry["before"], entry["after"]) async for entry in entries]


@asynccontextmanager
async def running(amqp_url: str, mongodb_uri: str, database: str) -> AsyncIterator[World]:
    """A service, stopped at the end whatever happens."""
    settings = settings_for(amqp_url, mongodb_uri, database)
    service = await WebhookIngestService.start(settings)
    mongo = Mongo(mongodb_uri, database)
    world = World(service, settings, mongo, aiohttp.ClientSession())
    try:
        yield world
    finally:
        await world.client.close()
        await world.service.stop()
        mongo.close()


@pytest.fixture(scope="module")
async def world(amqp_url: str, vhosts: VhostPool, mongodb_uri: str, databases: DatabasePool) -> AsyncIterator[World]:
    """One service for a module, in a vhost and a database of its own; each test has a shop of its own."""
    vhost, database = vhosts.take(), databases.take()
    url = urlsplit(amqp_url)._replace(path=f"/{vhost}").geturl()
    try:
        async with running(url, mongodb_uri, database) as started:
            yield started
    finally:
        await vhosts.give_back(vhost)
        databases.give_back(database)
