"""Items and products come, change and go: their cells are made and read; a header that lies has no effect."""

import json
import uuid
from collections import Counter
from typing import Any

import pytest

from shared.mongodb.catalogue.boms import BomStore, Location
from tests.integration.ingest.ingest_setup import LOCATION, Shop, World, at, counted
from tests.integration.wanted_reads import forget_reads, wanted_reads
from tests.waiting import until

OTHER_PLACE = "5"


def product(*items: int, product_id: int = 70, **more: Any) -> dict[str, Any]:
    """The body of `products/update`."""
    variants = [{"id": 1000 + item, "inventory_item_id": item, "sku": None} for item in items]
    return {"id": product_id, "variants": variants, **more}


async def located(shop: Shop) -> None:
    """Two locations are known."""
    for place in (LOCATION, OTHER_PLACE):
        await shop.send("locations/update", {"id": int(place), "name": place, "active": True})
    await shop.settled()


async def asked(world: World, shop: Shop, *bom_ids: str) -> list[int]:
    """How many cells of each BOM ask for a read; none does afterwards."""
    wanted = Counter(key.bom_id for key in await wanted_reads(world.mongo.db, shop.domain))
    await forget_reads(world.mongo.db, shop.domain)
    return [wanted[bom_id] for bom_id in bom_ids]


@pytest.mark.parametrize("topic", ["inventory_items/create", "inventory_items/update"])
async def test_an_item_that_is_new_or_changed_has_its_cells_made_and_read(world: World, topic: str) -> None:
    """An item of a BOM: a cell at every location, each read; nothing of an item without a BOM."""
    shop = await world.shop()
    await located(shop)
    await shop.bom("b", item="7")
    for item in (7, 8):
        assert await shop.send(topic, {"id": item, "sku": "x", "tracked": True}) == 200
    await shop.settled()
    assert await asked(world, shop, "b") == [2]
    assert (await shop.stock("b", OTHER_PLACE))["index"] is None
    keys = world.mongo.db["webhook_events"]
    assert await keys.count_documents({"shop": shop.domain, "key": {"$regex": "inventory_items"}}) == 1


async def test_variants_that_come_and_go_with_a_product(world: World) -> None:
    """New variants' cells are made and read once; those of deleted ones, and of a deleted product, are read again."""
    shop = await world.shop()
    await located(shop)
    for number in (7, 8, 9):
        await shop.bom(f"b{number}", item=str(number))

    async def told(topic: str, body: dict[str, Any]) -> list[int]:
        assert await shop.send(topic, body) == 200
        await shop.settled()
        return await asked(world, shop, "b7", "b8", "b9")

    assert await told("products/update", product(7, 8)) == [2, 2, 0]
    assert await told("products/update", product(7, 8)) == [0, 0, 0]
    assert await told("products/update", product(8, 9)) == [2, 0, 2]
    many = [f"gid://shopify/ProductVariant/{n}" for n in range(3)]
    assert await told("products/update", product(8, variant_gids=many)) == [0, 0, 0]  # b9 is merely not listed
    assert await told("products/delete", {"id": 70}) == [0, 2, 2]
    assert await told("products/delete", {"id": 70}) == [0, 0, 0]
    assert [await shop.ledger(bom) for bom in ("b7", "b8", "b9")] == [[], [], []]


async def suspicious(topic: str) -> float:
    """How many webhooks of the topic were suspicious."""
    return counted("webhooks_total", topic=topic, outcome="suspicious")


