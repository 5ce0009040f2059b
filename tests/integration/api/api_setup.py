"""The preview service on a real RabbitMQ and MongoDB, and shops with session tokens as Shopify signs them."""

import json
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import jwt
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from ulid import ULID

from services.preview.bootstrap import PreviewService
from shared.domain.cell import CellKey
from shared.domain.comparison import Row
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.mongodb.catalogue.boms import BomStore, Location
from shared.mongodb.catalogue.import_lines import ImportLineStore
from shared.mongodb.catalogue.import_records import ImportLine, Refused, Why
from shared.mongodb.connection import Mongo
from shared.mongodb.previews.preview import TakenRow
from shared.mongodb.previews.previews import PreviewStore, Run
from shared.mongodb.schema import Document, key_of
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.stock.stock import StockStore
from shared.settings import Settings
from tests.backends.places import DatabasePool, VhostPool
from tests.waiting import arrival, writes_to

CLIENT_ID = "the-client-id"
SECRET = "the-client-secret-of-these-tests-0123456789"
PREVIOUS_SECRET = "the-previous-client-secret-of-tests-0123456789"
PLACES = ("271878346596884015", "53716844710")
"""Two locations; the first one's id is beyond 2^53."""


def session_token(shop: str, secret: str = SECRET, **claims: Any) -> str:
    """A session token as Shopify makes it; `claims` replace its own, None leaves one out."""
    now = int(time.time())
    own: dict[str, Any] = {
        "iss": f"https://{shop}/admin",
        "dest": f"https://{shop}",
        "aud": CLIENT_ID,
        "sub": "42",
        "exp": now + 600,
        "nbf": now - 5,
        "iat": now - 5,
        "jti": str(uuid.uuid4()),
        "sid": "session",
    }
    given = {name: value for name, value in (own | claims).items() if value is not None}
    return jwt.encode(given, secret, algorithm="HS256")


def settings_for(amqp_url: str, mongodb_uri: str, database: str) -> Settings:
    """Settings with free ports, both client secrets, and no Shopify that answers."""
    return Settings(
        amqp_url=SecretStr(amqp_url),
        mongodb_uri=SecretStr(mongodb_uri),
        mongodb_database=database,
        shopify_client_id=CLIENT_ID,
        shopify_client_secret=SecretStr(SECRET),
        shopify_client_secret_previous=SecretStr(PREVIOUS_SECRET),
        shopify_url="http://127.0.0.1:1/{shop}",
        token_keys=[SecretStr(Fernet.generate_key().decode())],
        port=0,
        operations_port=0,
    )


