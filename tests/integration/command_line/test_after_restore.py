"""Records restored from a backup: what was sent to Shopify after it was taken is not sent a second time."""

from __future__ import annotations

from datetime import timedelta

from shared.contract.messages import JobRequest
from shared.contract.selection import SelectionBody
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.mongodb.schema import Document
from shared.rabbitmq import topology
from tests.integration.command_line.command_line_runs import trueup
from tests.integration.shop_world import SHOP, ShopWorld, new_id, previewer, reconciler, shop_world


async def backup(world: ShopWorld) -> dict[str, list[Document]]:
    """Every document of every collection."""
    names = await world.mongo.db.list_collection_names()
    return {name: await world.mongo.db[name].find({}).to_list(None) for name in names}


async def restore(world: ShopWorld, kept: dict[str, list[Document]]) -> None:
    """Put them back."""
    for name, documents in kept.items():
        await world.mongo.db[name].delete_many({})
        if documents:
            await world.mongo.db[name].insert_many(documents)


async def test_a_correction_is_not_pushed_twice(vhost_url: str, mongodb_uri: str, database_name: str) -> None:
    """A job that was open in the backup and done since ends cancelled; Shopify keeps the one correction it got."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as world, previewer(world):
        await world.add_boms({"a": [7]}, tracks=True)
        await world.agree()
        await world.mongo.db["stock"].update_many({}, {"$inc": {"count": 3, "manual_total": 3, "rev": 1}})
        job = JobRequest(
            shop=SHOP,
            job_id=new_id(),
            direction=Direction.TO_SHOPIFY,
            selection=SelectionBody(bom_ids="all"),
            preview_id=await world.preview(),
        )
        async with reconciler(world, roles=["planner"]):
            await world.publisher.command(topology.JOB_REQUEST, job)
            await world.document("jobs", job.job_id, lambda found: found["state"] == "running")
        kept = await backup(world)
        async with reconciler(world):
            await world.document("jobs", job.job_id, lambda found: found["state"] == "completed")
            refused = await trueup(world.settings, "after-restore", "--yes")
            assert (refused.code, "stop every service" in refused.errors) == (2, True)
        cell = CellKey("a", world.locations[0])
        assert (await world.shopify())[cell] == 10

        await restore(world, kept)
        done = await trueup(world.settings, "after-restore", "--yes", "--json")
        assert done.document == {"shops": [SHOP], "jobs_ended": 1}
        async with reconciler(world, watchdog_every=0.2, silent_after=timedelta(0)):
            ended = await world.document("jobs", job.job_id, lambda found: found["finished_at"] is not None)
            assert ended["state"] == "cancelled"
            assert ended["codes"] == {"RECORDS_RESTORED": 1}
            # The preview of before the restore is void, too.
            again = await world.run(Direction.TO_SHOPIFY, preview_id=job.preview_id)
            assert again["totals"]["updated"] == 0
        assert (await world.shopify())[cell] == 10


async def test_a_difference_of_the_backup_is_left_to_a_person(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """+3 stood open in the backup and was pushed since: nothing suggests it, no schedule pushes it a second time."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as world, previewer(world):
        await world.add_boms({"a": [7], "b": [5]}, tracks=True)
        await world.agree()
        await world.hand("a", world.locations[0], 3)
        kept = await backup(world)
        async with reconciler(world):
            pushed = await world.run(Direction.TO_SHOPIFY, preview_id=await world.preview())
            assert pushed["totals"]["updated"] == 1
            await world.sell("a", world.locations[0], age=600)
        cell = CellKey("a", world.locations[0])
        assert (await world.shopify())[cell] == 9

        await restore(world, kept)
        assert (await trueup(world.settings, "after-restore", "--yes")).code == 0
        async with reconciler(world):
            # The sale is told after all, and brings what was pushed with it.
            await world.stock.ask_verify(SHOP, [cell])
            await world.verified()
            restored = await world.cell(*cell)
            assert (restored.base, restored.count, restored.never_agreed) == (9, 12, True)
            by_schedule = await world.run(Direction.TO_SHOPIFY, source=JobSource.SCHEDULE)
            assert by_schedule["reasons"] == {"never_agreed": 1, "in_sync": 1}
            assert (await world.shopify())[cell] == 9
            # What agreed in the backup still does, and a person's choice settles the rest.
            assert not (await world.cell("b", world.locations[0])).never_agreed
            chosen = await world.run(Direction.TO_LOCAL, preview_id=await world.preview())
            assert chosen["totals"]["updated"] == 1
        settled = await world.cell(*cell)
        assert (settled.base, settled.count, settled.never_agreed) == (9, 9, False)
