"""The indexer on inventory levels: one effect per event, whatever is repeated, late or out of order."""

import asyncio
import json
from typing import Any

import pytest

from shared.contract.seal import Seals
from shared.domain.cell import CellKey
from shared.rabbitmq.publishing.publisher import Publisher
from tests.integration.ingest.ingest_setup import LOCATION, SECRET, Shop, World, at, counted, headers_of
from tests.integration.wanted_reads import forget_reads, wanted_reads
from tests.waiting import stored, until

ITEM = "271878346596884015"
CELL = CellKey("b", LOCATION)


async def based(world: World, *, base: int, count: int | None = None, time: int = 0) -> Shop:
    """A shop with one cell whose base stands at `base`, and whose count is `count` where it tracks."""
    shop = await world.shop()
    await shop.bom("b", item=ITEM, tracks=count is not None)
    await shop.update(ITEM, base, at(time))
    await shop.settled()
    known = None if count is None or count == base else "local_moved"
    await world.mongo.db["stock"].update_one(
        {"shop": shop.domain, "bom_id": "b"},
        {"$set": {"count": count, "known_class": known, "never_agreed": False}},
    )
    await forget_reads(world.mongo.db, shop.domain)
    await world.mongo.db["ledger"].delete_many({"shop": shop.domain})
    return shop


async def test_an_event_moves_index_and_count_by_the_same_amount(world: World) -> None:
    """Rule 1: base 5 → 3 takes two from a count of 9; the count's entry comes first, the cell asks to be read."""
    shop = await based(world, base=5, count=9)
    await shop.update(ITEM, 3, at(10), webhook_id="w-1")
    await shop.settled()
    stock = await shop.stock("b")
    assert (stock["index"], stock["count"], stock["index_time"]) == (3, 7, at(10))
    assert await shop.ledger("b") == [("count", 9, 7), ("index", 5, 3)]
    assert CELL in await wanted_reads(world.mongo.db, shop.domain)
    entry = await world.mongo.db["ledger"].find_one({"shop": shop.domain, "reference": "w-1"})
    assert entry is not None
    assert entry["cause"] == "webhook"


async def test_a_first_event_sets_the_base_and_moves_no_count(world: World) -> None:
    """Setting a missing base is no movement, and no count; ids above 2^53 are kept to the digit (case 19)."""
    shop = await world.shop()
    await shop.bom("b", item=ITEM, tracks=True)
    await shop.send("inventory_levels/update", shop.level(ITEM, 12, at(0), location="820982911946154508"))
    await shop.settled()
    stock = await shop.stock("b", "820982911946154508")
    assert (stock["index"], stock["count"], stock["item_id"]) == (12, None, ITEM)


async def test_a_location_that_shopify_names_is_kept(world: World) -> None:
    """An unknown location is known by its id and active until it is read."""
    shop = await based(world, base=1)
    location = await world.mongo.db["locations"].find_one({"shop": shop.domain, "location_id": LOCATION})
    assert location is not None
    assert (location["name"], location["active"]) == (LOCATION, True)


async def test_one_webhook_three_times_at_once_has_one_effect(world: World) -> None:
    """The webhook's id tells its repeats (case 1)."""
    shop = await based(world, base=5, count=5)
    before = counted("webhooks_total", topic="inventory_levels/update", outcome="duplicate")
    await asyncio.gather(*(shop.update(ITEM, 6, at(10), webhook_id="same") for _ in range(3)))
    await shop.settled()
    stock = await shop.stock("b")
    assert (stock["index"], stock["count"], stock["events_no"]) == (6, 6, 2)
    assert await shop.ledger("b") == [("count", 5, 6), ("index", 5, 6)]
    assert counted("webhooks_total", topic="inventory_levels/update", outcome="duplicate") == before + 2


async def test_identical_bodies_under_two_ids_both_count(world: World) -> None:
    """5 → 6 → 5 → 6 within one second: equal bodies of different webhooks are different events (case 1)."""
    shop = await based(world, base=5, count=5)
    for value in (6, 5, 6):
        await shop.update(ITEM, value, at(10))
    await shop.settled()
    stock = await shop.stock("b")
    assert (stock["index"], stock["count"], stock["events_no"]) == (6, 6, 4)
    assert [entry for entry in await shop.ledger("b") if entry[0] == "index"] == [
        ("index", 5, 6),
        ("index", 6, 5),
        ("index", 5, 6),
    ]


