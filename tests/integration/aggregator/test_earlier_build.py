"""A job that is running while a new build takes over goes on, and what the earlier one has left behind is in no way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.mongodb.jobs.cells.cell import cell_id
from shared.mongodb.schema import RETIRED, Document, ensure_collections, key_of
from tests.integration.shop_world import SHOP, ShopWorld, reconciler, shop_world


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """Five BOMs that track at 2 locations, each count 3 above Shopify's value; no service runs."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        await made.add_boms({name: [7, 7] for name in "ABCDE"}, tracks=True)
        await made.agree()
        for name in "ABCDE":
            for location in made.locations:
                await made.hand(name, location, 3)
        yield made


async def _as_of_an_earlier_build(world: ShopWorld, job_id: str, ended: list[str]) -> None:
    """What a build without marks and tallies leaves: some cells ended, some published, the others to be published."""
    db = world.mongo.db
    now = datetime.now(UTC)
    await db["jobs"].update_one(
        {"_id": key_of(SHOP, job_id)},
        {"$unset": dict.fromkeys(("published_to", "publishing", "stood", "tallied"), "")},
    )
    await db["tallies"].delete_many({})
    await db["cells"].update_many({"job_id": job_id}, {"$set": {"published_at": None}})
    await db["cells"].update_many({"job_id": job_id, "no": {"$lt": 6}}, {"$set": {"published_at": now, "claim": "C"}})
    done: Document = {"state": "skipped", "reason": "untracked", "ended_at": now}
    await db["cells"].update_many({"_id": {"$in": ended}}, {"$set": done, "$unset": {"open": ""}})
    for collection, indexes in RETIRED.items():
        present = {index["name"] async for index in db[collection].list_indexes()}
        for index in indexes:
            if index.document["name"] in present:
                await db[collection].drop_index(index.document["name"])  # one that has changed under its name
        await db[collection].create_indexes(indexes)
    await ensure_collections(db)  # as the first process of the new build does


async def test_a_job_of_an_earlier_build_goes_on(world: ShopWorld) -> None:
    """Its cells are published anew, its totals are counted, it ends with every cell; indexes of before are gone."""
    async with reconciler(world, roles={"planner"}):
        job_id = await world.request(Direction.TO_SHOPIFY)
        await world.published(job_id)
    names = [CellKey("A", place) for place in world.locations] + [CellKey("D", world.locations[0])]
    await _as_of_an_earlier_build(world, job_id, [cell_id(SHOP, job_id, key) for key in names])
    async with reconciler(world, watchdog_every=0.2):
        job = await world.ended(job_id)
        assert (job["state"], job["totals"]["updated"], job["totals"]["skipped"]) == ("completed", 7, 3)
        assert job["reasons"] == {"untracked": 3}
        assert len(await world.ledger()) == 7
        left = {
            f"{name}.{index['name']}"
            for name, indexes in RETIRED.items()
            async for index in world.mongo.db[name].list_indexes()
            if (index["name"], dict(index["key"]))
            in [(retired.document["name"], dict(retired.document["key"])) for retired in indexes]
        }
        assert left == set()
        again = await world.run(Direction.TO_SHOPIFY)
        assert again["totals"]["total"] == 10
