"""The AsyncAPI document is enough for any client: it is read over HTTP, and messages are written by hand from it."""

import io
import json
import re
from typing import Any

import aio_pika
import pytest
from jsonschema import Draft202012Validator

from shared.rabbitmq import topology
from shared.rabbitmq.described import document, print_document
from tests.integration.api.api_setup import PLACES, ApiShop
from tests.waiting import changed, until, writes_to

DOCUMENT = document()
OPEN = {"preview.request", "job.request", "job.cancel", "bom.upsert", "bom.remove", "count.adjust"}


def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    """Schemas are JSON Schemas, and each reference resolves within the document."""
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for pointer in re.findall(r"'#/([^']+)'", str(DOCUMENT)):
        present: Any = DOCUMENT
        for step in pointer.split("/"):
            present = present[step.replace("~1", "/").replace("~0", "~")]


def test_the_channels_are_the_topology() -> None:
    """Every key that a queue of ours is bound to is a channel, and those without a partition are open to any client."""
    bound = {key for queue in topology.QUEUES for key in queue.keys} - {"#"}
    known = set(DOCUMENT["channels"]) | {topology.cell_key(p) for p in range(topology.PARTITIONS)}
    assert bound | set(topology.LISTENER_KEYS) <= known
    assert {key for key, channel in DOCUMENT["channels"].items() if channel["x-public"]} == OPEN
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in {"send", "receive"}


def test_it_is_printed_as_json() -> None:
    """The document can be printed, and what is printed is the document."""
    output = io.StringIO()
    print_document(output)
    assert json.loads(output.getvalue()) == DOCUMENT


class BareClient:
    """A client that knows nothing but the broker's URL and the document."""

    def __init__(self, channel: Any, described: dict[str, Any]) -> None:
        self._channel = channel
        self._described = described

    async def publish(self, key: str, body: bytes) -> None:
        """Publish under a key as the document says; the broker confirms."""
        channel = self._described["channels"][key]
        name = channel["bindings"]["amqp"]["exchange"]["name"]
        exchange = await self._channel.get_exchange(name, ensure=False)
        await exchange.publish(aio_pika.Message(body, delivery_mode=2), channel["address"], mandatory=True)

    def valid(self, key: str, body: bytes) -> bool:
        """Whether a body follows the schema of a key."""
        message = next(iter(self._described["channels"][key]["messages"].values()))["$ref"].rsplit("/", 1)[1]
        payload = self._described["components"]["messages"][message]["payload"]
        schema = payload | {"components": self._described["components"]}
        return Draft202012Validator(schema).is_valid(json.loads(body))


async def described(shop: ApiShop) -> dict[str, Any]:
    """The document as the service serves it, to anyone."""
    reply = await shop.world.request("GET", "/api/asyncapi.json")
    assert (reply.status, reply.headers["Content-Type"].partition(";")[0]) == (200, "application/json")
    return dict(reply.json)


async def become(shop: ApiShop, collection: str, query: dict[str, Any], wanted: int) -> None:
    """Wait until so many documents match."""
    found = shop.world.mongo.db[collection]

    async def so_many() -> bool:
        return bool(await found.count_documents({"shop": shop.domain} | query) == wanted)

    await changed(found, so_many, what=f"{wanted} of {collection} {query}")