async def test_one_event_id_has_one_effect_per_cell(world: World) -> None:
    """Another webhook id under the same event id is a repeat in the same cell, and none in another."""
    shop = await based(world, base=5, count=5)
    await shop.update(ITEM, 6, at(10), event_id="e1")
    await shop.update(ITEM, 7, at(11), event_id="e1")
    await shop.send("inventory_levels/update", shop.level(ITEM, 8, at(12), location="2"), event_id="e1")
    await shop.settled()
    assert (await shop.stock("b"))["index"] == 6
    assert (await shop.stock("b", "2"))["index"] == 8


async def test_a_late_event_changes_nothing_and_asks_for_a_read(world: World) -> None:
    """B (newer, 7) and then A (older, 9), three hours late: it stays 7 (case 4)."""
    shop = await based(world, base=8, count=8)
    await shop.update(ITEM, 7, at(11_000))
    await shop.settled()
    await forget_reads(world.mongo.db, shop.domain)
    await shop.update(ITEM, 9, at(200))
    await shop.settled()
    stock = await shop.stock("b")
    assert (stock["index"], stock["count"], stock["index_time"]) == (7, 7, at(11_000))
    assert stock["events_no"] == 3
    assert CELL in await wanted_reads(world.mongo.db, shop.domain)


async def test_two_quick_changes_that_both_carry_the_last_value_are_read(world: World) -> None:
    """0 → 10 → 0 with both payloads at 0 moves nothing, and a read is asked for: it decides (case 3)."""
    shop = await based(world, base=0, count=4)
    await shop.update(ITEM, 0, at(1))
    await shop.update(ITEM, 0, at(2))
    await shop.settled()
    stock = await shop.stock("b")
    assert (stock["index"], stock["count"], stock["events_no"]) == (0, 4, 3)
    assert CELL in await wanted_reads(world.mongo.db, shop.domain)
    assert await shop.ledger("b") == []


async def test_an_echo_of_our_own_write_changes_no_quantity(world: World) -> None:
    """The event of a value we settled at, of the time we settled at, raises only the counters."""
    shop = await based(world, base=10, count=10, time=5)
    before = await shop.stock("b")
    await shop.update(ITEM, 10, at(5))
    await shop.settled()
    after = await shop.stock("b")
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"rev", "events_no"}
    assert await shop.ledger("b") == []


async def test_null_is_no_value_and_never_zero(world: World) -> None:
    """`available: null` writes no value; the cell is read (case 20)."""
    shop = await based(world, base=5, count=9)
    await shop.update(ITEM, None, at(10))
    await shop.settled()
    stock = await shop.stock("b")
    assert (stock["index"], stock["count"], stock["events_no"]) == (5, 9, 2)
    assert CELL in await wanted_reads(world.mongo.db, shop.domain)
    assert await shop.ledger("b") == []


async def test_disconnect_is_no_zero_and_connect_brings_the_value(world: World) -> None:
    """A level that is gone keeps the base for the read to judge; connected again it says what it holds."""
    shop = await based(world, base=5, count=9)
    ids = {"inventory_item_id": int(ITEM), "location_id": int(LOCATION)}
    assert await shop.send("inventory_levels/disconnect", ids) == 200
    await shop.settled()
    stock = await shop.stock("b")
    assert (stock["index"], stock["count"], stock["events_no"]) == (5, 9, 2)
    assert await shop.send("inventory_levels/connect", shop.level(ITEM, 6, at(20))) == 200
    await shop.settled()
    stock = await shop.stock("b")
    assert (stock["index"], stock["count"], stock["events_no"]) == (6, 10, 3)


