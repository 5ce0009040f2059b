"""Faults that a review found, each as the history that showed it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.preview.computing.previewer import Previewer
from services.reconciler.jobs.job_cells import JobCells
from services.reconciler.planner.planner import MAX_TRIES
from services.reconciler.worker.cells.cell_worker import CellWorker
from services.reconciler.worker.cells.pushes.push_sender import PushSender
from services.reconciler.worker.cells.shopify_values import ShopifyValues
from services.reconciler.worker.cells.task import Task
from services.reconciler.worker.lanes.lane import Lane
from shared.contract.messages import JobRequest, PreviewRequest
from shared.contract.selection import SelectionBody
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.job import JobSource, Totals
from shared.domain.stock import observe_event
from shared.errors import ShopifyThrottled
from shared.mongodb.jobs.cells.cell import NewCell
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.job import WholeJob
from shared.mongodb.jobs.pushes import PushRecord, PushStore
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.schema import key_of
from shared.mongodb.stock.stock import StockWrite
from shared.rabbitmq.consuming.delivery import Delivery
from shared.rabbitmq.topology import JOB_REQUEST
from shared.reading.rows import RowReader
from shared.shopify.writes.writes import SetRow
from tests.integration.shop_world import SHOP, ShopWorld, new_id, previewer, reconciler, shop_world
from tests.waiting import arrival, until

SOON = timedelta(milliseconds=500)


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """Three BOMs that track at 2 locations, each count 3 above Shopify's value; services running."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made,
        reconciler(made, watchdog_every=0.3, silent_after=SOON),
        previewer(made),
    ):
        await made.add_boms({name: [7, 7] for name in "ABC"}, tracks=True)
        await made.agree()
        for name in "ABC":
            for location in made.locations:
                await made.hand(name, location, 3)
        yield made


async def event(world: ShopWorld, bom: str, location: str, value: int) -> None:
    """What the indexer does with a webhook."""
    key = CellKey(bom, location)
    cell = (await world.stock.load(SHOP, [key]))[key]
    change = observe_event(cell.stock, value, datetime.now(UTC) - timedelta(minutes=10))
    write = StockWrite(key, cell.stock, change, "webhook", "late")
    await world.mongo.transactions.run(lambda session: world.stock.write(session, SHOP, [write]))


async def test_an_event_while_the_first_send_is_throttled_withdraws_the_push(world: ShopWorld) -> None:
    """A send that Shopify did not execute counts as none: the late webhook of an earlier sale still stops the push."""
    here = world.locations[0]
    await world.edit({("A", here): 4}, age=600)
    preview_id = await world.preview({"bom_ids": ["A"], "location_ids": [here]})
    await world.control("/control/faults", {"operation": "inventorySetQuantities", "kind": "throttled", "count": 3})
    job_id = await world.request(
        Direction.TO_SHOPIFY, {"bom_ids": ["A"], "location_ids": [here]}, preview_id=preview_id
    )
    await world.document_where("pushes", {"not_run": {"$gte": 1}})
    await event(world, "A", here, 4)
    job = await world.ended(job_id)
    assert job["codes"] == {"SHOPIFY_CHANGED_BEFORE_PREVIEW": 1}
    assert (await world.shopify())[CellKey("A", here)] == 4


async def test_a_read_that_is_always_refused_ends_its_cells(world: ShopWorld) -> None:
    """Shopify refuses what is asked: every cell ends as READ_FAILED instead of being tried for ever."""
    await world.control(
        "/control/faults",
        {"operation": "nodes", "kind": "error", "code": "BAD_REQUEST", "message": "not so", "count": 1000},
    )
    job = await world.run(Direction.TO_LOCAL)
    assert job["codes"] == {"READ_FAILED": 6}
    await world.control("/control/faults", method="DELETE")
    assert (await world.run(Direction.TO_LOCAL))["totals"]["errors"] == 0