async def test_a_bare_client_keeps_the_records(shop: ApiShop) -> None:
    """Hand-written bom.upsert, count.adjust and bom.remove take effect in their order, a repeat has none."""
    domain, place = shop.domain, PLACES[0]
    upsert = (
        f'{{"schema": 1, "shop": "{domain}", "bom_id": "bare", "inventory_item_id": "820982911946154508",'
        ' "name": "Bare \\u00fc", "tags": ["x"]}'
    ).encode()
    adjust = (
        f'{{"schema": 1, "shop": "{domain}", "bom_id": "bare", "location_id": "{place}", "delta": 6,'
        ' "idempotency_key": "import-1", "cause": "imported", "actor": "warehouse"}'
    ).encode()
    remove = f'{{"schema": 1, "shop": "{domain}", "bom_id": "bare"}}'.encode()
    connection = await aio_pika.connect(shop.world.settings.amqp_url.get_secret_value())
    async with connection, connection.channel() as channel:
        client = BareClient(channel, await described(shop))
        assert client.valid("bom.upsert", upsert)
        assert client.valid("count.adjust", adjust)
        assert client.valid("bom.remove", remove)
        await client.publish("bom.upsert", upsert)
        for _ in range(3):
            await client.publish("count.adjust", adjust)
        await become(shop, "stock", {"bom_id": "bare", "count": 6, "item_id": "820982911946154508"}, 1)
        await client.publish("bom.upsert", upsert.replace(b'["x"]', b"[]"))
        await become(shop, "boms", {"tags": [], "tracks_pre_assembled": True, "name": "Bare ü"}, 1)
        assert (await shop.stock("bare"))["count"] == 6
        await client.publish("bom.remove", remove)
        await become(shop, "boms", {}, 0)
    assert await shop.world.mongo.db["stock"].count_documents({"shop": shop.domain}) == 0
    causes = [d["cause"] async for d in shop.world.mongo.db["ledger"].find({"shop": shop.domain}).sort("at", 1)]
    assert causes.count("imported") == 1


async def test_wrong_messages_end_in_the_dead_letters(shop: ApiShop) -> None:
    """Broken bodies, unknown shops and impossible changes go to the dead letters; the queue drains behind them."""
    domain = shop.domain
    good = {"schema": 1, "shop": domain, "bom_id": "after", "inventory_item_id": "5", "name": "After"}
    wrong: list[tuple[str, bytes]] = [
        ("bom.upsert", b"{"),
        ("bom.upsert", b"\xff\xfe"),
        ("bom.upsert", json.dumps(good | {"schema": 2}).encode()),
        ("bom.upsert", json.dumps(good | {"colour": "red"}).encode()),
        ("bom.upsert", json.dumps(good | {"inventory_item_id": 5}).encode()),
        ("bom.upsert", json.dumps(good | {"tracks_pre_assembled": "yes"}).encode()),
        ("bom.upsert", json.dumps(good | {"shop": "stranger.myshopify.com"}).encode()),
        ("bom.remove", json.dumps({"schema": 1, "shop": domain, "bom_id": "nobody"}).encode()),
        (
            "count.adjust",
            json.dumps(
                {"schema": 1, "shop": domain, "bom_id": "x", "location_id": "1", "delta": 1, "idempotency_key": "k"}
            ).encode(),
        ),
    ]
    connection = await aio_pika.connect(shop.world.settings.amqp_url.get_secret_value())
    async with connection, connection.channel() as channel:
        client = BareClient(channel, await described(shop))
        for key, body in wrong:
            await client.publish(key, body)
        await client.publish("bom.upsert", json.dumps(good).encode())
        await become(shop, "boms", {"bom_id": "after"}, 1)
        letters = shop.world.mongo.db["dead_letters"]

        async def all_kept() -> bool:
            return bool(await letters.count_documents({}) >= len(wrong))

        await until(all_kept, what="the dead letters", progress=writes_to(shop.world.mongo.db))
        kept = [letter async for letter in letters.find({})]
        assert sorted((letter["key"], bytes(letter["body"])) for letter in kept) == sorted(wrong)
        assert all(letter["cause"] for letter in kept)
        records = await channel.declare_queue(topology.RECORDS.name, passive=True)
        assert records.declaration_result.message_count == 0


@pytest.mark.parametrize("key", sorted(OPEN))
def test_what_any_client_may_send_is_described_whole(key: str) -> None:
    """Each open message names its required fields and allows no others."""
    message = next(iter(DOCUMENT["channels"][key]["messages"].values()))["$ref"].rsplit("/", 1)[1]
    schema = DOCUMENT["components"]["schemas"][message]
    assert {"shop"} <= set(schema["required"])
    assert schema["additionalProperties"] is False