async def test_many_events_of_one_cell_are_applied_in_their_order(world: World) -> None:
    """A burst for one cell, taken in batches, ends at its last value, and its ledger is one unbroken chain."""
    shop = await based(world, base=0, count=100)
    publisher = await Publisher.open(world.settings.amqp_url.get_secret_value(), "test", Seals([SECRET]))
    for value in range(1, 151):
        await publish(publisher, shop, shop.level(ITEM, value, at(value)), f"w-{value}")
    await publisher.close()
    await shop.settled()
    stock = await shop.stock("b")
    assert (stock["index"], stock["count"], stock["events_no"]) == (150, 250, 151)
    entries = await shop.ledger("b")
    assert [entry for entry in entries if entry[0] == "index"] == [("index", n, n + 1) for n in range(150)]
    assert [entry for entry in entries if entry[0] == "count"] == [("count", n + 100, n + 101) for n in range(150)]


async def publish(publisher: Publisher, shop: Shop, content: dict[str, Any], webhook_id: str) -> None:
    """Publish as the front does."""
    body = json.dumps(content).encode()
    headers = headers_of("inventory_levels/update", shop.domain, body, webhook_id=webhook_id)
    kept = {name.lower(): value for name, value in headers.items()} | {"x-trueup-received-at": at(0).isoformat()}
    await publisher.webhook("inventory_levels.update", body, kept)


async def test_a_message_delivered_again_after_its_commit_has_one_effect(world: World) -> None:
    """A crash between commit and acknowledgement brings the message again: nothing more happens."""
    shop = await based(world, base=5, count=5)
    publisher = await Publisher.open(world.settings.amqp_url.get_secret_value(), "test", Seals([SECRET]))
    for _ in range(2):
        await publish(publisher, shop, shop.level(ITEM, 6, at(10)), "again")
        await shop.settled()
    await publisher.close()
    stock = await shop.stock("b")
    assert (stock["index"], stock["count"], stock["events_no"]) == (6, 6, 2)


async def test_an_item_without_a_bom_is_not_ours(world: World) -> None:
    """A component's level is ignored: no stock document, no location, no key."""
    shop = await based(world, base=5)
    before = counted("index_updates_total", cause="webhook", outcome="ignored")
    await shop.send("inventory_levels/update", shop.level("31", 6, at(10), location="4"), webhook_id="component")
    await shop.settled()
    assert counted("index_updates_total", cause="webhook", outcome="ignored") == before + 1
    assert await world.mongo.db["stock"].count_documents({"shop": shop.domain, "location_id": "4"}) == 0
    assert await world.mongo.db["webhook_events"].count_documents({"key": {"$regex": "component"}}) == 0


async def test_a_body_sent_again_under_another_shop_has_no_effect(world: World) -> None:
    """Headers are not signed: another shop's item is not this shop's, and a shop we do not know is suspicious."""
    shop = await based(world, base=5)
    other = await world.shop()
    before = counted("webhooks_total", topic="inventory_levels/update", outcome="suspicious")
    body = json.dumps(shop.level(ITEM, 6, at(10))).encode()
    await other.send("inventory_levels/update", body)
    await world.post(body, headers_of("inventory_levels/update", "stranger.myshopify.com", body))
    await other.settled()
    assert await world.mongo.db["stock"].count_documents({"shop": other.domain, "bom_id": {"$ne": "marker"}}) == 0

    def suspicious() -> bool:
        return counted("webhooks_total", topic="inventory_levels/update", outcome="suspicious") == before + 1

    await until(suspicious, what="a suspicious webhook")
    assert await world.mongo.db["stock"].count_documents({"shop": "stranger.myshopify.com"}) == 0


@pytest.mark.parametrize("fault", ["zone", "topic"])
async def test_a_wrong_body_goes_to_the_dead_letters(world: World, fault: str) -> None:
    """A time without its zone is never guessed, a body must fit its topic; the good ones behind it are applied."""
    shop = await based(world, base=5)
    dead = counted("dead_letters_total", queue="trueup.indexing")
    topic, body = "inventory_levels/update", shop.level(ITEM, 6, at(10))
    if fault == "zone":
        body["updated_at"] = "2026-09-03T12:00:10"
    else:
        topic = "locations/update"
    assert await shop.send(topic, body) == 200
    await shop.settled()
    assert (await shop.stock("b"))["index"] == 5
    assert counted("dead_letters_total", queue="trueup.indexing") == dead + 1
    kept = await stored(world.mongo.db["dead_letters"], {"shop": shop.domain})
    assert kept["reason"] == "rejected by trueup.indexing"
    assert topic in kept["cause"]
