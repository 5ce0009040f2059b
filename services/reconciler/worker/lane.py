"""A lane: the cells of one shop, gathered from its partition and worked on in batches, several at a time.

Batches of one shop hold different cells, so that the reads, sends and settles of one overlap with Shopify's answers to
another; the shop's budget, which all of them share, is in the client. What waits, waits for itself: for the budget, or
for a Shopify that does not answer, the whole lane; for the outcome of a push, only the cells of that push.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import inf
from time import monotonic

import structlog

from services.reconciler.worker.cell_worker import CellWorker
from shared.backoff import backoff
from shared.clock import SYSTEM_CLOCK, Clock
from shared.domain.batches import ROWS_PER_CALL
from shared.domain.words.waits import WaitReason
from shared.errors import ShopifyThrottled, ShopifyUnclear, ShopPaused
from shared.mongodb.jobs.cell import job_in
from shared.mongodb.jobs.cells import CellStore
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.transactions import Overtaken, WriteConflict
from shared.observing import tracing
from shared.observing.spans import Span
from shared.rabbitmq.delivery import Delivery

log = structlog.get_logger()

LANE_BOUND = 2000
"""Cells one shop may have in a process; above it messages are acknowledged and their places freed."""

HELD_BOUND = 500
"""Messages one shop may leave unanswered, a fourth of what the broker delivers of its partition: whoever shares it must
come through. Cells above that are remembered like those of a long wait, and the watchdog covers a crash."""

BATCHES_AT_ONCE = 4
"""Batches of a shop under way. What a real call takes, a third of a second, is many times our own work on its cells."""

LINGER = 0.01
"""Seconds until a batch that is not full asks the documents whether more is on its way; longer at each look."""

_LONGEST_LINGER = 0.2

NOTHING_COMES = 5.0
"""Seconds without any arrival after which a batch begins although the documents speak of more: a message was lost, or
another worker has it. What did not come then is not waited for again."""

LONGEST_HOLD = 60.0
"""Seconds that a message is held, whatever its batch or the one before it is at: hundreds of calls of half a minute
each are more than the broker waits for an answer. The cell is remembered, and the watchdog covers a crash."""

LONG_WAIT = 1.0
"""Above these seconds no message is held: the lane remembers the cells, and the watchdog covers a crash."""

GIVE_UP_WAIT = 60.0
"""Above these seconds the lane forgets the cells too; they are published again later."""

WORTH_TELLING = 1.0
"""From these seconds on a wait is told in the documents of the jobs that wait."""

_UNCLEAR_WAIT = 5.0
_FAILED_WAIT, _LONGEST_FAILED_WAIT = 1.0, 5.0
"""A batch that fails by a fault of ours soon fails cell by cell, and ends: that is not put off for long."""


@dataclass(frozen=True, slots=True)
class _Wait:
    """Seconds until the next try, and what for; None: nothing that anybody needs to know of."""

    seconds: float
    reason: WaitReason | None = None


_NO_WAIT = _Wait(0.0)


class Lane:
    """The cells of one shop in this process, by the id of their document."""

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

        In `jobs` it is told what a run waits for.
        """
        self._jobs = jobs
        self._shop = shop
        self._clock = clock
        self._worker = worker
        self._cells = cells
        self._on_empty = on_empty
        self._crowded = crowded
        self._waiting: dict[str, Delivery | None] = {}
        self._taken: set[str] = set()
        """Cells of the batches under way."""
        self._batches: set[asyncio.Task[None]] = set()
        self._resting: dict[str, float] = {}
        """Cells that wait by themselves, until when."""
        self._rest_until: float | None = None
        """Until when the whole lane waits; None: it does not."""
        self._suspects: dict[str, None] = {}
        self._arrivals = 0
        self._not_coming: set[str] = set()
        self._published_in: dict[str, str] = {}
        self._failures = 0
        self._failed_at = 0.0
        self._told_to_wait = True  # perhaps by an earlier lane of the shop
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
        return len(self._waiting)

    @property
    def held(self) -> int:
        """Messages that are not answered yet."""
        return sum(delivery is not None for delivery in self._waiting.values())

    async def add(self, cell: str, delivery: Delivery) -> None:
        """Take a cell. One that is here already needs no second message; one too many is left to the documents."""
        if cell in self._waiting:
            self._start()
            await delivery.ack()
            return
        if len(self._waiting) >= LANE_BOUND or self._stopping.is_set():
            await self._cells.free_places(self._shop, [cell])
            await delivery.ack()
            return
        holds = self.held < HELD_BOUND
        self._waiting[cell] = delivery if holds else None
        self._not_coming.discard(cell)
        self._arrivals += 1
        self._news.set()
        if tracing.on() and delivery.carried is not None:
            self._published_in[cell] = delivery.carried
        self._start()
        if not holds:
            await delivery.ack()

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
        left, self._waiting = self._waiting, {}
        for delivery in left.values():
            if delivery is not None:
                await delivery.requeue()
        if remembered := [cell for cell, delivery in left.items() if delivery is None]:
            try:
                await self._cells.free_places(self._shop, remembered)
            except Exception:  # a store that is away: the watchdog frees them after its silence
                log.exception("lane_not_given_back", cells=len(remembered))
        self._published_in.clear()

    async def _run(self) -> None:
        structlog.contextvars.bind_contextvars(shop=self._shop)
        bounding = asyncio.create_task(self._bound_holds(), name=f"holds of {self._shop}")
        try:
            while (self._waiting or self._batches) and not self._stopping.is_set():
                try:
                    await self._turn()
                except Exception:  # a store that is away while messages are given back: nothing may end the lane
                    log.exception("lane_turn_failed", cells=len(self._waiting))
                    await self._clock.sleep(_FAILED_WAIT)
            if self._batches:
                await asyncio.wait(set(self._batches))
        finally:
            bounding.cancel()
        self._on_empty(self._shop)

    async def _bound_holds(self) -> None:
        """By real time, as the broker counts."""
        while True:
            await asyncio.sleep(LONGEST_HOLD / 4)
            await self._let_go(monotonic() - LONGEST_HOLD)

    async def _let_go(self, since: float, cells: Collection[str] | None = None) -> None:
        """Acknowledge the messages that came before then, all or those of some cells; the cells are remembered."""
        for cell, delivery in list(self._waiting.items()):
            if cells is not None and cell not in cells:
                continue
            # Cells come and go while messages are acknowledged; a second message for one is acknowledged by `add`.
            if delivery is not None and delivery.since <= since and self._waiting.get(cell) is delivery:
                self._waiting[cell] = None
                await delivery.ack()

    async def _turn(self) -> None:
        """Begin one more batch where one may begin, else wait for what may let one."""
        self._news.clear()
        self._end_rests()
        may_begin = self._has_a_hand() and self._rest_until is None
        if may_begin and self._suspects:
            # Each alone: a cell that may have ended processes must take no other's attempt along.
            self._begin([next(iter(self._suspects))])
        elif may_begin and self._ready():
            await self._gather()
            batch = self._ready()
            if batch and self._rest_until is None and not self._suspects and not self._stopping.is_set():
                self._begin(batch)
        else:
            await self._wait_for_news()

    def _end_rests(self) -> None:
        """Drop the rests that are over. Only here the clock decides: what is left has a timer in the wait."""
        now = self._clock.monotonic()
        if self._rest_until is not None and self._rest_until <= now:
            self._rest_until = None
        self._resting = {cell: until for cell, until in self._resting.items() if until > now}

    def _rest_all(self, until: float) -> None:
        self._rest_until = until if self._rest_until is None else max(self._rest_until, until)

    def _ready(self) -> list[str]:
        """The cells of the next batch, as they came."""
        ready = (cell for cell in self._waiting if cell not in self._taken and cell not in self._resting)
        return list(islice(ready, ROWS_PER_CALL))

    def _has_a_hand(self) -> bool:
        """Whether one more batch may be under way. Where calls have failed, one finds out whether they succeed again,
        and a suspect is alone."""
        alone = self._failures > 0 or bool(self._suspects)
        return len(self._batches) < (1 if alone else BATCHES_AT_ONCE)

    def _begin(self, batch: list[str]) -> None:
        self._taken.update(batch)
        task = asyncio.create_task(self._work(batch), name=f"batch of {self._shop}")
        self._batches.add(task)
        task.add_done_callback(lambda _: self._ended(task))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._batches.discard(task)
        self._news.set()

    async def _wait_for_news(self) -> None:
        """Return at an arrival, the end of a batch, the stop, or when a rest is over."""
        waits = [asyncio.create_task(self._told_news())]
        ends = [*self._resting.values()] if self._rest_until is None else [self._rest_until]
        # While no batch may begin for want of a hand, the ends of rests are no news.
        if ends and self._has_a_hand():
            waits.append(asyncio.create_task(self._clock.sleep(max(min(ends) - self._clock.monotonic(), 0.0))))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _told_news(self) -> None:
        await self._news.wait()

    async def _work(self, batch: list[str]) -> None:
        """One batch, and what its end means for the lane. Never raises."""
        try:
            wait = await self._batch(batch)
            await self._tell(await self._rest(batch, wait), wait)
        except Exception:  # a store that is away while messages are given back: nothing may end the lane
            log.exception("lane_turn_failed", cells=len(self._waiting))
            self._rest_all(self._clock.monotonic() + _FAILED_WAIT)
        finally:
            self._taken.difference_update(batch)

    async def _rest(self, batch: list[str], wait: _Wait) -> list[str]:
        """Let wait what has to, holding no message through a long wait; returns the cells of the batch that wait."""
        if wait.seconds <= 0:
            return batch
        # Behind the others: what is stuck must not hold them up.
        for cell in batch:
            if cell in self._waiting:
                self._waiting[cell] = self._waiting.pop(cell)
        until = self._clock.monotonic() + wait.seconds
        if wait.reason is not WaitReason.OUTCOME:
            self._rest_all(until)
            waiting = [cell for cell in self._waiting if cell not in self._taken or cell in batch]
        else:
            # Only the cells of pushes without an outcome; the others of the batch go on at once.
            waiting = await self._cells.with_push(self._shop, [cell for cell in batch if cell in self._waiting])
            self._resting.update(dict.fromkeys(waiting, until))
        if wait.seconds > GIVE_UP_WAIT and wait.reason is WaitReason.OUTCOME:
            # Their places stay theirs: the watchdog publishes them again after its silence, a message a minute.
            await self._cells.keep_places(self._shop, waiting)
            await self._done(waiting)
        elif wait.seconds > GIVE_UP_WAIT:
            await self._forget(waiting)
        elif wait.seconds > LONG_WAIT:
            await self._let_go(inf, set(waiting))
        return waiting if wait.reason is WaitReason.OUTCOME else batch

    async def _tell(self, cells: Sequence[str], wait: _Wait) -> None:
        """Say in the jobs' documents what they wait for, or that they wait no more."""
        if self._jobs is None:
            return
        try:
            if wait.reason is not None and wait.seconds >= WORTH_TELLING:
                self._told_to_wait = True
                until = datetime.now(UTC) + timedelta(seconds=wait.seconds)
                await self._jobs.hold(self._shop, {job_in(cell) for cell in cells}, wait.reason, until)
            elif wait.seconds == 0 and self._told_to_wait:
                still = {job_in(cell) for cell in self._resting}
                await self._jobs.let_go(self._shop, but=still)
                self._told_to_wait = bool(still)
        except Exception:  # a store that is away: what is told keeps nobody from the work
            log.exception("lane_wait_not_told")

    async def _gather(self) -> None:
        """Wait until a batch is full, or nothing more of what has been published for the shop is on its way.

        Half-empty calls waste the shop's budget, so how full one is follows from the documents, not from how fast
        messages come on a busy machine.
        """
        still_since, linger = monotonic(), LINGER
        while len(self._ready()) < ROWS_PER_CALL and not self._stopping.is_set() and not self._crowded():
            before = self._arrivals
            await asyncio.sleep(linger)
            if self._arrivals != before:
                still_since, linger = monotonic(), LINGER
                continue
            missing = await self._on_the_way()
            if not missing:
                return
            if monotonic() - still_since > NOTHING_COMES:
                log.info("lane_begins_without", cells=len(missing))
                self._not_coming |= missing
                return
            linger = min(linger * 2, _LONGEST_LINGER)

    async def _on_the_way(self) -> set[str]:
        """Cells that were published and have neither come nor been begun by anybody."""
        try:
            published = await self._cells.published_and_pending(self._shop)
        except Exception:  # a store that is away: the batch itself will meet it, and wait
            log.exception("lane_could_not_look")
            return set()
        self._not_coming &= published
        return published - self._waiting.keys() - self._not_coming

    async def _batch(self, batch: list[str]) -> _Wait:
        """Work on a batch; returns what is to be waited for."""
        suspects: Sequence[str] = ()
        began = monotonic()
        alone = batch[0] if batch[0] in self._suspects else None
        try:
            with self._traced(batch):
                if alone is not None:
                    await self._worker.run_alone(self._shop, alone)
                else:
                    suspects = await self._worker.run(self._shop, batch)
        except ShopPaused as pause:
            log.warning("lane_paused", reason=pause.reason, cells=len(self._waiting))
            await self._forget([cell for cell in self._waiting if cell not in self._taken or cell in batch])
            return _NO_WAIT
        except ShopifyThrottled as throttled:
            log.info("lane_throttled", seconds=round(throttled.retry_after, 2), reason=str(throttled))
            return _Wait(max(throttled.retry_after, 0.05), throttled.reason)
        except ShopifyUnclear as unclear:
            log.warning("lane_unclear", reason=str(unclear))
            self._note_failure(began)
            return _Wait(backoff(self._failures, _UNCLEAR_WAIT), WaitReason.NO_ANSWER)
        except (Overtaken, WriteConflict) as conflict:
            log.info("lane_overtaken", reason=str(conflict))
            return _Wait(0.05)
        except Exception:  # the attempts were raised before: a batch that keeps failing ends cell by cell
            log.exception("batch_failed", cells=len(batch))
            self._note_failure(began)
            return _Wait(backoff(self._failures, _FAILED_WAIT, _LONGEST_FAILED_WAIT), WaitReason.FAULT)
        finally:
            if alone is not None:
                self._suspects.pop(alone, None)
        self._failures = 0
        self._suspects.update(dict.fromkeys(suspects))
        await self._done([cell for cell in batch if cell not in self._suspects])
        return _NO_WAIT

    def _note_failure(self, began: float) -> None:
        """Batches that were under way together fail together: that is one failure."""
        if began >= self._failed_at:
            self._failures += 1
            self._failed_at = monotonic()

    def _traced(self, batch: list[str]) -> AbstractContextManager[Span]:
        """One span for the batch, in the trace of its first cell's job, linked to where its messages were published."""
        origins = (self._published_in.get(cell) for cell in batch)
        return tracing.batch_span("work on batch", origins, shop=self._shop, cells=len(batch))

    async def _done(self, batch: list[str]) -> None:
        for cell in batch:
            self._published_in.pop(cell, None)
            self._suspects.pop(cell, None)
            self._resting.pop(cell, None)
            delivery = self._waiting.pop(cell, None)
            if delivery is not None:
                await delivery.ack()

    async def _forget(self, cells: list[str]) -> None:
        await self._cells.free_places(self._shop, cells)
        await self._done(cells)