@dataclass(frozen=True)
class Reply:
    """An answer of the API."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """Its JSON."""
        return json.loads(self.text)

    @property
    def fields(self) -> list[str]:
        """The fields that a problem names."""
        return [error["field"] for error in self.json["errors"]]


@dataclass
class ApiWorld:
    """A running service and its database."""

    service: PreviewService
    settings: Settings
    mongo: Mongo
    client: aiohttp.ClientSession
    vhost: str

    @property
    def url(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.service.port}"

    async def request(self, method: str, path: str, **more: Any) -> Reply:
        """One request as it is."""

        async def reply() -> Reply:
            async with self.client.request(method, self.url + path, **more) as response:
                if response.status == 200 and path.endswith("/events/notices"):
                    # It never ends: its first state is the answer.
                    return Reply(200, response.headers, (await response.content.readuntil(b"\n\n")).decode())
                return Reply(response.status, response.headers, await response.text())

        return await arrival(reply(), what=f"an answer to {method} {path}", progress=writes_to(self.mongo.db))

    async def shop(self) -> "ApiShop":
        """A shop of its own for a test, with two locations."""
        domain = f"shop-{uuid.uuid4().hex[:12]}.myshopify.com"
        shops = ShopStore(self.mongo.db, [key.get_secret_value() for key in self.settings.token_keys])
        await shops.add(domain, "shpat_x")
        boms = BomStore(self.mongo.db, self.mongo.transactions)
        await boms.keep_locations(
            domain, [Location(place, f"Place {number}", True, False) for number, place in enumerate(PLACES)]
        )
        return ApiShop(domain, self, RecordStore(self.mongo.db, self.mongo.transactions), session_token(domain))


@dataclass
class ApiShop:
    """One shop of the app, as its admin sees it."""

    domain: str
    world: ApiWorld
    records: RecordStore
    token: str

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """A request with the shop's session token."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named = {"Authorization": f"Bearer {self.token}"} | named
        return await self.world.request(method, f"/api{path}", json=body, headers=named)

    async def bom(self, bom_id: str, item: str | None = None, **more: Any) -> None:
        """Make a BOM."""
        number = str(int.from_bytes(bom_id.encode()[-7:], "big"))
        await self.records.upsert(
            self.domain, WantedBom(bom_id, item or number, more.pop("name", f"BOM {bom_id}"), **more), reference="t"
        )

    async def stock(self, bom_id: str, place: str = PLACES[0]) -> Document:
        """A cell's stock document."""
        found: Document | None = await self.world.mongo.db["stock"].find_one(
            {"_id": key_of(self.domain, bom_id, place)}
        )
        assert found is not None
        return found

    async def preview(self, rows: Mapping[CellKey, int], *, state: str = "ready", hours: float = 0) -> str:
        """A preview taken some hours ago that saw these Shopify values."""
        preview_id = str(ULID())
        taken = datetime.now(UTC) - timedelta(hours=hours)
        document = {
            "_id": key_of(self.domain, preview_id),
            "shop": self.domain,
            "preview_id": preview_id,
            "selection": {"bom_ids": sorted({key.bom_id for key in rows})},
            "state": state,
            "requested_by": "t",
            "requested_at": taken,
            "taken_from": taken if state == "ready" else None,
            "finished_at": taken if state == "ready" else None,
            "total": len(rows),
            "done": len(rows),
            "badges": {"with_discrepancies": 1, "in_sync": 0, "not_compared": 0} if state == "ready" else None,
            "classes": {},
            "left_out": {},
            "codes": {},
            "failure": None,
        }
        being_made = {**document, "state": "reading", "run": "test"}
        await self.world.mongo.db["previews"].insert_one(being_made)
        stock = await StockStore(self.world.mongo.db).load(self.domain, rows)
        kept = [
            TakenRow(key, f"BOM {key.bom_id}", "1", row=Row.of(stock[key].stock, value, taken, taken))
            for key, value in rows.items()
        ]
        store = PreviewStore(self.world.mongo.db, self.world.mongo.transactions)
        assert await store.keep(self.domain, preview_id, Run("test"), kept, {}) is not None
        await self.world.mongo.db["previews"].update_one(
            {"_id": document["_id"]}, {"$set": {"state": state, "done": len(rows)}}
        )
        return preview_id

    async def job(self, cells: list[Document], **values: Any) -> str:
        """An ended job with these cells, as the reconciler leaves them; `values` replace the job's own."""
        job_id = str(ULID())
        states = [cell["state"] for cell in cells]
        now = datetime.now(UTC)
        totals = {name: states.count(name) for name in ("pending", "applying", "updated", "skipped", "cancelled")}
        job: Document = {
            "_id": key_of(self.domain, job_id),
            "shop": self.domain,
            "job_id": job_id,
            "no": 1,
            "direction": "toShopify",
            "selection": {"bom_ids": "all"},
            "preview_id": None,
            "source": "admin",
            "requested_by": "t",
            "options": {},
            "of_job_id": None,
            "left_out": False,
            "state": "completed_with_errors",
            "waits_for": None,
            "planned": len(cells),
            "totals": totals | {"total": len(cells), "errors": states.count("error")},
            "codes": {},
            "reasons": {},
            "first_errors": [],
            "requested_at": now,
            "started_at": now,
            "finished_at": now,
            "cancel_requested": False,
            "failure": None,
        }
        await self.world.mongo.db["jobs"].insert_one(job | values)
        for number, cell in enumerate(cells):
            own: Document = {
                "_id": key_of(self.domain, job_id, cell["bom_id"], cell["location_id"]),
                "shop": self.domain,
                "job_id": job_id,
                "no": number,
                "item_id": "1",
                "bom_name": f"BOM {cell['bom_id']}",
                "row": None,
                "undo": None,
                "push_id": None,
                "pushes_made": 0,
                "attempts": 1,
                "reason": None,
                "code": None,
                "detail": None,
                "left_out": None,
                "created_at": now,
                "ended_at": now,
            }
            await self.world.mongo.db["cells"].insert_one(own | cell)
        return job_id

    async def checked_import(self, *, lines: int = 0) -> str:
        """An import that waits for a person's decision, as looking at a file leaves it, with so many unusable lines."""
        import_id, now = str(ULID()), datetime.now(UTC)
        page = {"file": "boms.csv", "lines": 0, "tracks": None, "by": "t", "approved_by": None, "next_at": now}
        told = {"doing": None, "done": 0, "total": None, "trouble": None, "foreseen": {"new": 0}, "result": None}
        document: Document = {
            "_id": key_of(self.domain, import_id),
            "shop": self.domain,
            "import_id": import_id,
            "source": "page|test",
            "state": "checked",
            "phase": "boms",
            "cursor": None,
            "started_at": now,
            "finished_at": None,
            "owner": None,
            "until": now,
            "page": page | told,
        }
        await self.world.mongo.db["imports"].insert_one(document)
        no = Refused(Why.UNKNOWN_SKU, "No product has this SKU.")
        wrong = [
            ImportLine(
                line=number,
                name=f"b{number}",
                variant_id=None,
                sku=f"s{number}",
                tags=(),
                tracks=None,
                bom_id=None,
                refused=no,
            )
            for number in range(1, lines + 1)
        ]
        await ImportLineStore(self.world.mongo.db).keep(self.domain, import_id, wrong)
        return import_id

    async def events(self, path: str) -> AsyncIterator[Document]:
        """The states of an event stream until it closes; heartbeats are left out."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.world.client.get(f"{self.world.url}/api{path}", headers=headers) as response:
            assert response.status == 200
            assert response.content_type == "text/event-stream"
            # The heartbeats come whatever else stands still.
            while line := await response.content.readline():
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))


@asynccontextmanager
async def api_world(amqp_url: str, mongodb_uri: str, database: str, **more: Any) -> AsyncIterator[ApiWorld]:
    """A service, stopped at the end whatever happens; `more` are settings of its own."""
    settings = settings_for(amqp_url, mongodb_uri, database).model_copy(update=more)
    service = await PreviewService.start(settings)
    mongo = Mongo(mongodb_uri, database)
    client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
    try:
        yield ApiWorld(service, settings, mongo, client, vhost=urlsplit(amqp_url).path.removeprefix("/"))
    finally:
        await client.close()
        await service.stop()
        mongo.close()


@pytest.fixture(scope="module")
async def world(amqp_url: str, vhosts: VhostPool, mongodb_uri: str, databases: DatabasePool) -> AsyncIterator[ApiWorld]:
    """One service for a module, in a vhost and a database of its own; each test has a shop of its own."""
    vhost, database = vhosts.take(), databases.take()
    url = urlsplit(amqp_url)._replace(path=f"/{vhost}").geturl()
    try:
        async with api_world(url, mongodb_uri, database) as started:
            yield started
    finally:
        await vhosts.give_back(vhost)
        databases.give_back(database)


@pytest.fixture
async def shop(world: ApiWorld) -> ApiShop:
    """A shop of the test's own."""
    return await world.shop()
