"""The reconciler: what one shop has too much of, or what hangs for it, holds no other shop up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from services.reconciler.jobs.window import LEAST, OF_A_SHOP, WINDOW, Window
from services.reconciler.planner.planner import Planner
from services.reconciler.schedules import run_follower
from services.reconciler.schedules.role import ScheduleTimes
from services.reconciler.schedules.run_asking import RunAsking
from services.reconciler.schedules.scheduler import Scheduler
from services.reconciler.sweeper.sweeper import SHOPS_AT_ONCE, Sweeper, SweepTimes
from services.reconciler.worker.cells.cell_worker import CellWorker
from services.reconciler.worker.lanes.held_messages import HELD_BOUND
from services.reconciler.worker.lanes.lane import Lane
from services.reconciler.worker.lanes.partitions import PREFETCH
from shared.contract.messages import JobOptions
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.domain.schedule import Action, Missed, Timing
from shared.domain.words.codes import Code
from shared.mongodb.drift.sweeps import SweepStore
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.schedules.run import ScheduleRun
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schedules.schedule import Schedule, ScheduleWanted
from shared.mongodb.schedules.schedules import ScheduleStore
from shared.mongodb.schema import Document, key_of
from shared.rabbitmq.consuming.delivery import Delivery
from shared.serving.server import start_server
from tests.integration.shop_world import SHOP, TOKEN, ShopWorld, new_id, reconciler, shop_world
from tests.waiting import changed, until

OTHER = "beside.myshopify.com"
TIMES = ScheduleTimes(tick=0.05)


@dataclass
class Receivers:
    """An address that takes what is sent, and one that takes it and never answers; both note whose it was."""

    quick: str = ""
    pit: str = ""
    begun: list[tuple[str, str]] = field(default_factory=list)
    hanging: int = 0
    most_hanging: int = 0

    async def take(self, request: web.Request) -> web.Response:
        """One delivery."""
        where = request.path.removeprefix("/")
        self.begun.append((where, (await request.json())["shop"]))
        if where == "pit":
            self.hanging += 1
            self.most_hanging = max(self.most_hanging, self.hanging)
            try:
                await asyncio.Event().wait()
            finally:
                self.hanging -= 1
        return web.Response(status=204)


@asynccontextmanager
async def receivers() -> AsyncIterator[Receivers]:
    """Both, on this machine."""
    made, app = Receivers(), web.Application()
    app.router.add_post("/{where}", made.take)
    server = await start_server(app, "127.0.0.1", 0, shutdown_timeout=0.1)
    made.quick, made.pit = (f"http://127.0.0.1:{server.port}/{where}" for where in ("quick", "pit"))
    try:
        yield made
    finally:
        await server.close()


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """One shop with a BOM at a location; a second one is known by its name only."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as made:
        made.settings = made.settings.model_copy(update={"private_targets": True, "open_jobs_per_shop": 4})
        await made.add_boms({"B": [5]}, tracks=True)
        await made.agree()
        await made.shops.add(OTHER, TOKEN)
        yield made


async def due_outcome(world: ShopWorld, shop: str, url: str, *, ago: float) -> None:
    """A run that has ended and is to be told to this address."""
    keys = [key.get_secret_value() for key in world.settings.token_keys]
    schedule_id, run_id, at = new_id(), new_id(), datetime.now(UTC) - timedelta(seconds=ago)
    wanted = ScheduleWanted(
        name="Told",
        enabled=False,
        action=Action.PREVIEW,
        direction=None,
        selection=SelectionBody(bom_ids="all"),
        options=JobOptions(),
        timing=Timing.hourly(0),
        time_zone="UTC",
        missed=Missed.RUN_ONCE,
    )
    store = ScheduleStore(world.mongo.db, keys)
    await store.put(shop, schedule_id, wanted, next_at=None, target_url=url, secret="a secret of fair length", by="t")
    run: Document = {
        "_id": key_of(shop, run_id),
        "shop": shop,
        "run_id": run_id,
        "schedule_id": schedule_id,
        "name": "Told",
        "action": "preview",
        "due_at": at,
        "state": "ended",
        "reason": None,
        "outcome": "ready",
        "figures": None,
        "at": at,
        "asked_at": at,
        "ended_at": at,
        "telling": {"state": "due", "at": at, "tries": 0, "detail": None},
    }
    await world.mongo.db["schedule_runs"].insert_one(run)


async def test_receivers_that_never_answer_have_two_hands_of_their_shop(world: ShopWorld) -> None:
    """Of eighty tar pits that were due earlier two have been begun when another shop's outcome is told."""
    async with AsyncExitStack() as stack:
        hooks = await stack.enter_async_context(receivers())
        for number in range(80):
            await due_outcome(world, SHOP, hooks.pit, ago=1000 - number)
        await due_outcome(world, OTHER, hooks.quick, ago=1)
        await stack.enter_async_context(reconciler(world, roles={"sweeper"}, schedule_times=TIMES))
        await until(lambda: ("quick", OTHER) in hooks.begun, what="the other shop's outcome")
        before = hooks.begun[: hooks.begun.index(("quick", OTHER))]
        assert before in ([], [("pit", SHOP)], [("pit", SHOP)] * 2)
        for number in range(5):
            await due_outcome(world, OTHER, hooks.quick, ago=number)
        await until(lambda: hooks.begun.count(("quick", OTHER)) == 6, what="the other shop's next outcomes")
        assert hooks.most_hanging <= 2