async def test_cells_of_a_job_that_never_started_do_not_stay(world: ShopWorld) -> None:
    """A planner died half-way and the job was cancelled: its cells go, and another job on them runs."""
    dead = new_id()
    cells = [{"bom_id": "A", "location_id": world.locations[0]}]
    job = {
        "_id": key_of(SHOP, dead),
        "shop": SHOP,
        "job_id": dead,
        "no": 1,
        "state": "cancelled",
        "planned": None,
        "waits_for": None,
        "direction": "toShopify",
        "source": "api",
        "selection": {"cells": cells},
        "totals": {"total": 0},
        "requested_at": datetime.now(UTC),
        "finished_at": datetime.now(UTC),
        "finished_event": "due",
    }
    orphan = {"shop": SHOP, "job_id": dead, **cells[0], "open": True, "state": "pending", "push_id": None}
    await world.mongo.db["cells"].insert_one({"_id": key_of(SHOP, dead, "A", world.locations[0]), **orphan})
    await world.mongo.db["jobs"].insert_one(job)
    assert (await world.run(Direction.TO_SHOPIFY, {"cells": cells}))["totals"]["updated"] == 1


async def test_one_broken_job_keeps_no_other_waiting(world: ShopWorld) -> None:
    """A job document that cannot be read, as an older build may leave it, fails; the shop's next job runs."""
    broken = new_id()
    await world.mongo.db["jobs"].insert_one(
        {
            "_id": key_of(SHOP, broken),
            "shop": SHOP,
            "job_id": broken,
            "no": None,
            "state": "requested",
            "planned": None,
            "waits_for": None,
            "preview_id": None,
            "of_job_id": None,
            "direction": "toShopify",
            "source": "api",
            "selection": {"cells": [{"bom_id": "C", "location_id": "no number"}]},
            "totals": {"total": 0},
            "requested_at": datetime.now(UTC) - timedelta(minutes=1),
        }
    )
    job = await world.run(Direction.TO_SHOPIFY, {"bom_ids": ["B"]})
    assert job["totals"]["updated"] == 2
    assert (await world.ended(broken))["failure"]["code"] == "INVALID_SELECTION"