LEVEL = {"inventory_item_id": 7, "location_id": int(LOCATION), "available": 1, "updated_at": at(90).isoformat()}
CUSTOMER = {"shop_id": 1, "shop_domain": "SHOP", "customer": {"id": 5, "email": "a@example.com"}}
MIXED_UP = [
    ("app/uninstalled", LEVEL),
    ("app/uninstalled", {"id": 5, "name": "New", "active": True}),
    ("app/uninstalled", {"id": 5, "myshopify_domain": "OTHER"}),
    ("app/scopes_update", {"id": 5, "name": "New", "active": True}),
    ("inventory_levels/update", {"id": 7}),
    ("inventory_levels/disconnect", LEVEL),
    ("inventory_items/delete", product(7)),
    ("inventory_items/update", {"id": 7}),
    ("products/update", {"id": 7, "tracked": True}),
    ("locations/deactivate", {"id": int(LOCATION), "name": "New", "active": True}),
    ("locations/activate", {"id": int(LOCATION), "name": "New", "active": False}),
    ("bulk_operations/finish", {"id": 7}),
    ("shop/redact", {**CUSTOMER, "orders_to_redact": []}),
    ("shop/redact", {"shop_id": 1, "shop_domain": "OTHER"}),
    ("customers/redact", {**CUSTOMER, "orders_requested": [], "data_request": {"id": 9}}),
    ("customers/redact", {"shop_id": 1, "shop_domain": "SHOP"}),
    ("customers/data_request", {"shop_id": 1, "shop_domain": "SHOP"}),
]


@pytest.mark.parametrize(("topic", "body"), MIXED_UP, ids=[f"{n} {topic}" for n, (topic, _) in enumerate(MIXED_UP)])
async def test_a_body_under_another_topic_or_shop_has_no_effect(world: World, topic: str, body: dict[str, Any]) -> None:
    """Headers are not signed: a valid body sent again under others changes no document and is counted."""
    shop, other = await world.shop(), await world.shop()
    await located(shop)
    await shop.bom("b", item="7")
    await shop.update("7", 3, at(0))
    await shop.settled()
    before = await _documents(world, shop.domain)
    count = await suspicious(topic)
    text = json.dumps(body).replace('"SHOP"', f'"{shop.domain}"').replace('"OTHER"', f'"{other.domain}"')
    assert await shop.send(topic, text.encode()) == 200

    async def is_counted() -> bool:
        return await suspicious(topic) == count + 1

    await until(is_counted, what="a suspicious webhook")
    assert await _documents(world, shop.domain) == before


async def test_a_body_of_another_shop_has_no_effect(world: World) -> None:
    """Levels, locations and uninstalls of one shop, sent again under another's name, leave that one as it was."""
    shop, other = await world.shop(), await world.shop()
    await other.bom("b", item="7")
    place = str(uuid.uuid4().int % 10**12 + 1)
    boms = BomStore(world.mongo.db, world.mongo.transactions)
    await boms.keep_locations(other.domain, [Location(place, "Theirs", active=True, fulfillment_service=False)])
    await other.send("inventory_levels/update", other.level("7", 3, at(0), location=place))
    await other.settled()
    before = await _documents(world, shop.domain)
    bodies = {
        "inventory_levels/update": other.level("7", 1, at(5), location=place),
        "inventory_levels/disconnect": {"inventory_item_id": 7, "location_id": int(place)},
        "locations/update": {"id": int(place), "name": "Theirs", "active": True},
        "locations/delete": {"id": int(place)},
        "app/uninstalled": {"id": 1, "myshopify_domain": other.domain},
    }
    counts = {topic: await suspicious(topic) for topic in bodies}
    for topic, body in bodies.items():
        assert await shop.send(topic, body) == 200

    async def all_counted() -> bool:
        return all([await suspicious(topic) == count + 1 for topic, count in counts.items()])

    await until(all_counted, what="suspicious webhooks")
    documents = await _documents(world, shop.domain)
    # The keys of those that could be told only by their effect are kept, so that a repeat is one.
    assert {name: found for name, found in documents.items() if name != "webhook_events"} == {
        name: found for name, found in before.items() if name != "webhook_events"
    }


async def _documents(world: World, shop: str) -> dict[str, list[dict[str, Any]]]:
    """Everything stored of the shop, by collection; what only says that a webhook was seen is left out."""
    names = sorted(set(await world.mongo.db.list_collection_names()) - {"dead_letters", "webhook_events"})
    return {name: [d async for d in world.mongo.db[name].find({"shop": shop}).sort("_id", 1)] for name in names}
