"""Webhooks that are lost, doubled and reordered while the broker restarts, an indexer is killed and stock is counted.

`storm_checks` has what must hold at the end.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from ulid import ULID

from benchmarks.webhooks.storm_size import Broker, StormSize
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import KeptProcess
from services.preview.bootstrap import PreviewService
from services.reconciler.sweeper.sweeper import SweepTimes
from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.contract.messages import CountAdjust
from shared.domain.batches import batches
from shared.domain.cell import CellKey
from shared.domain.stock import Stock
from shared.errors import BrokerUnavailable
from shared.mongodb.drift.sweeps import SweepStore
from shared.rabbitmq.topology import COUNT_ADJUST
from tests.integration.command_line.command_line_runs import environment_of
from tests.integration.shop_world import SHOP, ShopWorld, reconciler, shop_world
from tests.waiting import StandsStill, until, work_of, writes_to

ROOT = Path(__file__).parents[2]
START = 1000
"""What every cell holds and has counted at first."""

LINES = 25
"""Levels that one action changes; the simulator sends a webhook for each."""

MAX_PENDING = 600
"""Webhooks under way: more are not made, so that the storm is as fast as what it storms."""

SWEEP_EVERY = 8.0
GRACE = timedelta(seconds=3)
TIMES = SweepTimes(every=timedelta(hours=1), grace=GRACE, follow=timedelta(seconds=0.5), marker=5.0, tick=0.2)


@dataclass
class Storm:
    """One run: what was done so far, and what is running."""

    world: ShopWorld
    broker: Broker
    size: StormSize
    folder: Path
    port: int
    chance: random.Random
    hands: Counter[CellKey] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)
    processes: dict[str, KeptProcess] = field(default_factory=dict)
    sweeps: int = 0
    began_with: dict[CellKey, Stock] = field(default_factory=dict)

    async def start_process(self, name: str, role: str) -> None:
        """A webhook service of its own, with one role."""
        environment = environment_of(
            self.world.settings,
            TRUEUP_PORT=str(self.port),
            TRUEUP_OPERATIONS_PORT="0",
            TRUEUP_LOG_LEVEL="warning",
        )
        program = "from services.command_line.main import main; main()"
        command = [sys.executable, "-c", program, "serve", "webhook-ingest", "--role", role]
        self.processes[name] = await asyncio.to_thread(
            KeptProcess, command, environment=environment, directory=ROOT, log=self.folder / f"{name}.log"
        )

    async def front_answers(self) -> None:
        """Return once the front takes connections."""

        async def answers() -> bool:
            try:
                async with self.world.http.get(f"http://{LOOPBACK}:{self.port}/"):
                    return True
            except aiohttp.ClientError:
                return False

        await until(answers, what="an answer of the front", progress=work_of(os.getpid()))

    async def act(self) -> None:
        """One action of a customer, a member of staff, or another app; sometimes somebody counts a shelf."""
        cells = self.chance.sample(self.cells, min(LINES, len(self.cells)))
        levels = [{"item_id": self.world.items[bom], "location_id": place} for bom, place in cells]
        kind = self.chance.choice(("sell", "sell", "sell", "restock", "edit"))
        if kind == "edit":
            lines = [{**level, "available": self.chance.randrange(900, 1100)} for level in levels]
            await self.world.control("edit", {"levels": lines})
        else:
            lines = [{**level, "quantity": self.chance.randrange(1, 4)} for level in levels]
            await self.world.control(kind, {"lines": lines})
        self.did[kind] += len(lines)
        for key in cells:
            if self.chance.random() < self.size.hand_share:
                await self._count(key)

    @property
    def cells(self) -> list[CellKey]:
        """The shop's cells, always in the same order."""
        return [CellKey(bom, place) for bom in sorted(self.world.items) for place in self.world.locations]

    async def _count(self, key: CellKey) -> None:
        """A hand adjustment by message: sent again under its key until the broker has it."""
        delta = self.chance.choice((-3, -2, -1, 1, 2, 3))
        message = CountAdjust(
            shop=SHOP,
            bom_id=key.bom_id,
            location_id=key.location_id,
            delta=delta,
            idempotency_key=str(ULID()),
            cause="counted",
        )

        async def sent() -> bool:
            try:
                await self.world.publisher.command(COUNT_ADJUST, message)
            except BrokerUnavailable:
                return False
            return True

        await until(sent, what="a broker that takes a count", progress=self._attempts, every=0.5)
        self.hands[key] += delta
        self.did["hand"] += 1

    async def _attempts(self) -> object:
        return (await self.statistics())["attempts"]

    async def statistics(self) -> dict[str, Any]:
        """The simulator's count of webhooks."""
        answer: dict[str, Any] = await self.world.control("webhooks", method="GET")
        return answer

    async def blow(self) -> None:
        """Make the webhooks, and have the accidents at even distances."""
        accidents: list[Callable[[], Coroutine[Any, Any, None]]] = []
        for number in range(self.size.restarts):
            accidents.append(self._broker_dies if number % 2 else self._broker_restarts)
            if number < self.size.indexer_kills:
                accidents.append(self._indexer_dies)
        marks = [self.size.webhooks * (n + 1) // (len(accidents) + 1) for n in range(len(accidents))]
        under_way: list[asyncio.Task[None]] = []
        try:
            while (state := await self.statistics())["sent"] < self.size.webhooks:
                if marks and state["sent"] >= marks[0]:
                    marks.pop(0)
                    under_way.append(asyncio.create_task(accidents.pop(0)()))
                if state["pending"] > MAX_PENDING:
                    await asyncio.sleep(0.05)
                else:
                    await self.act()
            await asyncio.gather(*under_way)
        finally:
            for task in under_way:
                task.cancel()

    async def _broker_restarts(self) -> None:
        await self.broker.restart()
        self.did["broker restarted"] += 1

    async def _broker_dies(self) -> None:
        await self.broker.kill()
        self.did["broker killed"] += 1

    async def _indexer_dies(self) -> None:
        await asyncio.to_thread(self.processes["indexer 1"].kill)
        await self.start_process("indexer 1 again", "indexer")
        self.did["indexer killed"] += 1

    async def sweep(self) -> None:
        """Ask for a sweep and wait for its end."""
        store = SweepStore(self.world.mongo.db)
        await store.ask(SHOP, full=False, at=datetime.now(UTC))

        async def over() -> bool:
            state = await store.state(SHOP)
            return state is not None and not state.asked_at

        await self._comes(over, "the end of a sweep")
        self.sweeps += 1

    async def sweep_regularly(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            await self.sweep()

    async def until(self, condition: Callable[[], Coroutine[Any, Any, bool]], what: str) -> bool:
        """Whether it comes to be so while anything is still written; the documents are asked."""
        try:
            await self._comes(condition, what)
        except StandsStill:
            return False
        return True

    async def _comes(self, condition: Callable[[], Coroutine[Any, Any, bool]], what: str) -> None:
        # What is asked is dear, and changes in other processes.
        await until(condition, what=what, progress=writes_to(self.world.mongo.db), every=0.25)

    async def stock(self) -> dict[CellKey, Stock]:
        """Every cell's own numbers."""
        present: dict[CellKey, Stock] = {}
        for part in batches(self.cells, 1000):
            loaded = await self.world.stock.load(SHOP, part)
            present |= {key: cell.stock for key, cell in loaded.items()}
        return present

    async def all_verified(self) -> bool:
        """Whether no verifying read is due: from now on nothing but a sweep finds what no webhook tells."""
        return not await self.world.mongo.db["reads_wanted"].count_documents({"shop": SHOP})


@asynccontextmanager
async def storm(
    broker: Broker, mongodb_uri: str, database: str, size: StormSize, folder: Path, *, front_apart: bool = True
) -> AsyncIterator[Storm]:
    """A shop in agreement and everything running: a front and two indexers as processes, the rest in this one.

    Without `front_apart` only the indexer that is killed is a process.
    """
    async with AsyncExitStack() as stack:
        made = shop_world(
            broker.url, mongodb_uri, database, locations=size.locations, backoff=size.four_hours / (4 * 3600)
        )
        world = await stack.enter_async_context(made)
        levels = [START] * size.locations
        for part in batches(range(size.boms), 250):
            await world.add_boms({f"B{n:04}": levels for n in part}, tracks=True)
        await world.agree()
        # A restart and a kill are no reason for a person; what is tried here is what goes on by itself.
        policy = {"mode": "repair", "max_share": 1.0, "max_move": 10**6, "jobs_per_hour": 10**6, "quiet": None}
        await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": {"drift_policy": policy}})
        run = Storm(world, broker, size, folder, free_ports(1)[0], random.Random(size.seed))  # noqa: S311  # for a run
        run.began_with = await run.stock()
        stack.push_async_callback(_end, run)
        await run.start_process("indexer 1", "indexer")
        if front_apart:
            await run.start_process("front", "front")
            await run.start_process("indexer 2", "indexer")
        else:
            ingest = await WebhookIngestService.start(world.settings, port=run.port)
            stack.push_async_callback(ingest.stop)
        preview = await PreviewService.start(world.settings)
        stack.push_async_callback(preview.stop)
        await stack.enter_async_context(
            reconciler(world, sweep_times=TIMES, watchdog_every=0.5, silent_after=timedelta(seconds=5))
        )
        await run.front_answers()
        await run.sweep()
        mode = {
            "drop_ratio": size.lost,
            "duplicate_ratio": size.doubled,
            "reorder_ratio": size.reordered,
            "reorder_span": size.reorder_span,
            "seed": size.seed,
        }
        url = f"http://{LOOPBACK}:{run.port}/webhooks/shopify"
        await world.control("webhooks", {"url": url, "keep_taken": True, "mode": mode})
        yield run


async def _end(run: Storm) -> None:
    for process in run.processes.values():
        await asyncio.to_thread(process.kill)
