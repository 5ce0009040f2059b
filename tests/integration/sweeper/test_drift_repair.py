"""Repair keeps to the shop's policy: limits, the breaker with its reason, a person's approval, quiet hours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.mongodb.drift.missed import Approval
from shared.mongodb.schema import Document
from tests.integration.command_line.command_line_runs import trueup
from tests.integration.ingest.ingest_setup import counted
from tests.integration.shop_world import SHOP
from tests.integration.sweeper.drift_setup import DriftWorld, drift_world
from tests.waiting import until


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[DriftWorld]:
    """Ten BOMs that track at two locations, in agreement; everything runs."""
    async with drift_world(vhost_url, mongodb_uri, database_name) as made:
        yield made


async def lose(world: DriftWorld, cells: int, *, units: int = 2, age: float = 0) -> list[tuple[str, str]]:
    """Sales in so many cells, `age` seconds ago, whose webhooks never come."""
    places = world.shop.locations
    chosen = [(f"B{n // 2:03}", places[n % 2]) for n in range(cells)]
    await world.webhooks(drop_next=cells)
    for bom, place in chosen:
        await world.shop.sell(bom, place, units, age=age)
    return chosen


async def gauge(name: str, value: float) -> None:
    """Wait until a gauge of ours shows it."""
    await until(lambda: counted(name) == value, what=f"{name} of {value}")


async def test_what_moved_on_both_sides_is_never_repaired(world: DriftWorld) -> None:
    """A cell that was counted by hand too is recorded and left to a person; its neighbour is repaired. The figures say
    at once how many were missed."""
    place = world.shop.locations[0]
    await lose(world, 3)
    await world.shop.hand("B000", place, 5)
    await world.sweep()
    await world.until(2, state="resolved", outcome="repaired")
    (left,) = await world.until(1, state="missed")
    assert (left["bom_id"], left["location_id"], left["cell_class"]) == ("B000", place, "both_moved")
    (job,) = await world.jobs()
    assert job["totals"]["total"] == 2
    stock = await world.shop.cell("B000", place)
    assert (stock.base, stock.count) == (50, 55)
    await gauge("drift_unrepaired_cells", 1)
    await world.shop.document_where("shops", {"sweep.missed": 3})
    await world.sweep(full=True)
    await world.no_watch_is_left()
    assert len(await world.documents()) == 3
    assert len(await world.jobs()) == 1


async def test_approval_takes_over_what_was_missed_on_top_of_what_was_counted(world: DriftWorld) -> None:
    """A cell that moved on both sides: after approval its base is Shopify's, and its count has both moves."""
    place = world.shop.locations[0]
    await lose(world, 3)
    await world.shop.hand("B000", place, 5)
    await world.shop.hand("B001", place, -2)  # by another road to the same value
    await world.sweep()
    await world.until(1, state="resolved", outcome="repaired")
    await world.until(2, state="missed")
    approved = await trueup(world.shop.settings, "drift", "approve", "--json")
    assert approved.code == 0, approved.errors
    await world.until(3, state="resolved")
    both, same = await world.shop.cell("B000", place), await world.shop.cell("B001", place)
    assert [(both.base, both.count), (same.base, same.count)] == [(48, 53), (48, 46)]
    assert len(await world.jobs()) == 1


async def test_a_second_loss_in_a_cell_whose_first_one_is_over_is_found_by_the_next_sweep(world: DriftWorld) -> None:
    """A record that stands open although its cell has caught up does not hide what was lost since."""
    place = world.shop.locations[0]
    await world.policy(mode="notify")
    # Caught up by a later sale, which must be in another second.
    await lose(world, 1, age=10)
    await world.sweep()
    (first,) = await world.until(1, state="missed", held="mode")
    await world.shop.sell("B000", place, 1)
    await world.drained()
    await world.until(1, state="missed", drift_id=first["drift_id"])
    await world.shop.verified()  # the sale's read would find the next loss, too
    await lose(world, 1)
    await world.sweep()
    (second,) = await world.until(1, state="missed", drift_id={"$ne": first["drift_id"]})
    assert (second["base"], second["shopify"]) == (47, 45)
    await world.until(1, state="resolved", drift_id=first["drift_id"])