async def test_receivers_that_failed_leave_half_the_hands_to_those_not_tried(
    world: ShopWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many shops' receivers hang in a further try, what is due for the first time finds a hand."""
    monkeypatch.setattr("services.reconciler.schedules.outcome_sender.AT_ONCE", 4)
    monkeypatch.setattr("services.reconciler.schedules.outcome_sender.FRESH", 2)
    async with AsyncExitStack() as stack:
        hooks = await stack.enter_async_context(receivers())
        for number in range(6):
            await due_outcome(world, f"s{number}.myshopify.com", hooks.pit, ago=1000)
        await world.mongo.db["schedule_runs"].update_many({}, {"$set": {"telling.tries": 1}})
        await due_outcome(world, OTHER, hooks.quick, ago=1)
        await stack.enter_async_context(reconciler(world, roles={"sweeper"}, schedule_times=TIMES))
        await until(lambda: ("quick", OTHER) in hooks.begun, what="the outcome that is due for the first time")
        await until(lambda: hooks.most_hanging == 2, what="further tries in the other half")
        assert hooks.most_hanging == 2


async def test_jobs_by_message_meet_the_shops_limit_and_end_with_a_code(world: ShopWorld) -> None:
    """Of ten jobs four are open, in the order of asking; the others end with a code, and say so."""
    async with reconciler(world, roles={"planner", "aggregator"}):
        asked = [await world.request(Direction.TO_LOCAL) for _ in range(10)]
        jobs = world.mongo.db["jobs"]

        async def six_have_failed() -> list[Document]:
            failed = [job async for job in jobs.find({"state": "failed", "finished_event": "sent"})]
            return failed if len(failed) == 6 else []

        failed = await changed(jobs, six_have_failed, what="six jobs that were too many")
        assert {job["failure"]["code"] for job in failed} == {Code.TOO_MANY_JOBS}
        assert all("4 jobs of this shop" in job["failure"]["message"] for job in failed)
        assert await jobs.count_documents({"state": {"$in": ["requested", "waiting", "running"]}}) == 4
        assert {job["job_id"] for job in failed} <= set(asked)
        # A repeat of one that is open changes nothing.
        again = (await jobs.find_one({"state": "running"}))["job_id"]  # type: ignore[index]  # one runs
        await world.request(Direction.TO_LOCAL, job_id=again)
        await world.cancel(again)
        await world.document("jobs", again, lambda job: job["state"] == "cancelled")


class _Held:
    """A message that notes whether it was answered."""

    def __init__(self) -> None:
        self.acked = False

    async def ack(self) -> None:
        """Answered."""
        self.acked = True

    async def nack(self, *, requeue: bool) -> None:
        """Given back."""
        self.acked = requeue


class _Hanging(CellWorker):
    """A worker whose Shopify does not answer."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()

    async def run(self, _: str, __: object) -> list[str]:
        """Wait."""
        self.begun.set()
        await self.go_on.wait()
        return []


async def test_a_lane_leaves_room_in_its_queue_for_shops_that_share_it(world: ShopWorld) -> None:
    """While its Shopify hangs a shop holds a fourth of what the broker delivers; all its cells are remembered."""
    worker, messages = _Hanging(), [_Held() for _ in range(HELD_BOUND + 300)]
    lane = Lane(SHOP, worker, CellStore(world.mongo.db), lambda _: None)
    for number, message in enumerate(messages):
        delivery = Delivery("key", b"", {}, redelivered=False, queue="test", since=0.0, _message=message)  # type: ignore[arg-type]  # stands for the library's own
        await lane.add(f"cell {number}", delivery)
    await worker.begun.wait()
    assert HELD_BOUND <= PREFETCH / 4
    assert sum(not message.acked for message in messages) == HELD_BOUND
    assert lane.size == HELD_BOUND + 300
    worker.go_on.set()
    await until(lambda: lane.size == 0, what="the end of the lane's cells", progress=lambda: lane.size)
    assert all(message.acked for message in messages)
    await lane.stop()


@pytest.mark.parametrize(("running", "window"), [(1, WINDOW), (2, OF_A_SHOP // 2), (10, OF_A_SHOP // 10), (500, LEAST)])
async def test_a_shops_running_jobs_share_its_window(
    world: ShopWorld, running: int, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred jobs do not put a hundred windows into the queue that other shops share."""
    jobs = [
        {"_id": key_of(SHOP, str(number)), "shop": SHOP, "job_id": str(number), "state": "running"}
        for number in range(running)
    ]
    await world.mongo.db["jobs"].insert_many(jobs)
    asked: list[int] = []

    async def claim_window(_: CellStore, __: str, ___: str, size: int) -> None:
        asked.append(size)

    monkeypatch.setattr(CellStore, "claim_window", claim_window)
    store = JobStore(world.mongo.db, world.mongo.transactions)
    await Window(store, CellStore(world.mongo.db), world.publisher).refill(SHOP, "0")
    assert asked == [window]


async def test_a_sweep_that_hangs_holds_up_no_other_shops(world: ShopWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every slot but one at shops that hang, the others are visited one after the other, again and again."""
    hanging = [f"hangs{number}.myshopify.com" for number in range(SHOPS_AT_ONCE - 1)]
    others = [f"quick{number}.myshopify.com" for number in range(3)]
    begun: list[str] = []

    async def visit(_: Sweeper, shop: str) -> None:
        begun.append(shop)
        if shop in hanging:
            await asyncio.Event().wait()

    monkeypatch.setattr(Sweeper, "visit", visit)
    for shop in [*hanging, *others]:
        await world.shops.add(shop, TOKEN)
    await world.mongo.db["shops"].update_many({}, {"$set": {"sweep.next_at": datetime.now(UTC)}})
    async with reconciler(world, roles={"sweeper"}, sweep_times=SweepTimes(tick=0.05)):
        await until(
            lambda: all(begun.count(shop) >= 2 for shop in others),
            what="two visits of each shop that does not hang",
            progress=lambda: len(begun),
        )
        assert all(begun.count(shop) == 1 for shop in hanging)


async def test_a_schedule_whose_shopify_hangs_holds_up_no_other_shops(
    world: ShopWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One schedule of a shop at a time: five that hang are one slot, and another shop's is seen to."""
    seen: list[str] = []

    async def see_to(_: Scheduler, schedule: Schedule, __: datetime) -> None:
        seen.append(schedule.shop)
        if schedule.shop == SHOP:
            await asyncio.Event().wait()

    monkeypatch.setattr(Scheduler, "_see_to", see_to)
    for number in range(6):
        await due_outcome(world, OTHER if number == 5 else SHOP, "http://127.0.0.1:1/", ago=1)
    await world.mongo.db["schedule_runs"].delete_many({})
    await world.mongo.db["schedules"].update_many({}, {"$set": {"next_at": datetime.now(UTC)}})
    async with reconciler(world, roles={"sweeper"}, schedule_times=TIMES):
        await until(lambda: OTHER in seen, what="the other shop's schedule")
        assert seen.count(SHOP) <= 1


async def test_runs_that_do_not_end_hide_none_behind_them(world: ShopWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """More runs that wait than are looked at in a round: those asked for later are looked at all the same."""
    monkeypatch.setattr(run_follower, "_AT_A_TIME", 3)
    looked_at: list[str] = []

    async def has_ended(_: run_follower.RunFollower, run: ScheduleRun) -> bool:
        looked_at.append(run.run_id)
        return False

    monkeypatch.setattr(run_follower.RunFollower, "has_ended", has_ended)
    now = datetime.now(UTC)
    running = {"shop": SHOP, "schedule_id": "S", "name": "N", "action": "preview", "state": "running", "due_at": now}
    runs = [{**running, "_id": f"{SHOP}|{number}", "run_id": str(number), "asked_at": now} for number in range(8)]
    await world.mongo.db["schedule_runs"].insert_many(runs)
    database, transactions = world.mongo.db, world.mongo.transactions
    jobs, previews = JobStore(database, transactions), PreviewStore(database, transactions)
    store, run_store = ScheduleStore(database, []), ScheduleRuns(database)
    follower = run_follower.RunFollower(
        schedules=store,
        runs=run_store,
        jobs=jobs,
        previews=previews,
        sweeps=SweepStore(database),
        asking=RunAsking(runs=run_store, jobs=jobs, previews=previews, publisher=world.publisher),
    )
    for _ in range(3):
        await follower.follow()
    assert looked_at == [str(number) for number in range(8)]


async def test_the_watchdog_waits_for_no_shops_planning(world: ShopWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making a large job's cells takes as long as it takes: the round goes on to the other shops meanwhile."""
    planned: list[str] = []
    planners: set[int] = set()

    async def plan(planner: Planner, shop: str) -> None:
        planners.add(id(planner))
        planned.append(shop)
        if shop == OTHER:
            await asyncio.Event().wait()

    async def shops_with(*_: object) -> list[str]:
        return [OTHER, SHOP]

    monkeypatch.setattr(Planner, "plan", plan)
    monkeypatch.setattr(JobStore, "shops_with", shops_with)
    async with reconciler(world, roles={"aggregator"}, watchdog_every=0.01):
        await until(lambda: planned.count(SHOP) >= 2, what="the other shop's planning in each round")
        assert planned.count(OTHER) == len(planners)