async def test_a_job_that_cannot_be_planned_ends_and_lets_others_go(
    world: ShopWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some tries it fails with a code, its cells gone; one that waits behind it on the same cells then runs."""
    poisoned: set[str] = set()
    made = JobCells.of

    def of(self: JobCells, job: WholeJob) -> AsyncIterator[list[NewCell]]:
        if job.job_id in poisoned:
            raise OverflowError("a mistake of ours that comes again each time")
        return made(self, job)

    monkeypatch.setattr(JobCells, "of", of)
    first = new_id()
    poisoned.add(first)
    await world.publisher.command(
        JOB_REQUEST,
        JobRequest(shop=SHOP, job_id=first, direction=Direction.TO_SHOPIFY, selection=SelectionBody(bom_ids="all")),
    )
    behind = await world.run(Direction.TO_SHOPIFY, {"bom_ids": ["B"]})
    assert behind["totals"]["updated"] == 2
    ended = await world.ended(first)
    assert (ended["state"], ended["failure"]["code"], ended["plan_failures"]) == ("failed", "NOT_PLANNED", MAX_TRIES)
    assert await world.mongo.db["cells"].count_documents({"job_id": first}) == 0


async def test_a_running_job_of_an_older_build_fails_no_other(world: ShopWorld) -> None:
    """Its selection cannot be read any more: where its cells are, its documents tell."""
    running = new_id()
    await world.mongo.db["jobs"].insert_one(
        {
            "_id": key_of(SHOP, running),
            "shop": SHOP,
            "job_id": running,
            "no": 0,
            "state": "running",
            "planned": 1,
            "cancel_requested": False,
            "waits_for": None,
            "direction": "toShopify",
            "source": "api",
            "selection": {"filter": {"text": "a\x00b"}},
            "totals": asdict(Totals(total=1, pending=1)),
            "requested_at": datetime.now(UTC) - timedelta(minutes=1),
        }
    )
    assert (await world.run(Direction.TO_SHOPIFY, {"bom_ids": ["B"]}))["totals"]["updated"] == 2


async def test_an_undo_does_not_depend_on_the_age_of_a_preview(world: ShopWorld) -> None:
    """The preview of the first job is a day old by the time of the undo; what counts is settle_no."""
    preview_id = await world.preview()
    job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
    await world.mongo.db["previews"].update_one(
        {"preview_id": preview_id}, {"$set": {"taken_from": datetime.now(UTC) - timedelta(days=2)}}
    )
    undone = await world.run(
        Direction.TO_SHOPIFY, source=JobSource.UNDO, of_job_id=job["job_id"], preview_id=preview_id
    )
    assert undone["totals"]["updated"] == 6


async def test_two_runs_of_one_preview_leave_the_rows_of_one(world: ShopWorld) -> None:
    """Another process took it up while the first run was still at it: the preview is whole, and its rows stay."""
    await world.control("/control/latency", {"seconds": 0.2})
    request = PreviewRequest(shop=SHOP, preview_id=new_id(), selection=SelectionBody(bom_ids="all"))
    store = PreviewStore(world.mongo.db, world.mongo.transactions)
    rows = RowReader(world.boms, world.stock, world.reads)
    runs = [Previewer(store, world.boms, rows, world.reads, world.publisher) for _ in range(2)]
    await store.request(request)
    # Or the service beside would take it up, however slowly this runs.
    await store.take_turn(SHOP, request.preview_id, timedelta(hours=1))
    await asyncio.gather(*(run.compute(SHOP, request.preview_id) for run in runs))
    preview = await store.get(SHOP, request.preview_id)
    assert preview is not None
    assert (preview.state, preview.total, preview.done) == ("ready", 6, 6)
    assert await world.mongo.db["preview_rows"].count_documents({"preview_id": request.preview_id}) == 6


class _Message:
    """A message whose acknowledgement lets something else happen first, as any await does."""

    def __init__(self, first: asyncio.Future[None] | None = None) -> None:
        self.acked = False
        self.on_ack: list[asyncio.Task[None]] = []
        self._first = first

    async def ack(self) -> None:
        """Acknowledged."""
        self.acked = True
        if self._first is not None and not self._first.done():
            self._first.set_result(None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def _delivery(body: bytes, message: _Message | None = None) -> Delivery:
    return Delivery("key", body, {}, redelivered=False, queue="test", since=0.0, _message=message or _Message())  # type: ignore[arg-type]  # stands for the library's own


class _Throttled(CellWorker):
    """A worker whose shop has no budget for a while, and then does every cell."""

    def __init__(self) -> None:
        self.calls = 0
        self.done: list[str] = []

    async def run(self, shop: str, ids: object) -> list[str]:
        """Throttled twice, then all done."""
        self.calls += 1
        if self.calls <= 2:
            raise ShopifyThrottled(f"{shop} has no points", 1.2)
        self.done += list(ids)  # type: ignore[call-overload]  # a sequence of ids
        return []


async def test_a_cell_that_arrives_while_messages_are_given_up_does_not_end_the_lane(world: ShopWorld) -> None:
    """A long wait acknowledges the lane's messages one by one; a delivery in between must find a living lane."""
    begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    worker = _Throttled()
    lane = Lane(SHOP, worker, CellStore(world.mongo.db), lambda _: None)
    for n in range(3):
        await lane.add(f"cell {n}", _delivery(b"", _Message(begun)))
    await arrival(begun, what="messages that are given up")
    await lane.add("late", _delivery(b""))
    await until(lambda: not lane.size, what="the end of the lane's cells", progress=lambda: lane.size)
    assert set(worker.done) >= {"cell 0", "cell 1", "cell 2", "late"}
    await lane.stop()


async def test_a_preview_that_meets_a_mistake_of_ours_ends(world: ShopWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a preview learns that it failed, and how to ask for help, instead of waiting for ever."""

    async def broken(*_: object, **__: object) -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr(RowReader, "take", broken)
    request = PreviewRequest(shop=SHOP, preview_id=new_id(), selection=SelectionBody(bom_ids="all"))
    await world.publisher.command("preview.request", request)
    ended = await world.document("previews", request.preview_id, lambda p: p["state"] in {"ready", "failed"})
    assert ended["failure"]["code"] == "PREVIEW_BROKE"
    assert request.preview_id in ended["failure"]["message"]
    assert "mistake" not in ended["failure"]["message"]


async def test_a_row_applied_in_part_and_gone_before_the_next_read_is_in_doubt(
    world: ShopWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of an item's two rows was applied, none is named, and the item is deleted: nobody can tell which it was."""
    here, there = world.locations
    await world.control("/control/open_points", {"mixed_batch_partial": True, "stale_paths": False})
    preview_id = await world.preview()
    await world.edit({("B", there): 6})
    item = (await world.document("stock", f"B|{here}", lambda _: True))["item_id"]
    read = ShopifyValues.read

    async def after_a_deletion(levels: ShopifyValues, shop: str, tasks: Sequence[Task]) -> Any:
        if tasks:  # what is left of the push
            await world.control("delete_item", {"item_id": item})
        return await read(levels, shop, tasks)

    monkeypatch.setattr(ShopifyValues, "read", after_a_deletion)
    job = await world.ended(await world.request(Direction.TO_SHOPIFY, {"bom_ids": ["B"]}, preview_id=preview_id))
    assert [entry["delta"] for entry in await world.ledger() if entry["item_id"] == item] == [3]
    assert job["codes"] == {"OUTCOME_UNKNOWN": 2}


async def test_a_push_that_another_worker_has_sent_is_not_withdrawn(
    world: ShopWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event overtakes the push for one worker when another has sent it already: it is followed like any other."""
    pushes = PushStore(world.mongo.db)

    async def overtaken_too_late(_: PushSender, __: object, shop: str, tasks: Sequence[Task]) -> bool:
        assert tasks[0].push_id is not None
        push = await pushes.get(shop, tasks[0].push_id)
        return await pushes.note_send(shop, push, datetime.now(UTC)) is not None

    monkeypatch.setattr("services.reconciler.worker.cells.pushes.push_sender._overriding", list)
    monkeypatch.setattr(PushSender, "_overtaken", overtaken_too_late)
    job = await world.run(Direction.TO_SHOPIFY)
    assert job["totals"]["updated"] == 6
    assert len(await world.ledger()) == 6
    assert await world.mongo.db["cells"].distinct("attempts") == [1]


async def test_a_push_that_is_sent_while_evidence_is_read_is_not_judged_by_it(
    world: ShopWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker sends the push between the read and the judgement: what was read says nothing of that send."""
    pushes = PushStore(world.mongo.db)
    read = PushSender._held
    sent: list[str] = []

    async def then_sent_by_another(sender: PushSender, shop: str, push: PushRecord) -> Any:
        held = await read(sender, shop, push)
        if not sent:
            sent.append(push.push_id)
            assert await pushes.note_send(shop, push, datetime.now(UTC))
            rows = [SetRow(r.item_id, r.key.location_id, r.target.quantity, r.target.change_from) for r in push.rows]
            await sender._writes.send(shop, push.body, rows)
        return held

    async def would_apply_twice(*_: object) -> bool:
        return not sent

    monkeypatch.setattr(PushSender, "_held", then_sent_by_another)
    monkeypatch.setattr(PushSender, "_would_apply_twice", would_apply_twice)
    monkeypatch.setattr(PushSender, "_check_calm", lambda *_: None)
    await world.control("/control/faults", {"operation": "inventorySetQuantities", "kind": "reset_before", "count": 1})
    job = await world.run(Direction.TO_SHOPIFY)
    assert [entry["delta"] for entry in await world.ledger()] == [3] * 6
    assert job["totals"]["updated"] == 6