async def test_what_is_approved_in_part_is_repaired_and_the_rest_stays_stopped(world: DriftWorld) -> None:
    """One location, then one row of the other: just these are repaired, the breaker waits with what is left."""
    await lose(world, 8)
    await world.sweep()
    await world.until(8, state="missed", held="breaker")
    first, second = world.shop.locations
    plan = await world.drift.open_by_place(SHOP)
    assert {(one.location_id, one.cells, one.approved, one.largest_move) for one in plan} == {
        (first, 4, 0, 2),
        (second, 4, 0, 2),
    }
    place = Approval(location_ids=frozenset({first}))
    assert await world.drift.approve(SHOP, "user:1", now=datetime.now(UTC), only=place) == 4
    repaired = await world.until(4, state="resolved", outcome="repaired")
    assert {(one["location_id"], one["approved_by"]) for one in repaired} == {(first, "user:1")}
    left = await world.until(4, state="missed", held="breaker")
    row = Approval(drift_ids=frozenset({left[0]["drift_id"]}))
    assert await world.drift.approve(SHOP, "user:1", now=datetime.now(UTC), only=row) == 1
    await world.until(5, state="resolved", outcome="repaired")
    state = await world.sweeps.state(SHOP)
    assert state is not None
    assert state.breaker is not None
    for document in left[1:]:
        assert (await world.shop.cell(document["bom_id"], document["location_id"])).count == 50


async def test_much_at_once_asks_a_person_and_goes_on_when_approved(world: DriftWorld) -> None:
    """40 % of the cells lose their webhook: no job, one notice with its reason, and after approval all are repaired."""
    cells = await lose(world, 8)
    await world.sweep()
    await world.until(8, state="missed", held="breaker")
    state = await world.sweeps.state(SHOP)
    assert state is not None
    assert state.breaker is not None
    assert "8 of 20 places (40%)" in state.breaker.reason
    await gauge("breaker_open", 1)
    await world.sweep()
    again = await world.sweeps.state(SHOP)
    assert again is not None
    assert again.breaker == state.breaker
    assert await world.jobs() == []

    approved = await trueup(world.shop.settings, "drift", "approve", "--json")
    assert approved.code == 0, approved.errors
    assert approved.document == {"released": 8, "left": 0}
    documents = await world.until(8, state="resolved", outcome="repaired")
    assert {document["approved_by"] for document in documents} != {None}
    (job,) = await world.jobs()
    assert {document["job_id"] for document in documents} == {job["job_id"]}
    for bom, place in cells:
        stock = await world.shop.cell(bom, place)
        assert (stock.base, stock.count) == (48, 48)
    await gauge("breaker_open", 0)
    refused = await trueup(world.shop.settings, "drift", "approve")
    assert (refused.code, len(refused.errors.splitlines())) == (2, 1)


async def test_a_single_large_move_asks_a_person(world: DriftWorld) -> None:
    """One cell that moved by more than the limit stops the repair of all."""
    await world.policy(max_move=30)
    await lose(world, 1, units=31)
    await world.sweep()
    await world.until(1, state="missed", held="breaker")
    state = await world.sweeps.state(SHOP)
    assert state is not None
    assert state.breaker is not None
    assert "31 units" in state.breaker.reason
    assert await world.jobs() == []


async def test_notify_records_and_off_does_not_look(world: DriftWorld) -> None:
    """With `notify` a missed webhook is recorded and nothing is changed; with `off` no call is made at all."""
    await world.policy(mode="notify")
    await lose(world, 1)
    await world.sweep()
    await world.until(1, state="missed", held="mode")
    assert await world.jobs() == []
    assert (await world.shop.cell("B000", world.shop.locations[0])).base == 50

    await world.policy(mode="off")
    await world.shop.control("calls/reset", {})
    await lose(world, 4)
    await world.sweep()
    assert len(await world.documents()) == 1
    assert await world.shop.calls() == {}


