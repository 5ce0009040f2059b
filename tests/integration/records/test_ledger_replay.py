"""The ledger explains every value: replayed cell by cell, it gives the present."""

from __future__ import annotations

from services.preview.bootstrap import PreviewService
from shared.contract.messages import BomUpsert, CountAdjust
from shared.domain.comparison import Direction
from shared.rabbitmq import topology
from tests.integration.shop_world import SHOP, ShopWorld, reconciler, shop_world


async def replayed(world: ShopWorld) -> dict[tuple[str, str, str], int | None]:
    """The last value of every field by the ledger alone; each entry's before must be the previous one's after."""
    values: dict[tuple[str, str, str], int | None] = {}
    last_seq: dict[tuple[str, str], int] = {}
    cursor = world.mongo.db["ledger"].find({"shop": SHOP}).sort([("bom_id", 1), ("location_id", 1), ("seq", 1)])
    async for entry in cursor:
        cell = (entry["bom_id"], entry["location_id"])
        assert entry["seq"] == last_seq.get(cell, 0) + 1
        last_seq[cell] = entry["seq"]
        field = (*cell, entry["field"])
        assert entry["before"] == values.get(field)
        values[field] = entry["after"]
    return values


async def test_replaying_the_ledger_gives_the_present(vhost_url: str, mongodb_uri: str, database_name: str) -> None:
    """Records, counts, jobs in both directions, sales and verifying reads: nothing moved without an entry."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=2) as world,
        reconciler(world),
    ):
        preview = await PreviewService.start(world.settings, port=0)
        try:
            await _live(world)
        finally:
            await preview.stop()
        values = await replayed(world)
        async for document in world.mongo.db["stock"].find({"shop": SHOP}):
            for field in ("count", "index"):
                key = (document["bom_id"], document["location_id"], field)
                assert values.get(key) == document[field], key
        assert len(values) == 10


async def _live(world: ShopWorld) -> None:
    here, there = world.locations
    body = [
        {"sku": f"S{n}", "levels": [{"location_id": loc, "available": n, "age_seconds": 900} for loc in (here, there)]}
        for n in range(3)
    ]
    items = (await world.control("items", {"items": body}))["items"]
    for n, item in enumerate(items):
        world.items[f"B{n}"] = item["id"]
        upsert = BomUpsert(
            shop=SHOP, bom_id=f"B{n}", inventory_item_id=item["id"], name=f"Good {n}", tracks_pre_assembled=n == 0
        )
        await world.publisher.command(topology.BOM_UPSERT, upsert)
    await world.document("boms", "B2", lambda _: True)
    first = await world.run(Direction.TO_LOCAL)
    assert (first["totals"]["total"], first["totals"]["errors"]) == (6, 0)
    for n, delta in ((0, 4), (1, 6)):
        adjust = CountAdjust(shop=SHOP, bom_id=f"B{n}", location_id=here, delta=delta, idempotency_key=f"k{n}")
        await world.publisher.command(topology.COUNT_ADJUST, adjust)
        await world.document("stock", f"B{n}|{here}", lambda doc, delta=delta: doc["manual_total"] == delta)  # type: ignore[misc]  # a bound default
    await world.sell("B0", here, 1)
    await world.run(Direction.TO_SHOPIFY)
    await world.edit({("B2", there): 9})
    await world.run(Direction.TO_LOCAL)
    await world.document_where("stock", {"bom_id": "B2", "location_id": there, "index": 9})
    await world.verified()
