"""A lane: the cells of one shop, gathered from its partition and worked on in batches, several at a time.

Batches of one shop hold different cells, so that the reads, sends and settles of one overlap with Shopify's answers to
another; the shop's budget, which all of them share, is in the client. What it has in hand is in `held_messages`, what
waits in `waits`, what is on its way in `gathering`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import monotonic

import structlog

from services.reconciler.worker.cells.cell_worker import CellWorker
from services.reconciler.worker.lanes.gathering import Gathering
from services.reconciler.worker.lanes.held_messages import HeldMessages
from services.reconciler.worker.lanes.waits import FAILED_WAIT, NO_WAIT, Wait, Waits
from shared.domain.batches import ROWS_PER_CALL
from shared.errors import ShopPaused
from shared.mongodb.jobs.cells.cell import job_in
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.jobs import JobStore
from shared.observing import tracing
from shared.rabbitmq.consuming.delivery import Delivery
from shared.running.clock import SYSTEM_CLOCK, Clock

log = structlog.get_logger()

LANE_BOUND = 2000
"""Cells one shop may have in a process; above it messages are acknowledged and their places freed."""

BATCHES_AT_ONCE = 4
"""Batches of a shop under way. What a real call takes, a third of a second, is many times our own work on its cells."""

LONGEST_HOLD = 60.0
"""Seconds that a message is held, whatever its batch or the one before it is at: hundreds of calls of half a minute
each are more than the broker waits for an answer. The cell is remembered, and the watchdog covers a crash."""

LONG_WAIT = 1.0
"""Above these seconds no message is held: the lane remembers the cells, and the watchdog covers a crash."""

GIVE_UP_WAIT = 60.0
"""Above these seconds the lane forgets the cells too; they are published again later."""

WORTH_RECORDING = 1.0
"""From these seconds on a wait is recorded in the documents of the jobs that wait."""


class Lane:
    """The cells of one shop in this process."""

    def __init__(
        self,
        shop: str,
        worker: CellWorker,
        cells: CellStore,
        on_empty: Callable[[str], None],
        clock: Clock = SYSTEM_CLOCK,
        *,
        jobs: JobStore | None = None,
        crowded: Callable[[], bool] = lambda: False,
    ) -> None:
        """`crowded` tells whether the broker delivers nothing more before something is acknowledged.

        What a run waits for is recorded in `jobs`.
        """
        self._shop = shop
        self._worker = worker
        self._cells = cells
        self._on_empty = on_empty
        self._clock = clock
        self._jobs = jobs
        self._crowded = crowded
        self._messages = HeldMessages()
        self._waits = Waits(clock)
        self._gathering = Gathering(shop, cells, self._messages.keys())
        self._taken: set[str] = set()
        """Cells of the batches under way."""
        self._batches: set[asyncio.Task[None]] = set()
        self._wait_recorded = True  # perhaps by an earlier lane of the shop
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._news = asyncio.Event()

    @property
    def at_work(self) -> bool:
        """Whether a batch is under way."""
        return bool(self._batches)

    @property
    def size(self) -> int:
        """Cells waiting or being worked on."""
        return len(self._messages)

    @property
    def held(self) -> int:
        """Messages that are not answered yet."""
        return self._messages.held

    async def add(self, cell: str, delivery: Delivery) -> None:
        """Take a cell. One that is here already needs no second message; one too many is left to the documents."""
        if cell in self._messages:
            self._start()
            await delivery.ack()
        elif self.size >= LANE_BOUND or self._stopping.is_set():
            await self._cells.free_places(self._shop, [cell])
            await delivery.ack()
        else:
            self._gathering.note_arrival(cell)
            self._news.set()
            self._start()
            await self._messages.take(cell, delivery)

    def _start(self) -> None:
        if not self._stopping.is_set() and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._run(), name=f"lane {self._shop}")

    async def stop(self) -> None:
        """Finish the batches under way; what has not begun goes back: to the queue, or, where only the lane knew of it
        any more, to those to be published."""
        self._stopping.set()
        self._news.set()
        if self._task is not None:
            await asyncio.wait([self._task])
        if remembered := await self._messages.give_back():
            try:
                await self._cells.free_places(self._shop, remembered)
            except Exception:  # a store that is away: the watchdog frees them after its silence
                log.exception("lane_not_given_back", cells=len(remembered))

    async def _run(self) -> None:
        structlog.contextvars.bind_contextvars(shop=self._shop)
        bounding = asyncio.create_task(self._bound_holds(), name=f"holds of {self._shop}")
        try:
            while (self._messages or self._batches) and not self._stopping.is_set():
                try:
                    await self._turn()
                except Exception:  # a store that is away while messages are given back: nothing may end the lane
                    log.exception("lane_turn_failed", cells=self.size)
                    await self._clock.sleep(FAILED_WAIT)
            if self._batches:
                await asyncio.wait(set(self._batches))
        finally:
            bounding.cancel()
        self._on_empty(self._shop)

    async def _bound_holds(self) -> None:
        """By real time, as the broker counts."""
        while True:
            await asyncio.sleep(LONGEST_HOLD / 4)
            await self._messages.remember(since=monotonic() - LONGEST_HOLD)

    async def _turn(self) -> None:
        """Begin one more batch where one may begin, else wait for what may let one."""
        self._news.clear()
        self._waits.end_rests()
        may_begin = self._has_a_hand() and not self._waits.lane_rests
        suspect = self._waits.next_suspect()
        if may_begin and suspect is not None:
            # Each alone: a cell that may have ended processes must take no other's attempt along.
            self._begin([suspect])
        elif may_begin and self._ready():
            await self._gathering.run(self._has_enough)
            batch = self._ready()
            # Batches under way may have ended meanwhile, and have brought a rest, a failure or a suspect.
            if batch and not self._hindered() and self._has_a_hand():
                self._begin(batch)
        else:
            await self._wait_for_news()

    def _has_a_hand(self) -> bool:
        """Whether one more batch may be under way."""
        return len(self._batches) < (1 if self._waits.alone else BATCHES_AT_ONCE)

    def _ready(self) -> list[str]:
        """The cells of the next batch, as they came."""
        ready = (cell for cell in self._messages if cell not in self._taken and not self._waits.rests(cell))
        return list(islice(ready, ROWS_PER_CALL))

    def _hindered(self) -> bool:
        """Whether no batch of several cells may begin: the lane stops or rests, or a suspect is to run first."""
        return self._stopping.is_set() or self._waits.lane_rests or self._waits.next_suspect() is not None

    def _has_enough(self) -> bool:
        """Whether there is nothing to gather any more: the batch is full, or cannot become so, or may not begin."""
        return self._hindered() or len(self._ready()) >= ROWS_PER_CALL or self._crowded()

    async def _wait_for_news(self) -> None:
        """Return at an arrival, the end of a batch, the stop, or when a rest is over."""
        waits: list[asyncio.Task[object]] = [asyncio.create_task(self._news.wait())]
        # While no batch may begin for want of a hand, the ends of rests are no news.
        if self._has_a_hand() and (seconds := self._waits.next_end()) is not None:
            waits.append(asyncio.create_task(self._clock.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _begin(self, batch: list[str]) -> None:
        self._taken.update(batch)
        task = asyncio.create_task(self._work(batch), name=f"batch of {self._shop}")
        self._batches.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._batches.discard(task)
        self._news.set()

    async def _work(self, batch: list[str]) -> None:
        """One batch, and what its end means for the lane. Never raises."""
        try:
            wait = await self._run_batch(batch)
            waiting = batch if wait is NO_WAIT else await self._rest(batch, wait)
            await self._record(waiting, wait)
        except Exception:  # a store that is away while messages are given back: nothing may end the lane
            log.exception("lane_turn_failed", cells=self.size)
            self._waits.rest_lane(FAILED_WAIT)
        finally:
            self._taken.difference_update(batch)

    async def _run_batch(self, batch: list[str]) -> Wait:
        """Work on a batch; returns what is to be waited for."""
        began = self._clock.monotonic()
        suspects: Sequence[str] = ()
        alone = batch[0] if self._waits.is_suspect(batch[0]) else None
        origins = self._messages.origins(batch)
        try:
            # In the trace of its first cell's job, linked to where its messages were published.
            with tracing.batch_span("work on batch", origins, shop=self._shop, cells=len(batch)):
                if alone is not None:
                    await self._worker.run_alone(self._shop, alone)
                else:
                    suspects = await self._worker.run(self._shop, batch)
        except ShopPaused as pause:
            log.warning("lane_paused", reason=pause.reason, cells=self.size)
            await self._forget([cell for cell in self._messages if cell not in self._taken or cell in batch])
            return NO_WAIT
        except Exception as error:  # noqa: BLE001  # whatever it is, the lane goes on, by what it is after a wait
            return self._waits.after(error, began)
        finally:
            if alone is not None:
                self._waits.forget([alone])
        self._waits.note_success()
        self._waits.suspect(suspects)
        await self._done([cell for cell in batch if not self._waits.is_suspect(cell)])
        return NO_WAIT

    async def _rest(self, batch: list[str], wait: Wait) -> Collection[str]:
        """Let wait what has to, holding no message through a long wait; returns the cells of the batch that wait."""
        # Behind the others: what is stuck must not hold them up.
        self._messages.put_behind(batch)
        if wait.of_lane:
            self._waits.rest_lane(wait.seconds)
            waiting = [cell for cell in self._messages if cell not in self._taken or cell in batch]
        else:
            # Only the cells of pushes without an outcome; the others of the batch go on at once.
            waiting = await self._cells.with_push(self._shop, [cell for cell in batch if cell in self._messages])
            self._waits.rest_cells(waiting, wait.seconds)
        if wait.seconds > GIVE_UP_WAIT and not wait.of_lane:
            # Their places stay theirs: the watchdog publishes them again after its silence, a message a minute.
            await self._cells.keep_places(self._shop, waiting)
            await self._done(waiting)
        elif wait.seconds > GIVE_UP_WAIT:
            await self._forget(waiting)
        elif wait.seconds > LONG_WAIT:
            await self._messages.remember(set(waiting))
        return batch if wait.of_lane else waiting

    async def _record(self, cells: Collection[str], wait: Wait) -> None:
        """Record in the jobs' documents what they wait for, or that they wait no more."""
        if self._jobs is None:
            return
        try:
            if wait.reason is not None and wait.seconds >= WORTH_RECORDING:
                self._wait_recorded = True
                until = datetime.now(UTC) + timedelta(seconds=wait.seconds)
                await self._jobs.hold(self._shop, {job_in(cell) for cell in cells}, wait.reason, until)
            elif wait is NO_WAIT and self._wait_recorded:
                still = {job_in(cell) for cell in self._waits.resting}
                await self._jobs.let_go(self._shop, but=still)
                self._wait_recorded = bool(still)
        except Exception:  # a store that is away: what is recorded keeps nobody from the work
            log.exception("lane_wait_not_recorded")

    async def _done(self, cells: Collection[str]) -> None:
        """Nothing is left to do about these here."""
        self._waits.forget(cells)
        await self._messages.drop(cells)

    async def _forget(self, cells: Sequence[str]) -> None:
        """Leave these to be published again."""
        await self._cells.free_places(self._shop, cells)
        await self._done(cells)