async def test_quiet_hours_and_jobs_per_hour_are_kept(world: DriftWorld) -> None:
    """In the quiet hours nothing is repaired; outside them only so many jobs in an hour are."""
    now = datetime.now(UTC)
    start, end = now - timedelta(minutes=30), now + timedelta(minutes=30)
    quiet: Document = {
        "start": start.hour * 60 + start.minute,
        "end": end.hour * 60 + end.minute,
        "time_zone": "Etc/UTC",
    }
    await world.policy(quiet=quiet, jobs_per_hour=1)
    await lose(world, 1)
    await world.sweep()
    await world.until(1, state="missed", held="quiet_hours")
    assert await world.jobs() == []
    # A zone that is not known any more: nobody can tell when the hours are, so nothing is repaired, and it is said why.
    await world.policy(quiet=quiet | {"time_zone": "Mars/Base"})
    await world.sweep()
    await world.until(1, state="missed", held="time_zone_unknown")
    assert await world.jobs() == []
    await world.policy(jobs_per_hour=1)
    await world.sweep()
    await world.until(1, state="resolved", outcome="repaired")
    await world.shop.sell("B005", world.shop.locations[0], 1)
    await world.drained()
    await world.webhooks(drop_next=1)
    await world.shop.sell("B006", world.shop.locations[0], 1)
    await world.sweep()
    await world.until(1, state="missed", held="jobs_per_hour")
    assert len(await world.jobs()) == 1


async def test_a_repair_that_was_never_asked_for_is_asked_for_again(world: DriftWorld) -> None:
    """A crash between the link and the request leaves evidence that names no job: it is taken back and repaired."""
    await world.policy(mode="notify")
    await lose(world, 1)
    await world.sweep()
    (document,) = await world.until(1, state="missed", held="mode")
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    fields = {"job_id": "01K0000000000000000000000A", "asked_at": long_ago, "due_at": long_ago}
    await world.policy()
    await world.shop.mongo.db["drift"].update_one({"_id": document["_id"]}, {"$set": fields})
    (repaired,) = await world.until(1, state="resolved", outcome="repaired")
    assert repaired["tries"] == 1
    (job,) = await world.jobs()
    assert repaired["job_id"] == job["job_id"]


async def test_a_repair_is_in_the_history_with_its_evidence_and_can_be_undone(world: DriftWorld) -> None:
    """The job names its missed webhook; undone, the count is as before, and the sweeper leaves the cell to a person."""
    ((bom, place),) = await lose(world, 1, units=3)
    await world.sweep()
    (missed,) = await world.until(1, state="resolved", outcome="repaired")
    (job,) = await world.jobs()
    assert (job["source"], job["direction"], job["requested_by"]) == ("drift", "toLocal", "sweeper")
    assert (missed["job_id"], missed["base"], missed["shopify"]) == (job["job_id"], 50, 47)
    stock = await world.shop.cell(bom, place)
    assert (stock.base, stock.count) == (47, 47)

    selection = {"cells": [{"bom_id": bom, "location_id": place}]}
    undone = await world.shop.run(Direction.TO_LOCAL, selection, source=JobSource.UNDO, of_job_id=job["job_id"])
    assert undone["totals"]["updated"] == 1
    stock = await world.shop.cell(bom, place)
    assert (stock.base, stock.count) == (47, 50)
    await world.sweep(full=True)
    await world.no_watch_is_left()
    assert [d["drift_id"] for d in await world.documents()] == [missed["drift_id"]]
    assert len(await world.jobs()) == 2
    stock = await world.shop.cell(bom, place)
    assert (stock.base, stock.count) == (47, 50)
