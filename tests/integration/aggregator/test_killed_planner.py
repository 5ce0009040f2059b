"""What a killed planner leaves is taken up once its leases have run out; no silence is awaited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from shared.contract.messages import JobRequest
from shared.contract.selection import SelectionBody
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.mongodb.jobs.cells.cell import NewCell
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.cells.places import CLAIM
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.schema import key_of
from tests.integration.shop_world import SHOP, ShopWorld, new_id, reconciler, shop_world

NEVER = timedelta(hours=1)
"""A silence that nobody would wait for."""


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """Four BOMs that track at 2 locations, each count 3 above Shopify's value; the test starts the services."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        await made.add_boms({name: [7, 7] for name in "ABCD"}, tracks=True)
        await made.agree()
        for name in "ABCD":
            for location in made.locations:
                await made.hand(name, location, 3)
        yield made


class _Dead:
    """A planner that gets as far as the test says."""

    def __init__(self, world: ShopWorld) -> None:
        self.world = world
        self.jobs = JobStore(world.mongo.db, world.mongo.transactions)
        self.cells = CellStore(world.mongo.db)

    async def stored(self, bom_ids: Sequence[str]) -> str:
        """A job is stored."""
        selection = SelectionBody(bom_ids=list(bom_ids))
        request = JobRequest(shop=SHOP, job_id=new_id(), direction=Direction.TO_SHOPIFY, selection=selection)
        assert await self.jobs.request(request)
        return request.job_id

    async def made(self, job_id: str, bom_ids: Sequence[str]) -> int:
        """Cells of these BOMs are made."""
        world = self.world
        new = [
            NewCell(CellKey(bom_id, place), world.items[bom_id], bom_id)
            for bom_id in bom_ids
            for place in world.locations
        ]
        await world.mongo.transactions.run(lambda session: self.cells.make(session, SHOP, job_id, 0, new))
        return len(new)


async def test_what_a_killed_planner_left_goes_on_within_its_leases(world: ShopWorld) -> None:
    """Killed while it published one job and made the cells of another, with a worker that lives on: both end."""
    dead = _Dead(world)
    publishing = await dead.stored("AB")
    assert await dead.jobs.start(SHOP, publishing, await dead.made(publishing, "AB"))
    soon = datetime.now(UTC) + timedelta(seconds=1)
    async with reconciler(world, roles={"worker"}):
        assert await dead.cells.claim_window(SHOP, publishing, 1000) is not None
        half_made = await dead.stored("CD")
        await dead.made(half_made, "C")
        jobs, shops = world.mongo.db["jobs"], world.mongo.db["shops"]
        await jobs.update_one({"_id": key_of(SHOP, publishing)}, {"$set": {"publishing.until": soon}})
        lease = {"plan_lease": {"until": soon, "owner": "dead", "no": 7}}
        await shops.update_one({"_id": SHOP}, {"$set": lease})
        async with reconciler(world, roles={"planner", "aggregator"}, watchdog_every=0.2, silent_after=NEVER):
            for job_id in (publishing, half_made):
                job = await world.ended(job_id)
                assert (job["state"], job["totals"]["updated"]) == ("completed", 4), job
    assert len(await world.ledger()) == 8


async def test_leases_are_of_seconds(world: ShopWorld) -> None:
    """What the one before was in the midst of keeps the next waiting for ten seconds at most."""
    assert timedelta(seconds=10) >= CLAIM
    dead = _Dead(world)
    job_id = await dead.stored("A")
    assert await dead.jobs.start(SHOP, job_id, await dead.made(job_id, "A"))
    before = datetime.now(UTC)
    assert await dead.cells.claim_window(SHOP, job_id, 10) is not None
    document = await world.mongo.db["jobs"].find_one({"_id": key_of(SHOP, job_id)})
    assert document is not None
    assert document["publishing"]["until"] <= datetime.now(UTC) + CLAIM
    assert document["publishing"]["until"] >= before + CLAIM - timedelta(milliseconds=1)
