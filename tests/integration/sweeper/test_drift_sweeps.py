"""What a sweep costs, and that a gap is swept: after a pause of Trueup, and after subscriptions were lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.reconciler.sweeper.change_scan import OVERLAP
from services.reconciler.sweeper.sweeper import SweepTimes
from shared.shopify.writes.subscriptions import TOPICS
from tests.integration.shop_world import SHOP
from tests.integration.sweeper.drift_setup import TIMES, DriftWorld, drift_world
from tests.waiting import until


async def called(world: DriftWorld) -> int:
    """Calls of the Admin API since the last reset."""
    return sum(operation["calls"] for operation in (await world.shop.calls()).values())


async def begin_at(world: DriftWorld, time: datetime) -> None:
    """Let the next sweep's search begin at this time."""
    values = {"sweep.watermark": time + OVERLAP}
    await world.shop.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": values})


async def test_a_sweep_costs_few_calls(vhost_url: str, mongodb_uri: str, database_name: str) -> None:
    """An unchanged shop of 1,200 cells costs at most 5 calls; with k changed cells, at most ⌈k/250⌉ + 5."""
    patient = SweepTimes(every=TIMES.every, tick=0.05)  # the second look is not part of a sweep
    made = drift_world(vhost_url, mongodb_uri, database_name, boms=300, locations=4, subscribed=True, times=patient)
    async with made as world:
        await world.sweep(full=True)
        await begin_at(world, datetime.now(UTC) + timedelta(seconds=2))
        await world.shop.control("calls/reset", {})
        await world.sweep()
        unchanged = await called(world)
        assert unchanged <= 5

        await begin_at(world, datetime.now(UTC).replace(microsecond=0))
        await world.shop.control("webhooks", {"mode": {"drop_ratio": 1.0}})
        edits = {(f"B{n:03}", place): 40 for n in range(300) for place in world.shop.locations[:2]}
        await world.shop.edit(edits, age=0)
        await world.shop.control("calls/reset", {})
        await world.sweep()
        changed = await called(world)
        assert len(await world.documents(state="watched")) == 600
        assert changed <= 3 + 5


async def test_a_full_sweep_of_a_large_shop_is_one_bulk_query(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """Every level of 800 cells in at most 5 calls, with what no search shows; where no bulk query is to be had, the
    items are read."""
    large = SweepTimes(every=TIMES.every, tick=0.05, bulk_above=100, first_look=1.0)
    made = drift_world(vhost_url, mongodb_uri, database_name, boms=200, locations=4, subscribed=True, times=large)
    async with made as world:
        here, there = world.shop.locations[:2]
        lost = {("B001", here): 20, ("B199", there): 21}
        await world.shop.edit(lost, age=3600)
        await world.shop.control("calls/reset", {})
        await world.sweep(full=True)
        calls = await world.shop.calls()
        assert calls["bulkOperationRunQuery"]["calls"] == 1
        assert await called(world) <= 5, calls
        found = await world.documents(state="watched")
        assert {(d["bom_id"], d["location_id"]) for d in found} == set(lost)

        await world.shop.edit({("B050", here): 22}, age=3600)
        await world.shop.control(
            "/control/faults",
            {"operation": "bulkOperationRunQuery", "kind": "error", "code": "ACCESS_DENIED", "count": 9},
        )
        await world.sweep(full=True)
        assert len(await world.documents(state="watched")) == 3


async def test_lost_subscriptions_are_made_again_and_the_gap_is_swept(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """Shopify has dropped every subscription (case 6): each is made again once, and what was missed is repaired."""
    async with drift_world(vhost_url, mongodb_uri, database_name, subscribed=True) as world:
        place = world.shop.locations[0]
        simulator = world.shop.running.simulator
        subscriptions = simulator.tenants[SHOP].webhooks.subscriptions
        # The simulator's part of the schema leaves one topic out; a refused one keeps no other from being made.
        taken = sorted(set(TOPICS) - {"APP_SCOPES_UPDATE"})
        assert sorted(str(s.topic) for s in subscriptions.values()) == taken
        subscriptions.clear()
        for n in range(3):
            await world.shop.sell(f"B{n:03}", place, 5)
        await world.sweep()
        assert sorted(str(s.topic) for s in subscriptions.values()) == taken
        await world.until(3, state="resolved", outcome="repaired")
        await world.shop.sell("B009", place, 1)
        await world.drained()
        await world.sweep()
        assert len(subscriptions) == len(taken)
        assert len(await world.documents()) == 3


async def test_what_happened_while_trueup_was_off_is_found(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """Changes older than every overlap are found: a sweep begins where the last one did, however long ago that is."""
    async with drift_world(vhost_url, mongodb_uri, database_name) as world:
        place = world.shop.locations[0]
        for n in range(3):
            await world.shop.edit({(f"B{n:03}", place): 30 + n}, age=3 * 3600)
        await begin_at(world, datetime.now(UTC) - timedelta(hours=6))
        await world.sweep()
        await world.until(3, state="resolved", outcome="repaired")
        assert [(await world.shop.cell(f"B{n:03}", place)).base for n in range(3)] == [30, 31, 32]


async def test_a_full_sweep_finds_what_no_search_shows(vhost_url: str, mongodb_uri: str, database_name: str) -> None:
    """A change that the search missed is found by the daily full sweep."""
    async with drift_world(vhost_url, mongodb_uri, database_name) as world:
        place = world.shop.locations[0]
        await world.shop.edit({("B001", place): 20}, age=3600)
        await world.sweep()
        assert await world.documents() == []
        await world.sweep(full=True)
        await world.until(1, state="resolved", outcome="repaired")


async def test_a_failed_page_fails_the_sweep_and_keeps_the_watermark(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """A look that could not be read to its end is no look: it is made again, from where it began."""
    times = replace(TIMES, after_a_failure=timedelta(seconds=0.2))
    async with drift_world(vhost_url, mongodb_uri, database_name, times=times) as world:
        before = await world.sweeps.state(SHOP)
        await world.shop.edit({("B001", world.shop.locations[0]): 20}, age=0)
        await world.shop.control("/control/faults", {"operation": "locations", "kind": "internal", "count": 1000})
        await world.shop.control("calls/reset", {})
        asked = datetime.now(UTC)
        await world.sweeps.ask(SHOP, full=False, at=asked)

        async def read_in_vain() -> bool:
            return "locations" in await world.shop.calls()

        await until(read_in_vain, what="a page that cannot be read")
        failed = await world.sweeps.state(SHOP)
        assert before is not None
        assert failed is not None
        assert (failed.watermark, failed.last_at) == (before.watermark, before.last_at)
        assert failed.asked_at is not None
        await world.shop.control("/control/faults", method="DELETE")
        await world.until(1, state="resolved", outcome="repaired")
