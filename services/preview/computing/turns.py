"""Whose preview is computed next: one of a shop at a time, shops in turn, small ones before large ones.

The documents say what waits, so a lost message or a process that died delays a preview and never loses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from time import monotonic

import structlog

from shared import metrics
from shared.errors import BrokerUnavailable
from shared.mongodb.connection import STORE_AWAY
from shared.mongodb.previews.previews import PreviewStore, Turn, Waiting
from shared.running.work_pool import WorkPool

log = structlog.get_logger()

LARGE_AT_ONCE = 4
"""Large previews a process computes at once, each of another shop."""

SMALL_BESIDES = 2
"""Slots that only take small ones, so that a person does not wait for four shops' whole tables."""

TICK = 1.0
"""Seconds between looks: another process's, or a lost message's, is found by looking."""

MEASURE_EVERY = 10.0

LEASE = timedelta(seconds=60)
"""How long a preview stays with a process that says nothing more."""

MAX_TRIES = 5
"""A preview that was taken up so often without a row written has ended the processes: it is given up."""

AFTER_A_FAILURE = timedelta(seconds=1)
LAST_TURNS = 10.0
"""Seconds that previews under way have to end when the process stops."""

LONGEST_WAY = 2.0
"""Seconds that a large preview waits between two parts for the small ones that are under way."""

GiveWay = Callable[[], Awaitable[None]]
"""Returns when this preview may go on."""

Compute = Callable[[str, str, GiveWay], Awaitable[None]]
"""Computes the preview of a shop and an id to its end, giving way to others between its parts."""

GiveUp = Callable[[str, str], Awaitable[None]]
"""Ends a preview as broken."""


class Turns:
    """Takes previews up, several beside each other; several processes share them."""

    def __init__(self, previews: PreviewStore, compute: Compute, give_up: GiveUp) -> None:
        self._previews = previews
        self._compute = compute
        self._give_up = give_up
        self._pool = WorkPool(LARGE_AT_ONCE + SMALL_BESIDES)
        self._large = 0
        self._small = 0
        self._no_small = asyncio.Event()
        self._no_small.set()
        self._turns = 0
        self._last: dict[str, int] = {}
        self._measure_at = 0.0

    def wake(self) -> None:
        """There may be a preview to take up."""
        self._pool.wake()

    async def round(self) -> None:
        """Begin what is waiting, as far as there are slots, and measure."""
        while await self._begin_next():
            pass
        await self._measure()

    async def news(self, seconds: float) -> None:
        """Return when a slot has become free or `wake` was called, at the latest after so many seconds."""
        await self._pool.news(seconds)

    async def finish(self) -> None:
        """Give what is under way a moment, and the rest to others."""
        await self._pool.finish(LAST_TURNS)

    async def _measure(self) -> None:
        if monotonic() >= self._measure_at:
            self._measure_at = monotonic() + MEASURE_EVERY
            metrics.PREVIEWS_OPEN.record_one(await self._previews.open_in_all())

    async def _begin_next(self) -> bool:
        """Take the next preview up; whether there was one."""
        if self._pool.free <= 0:
            return False
        chosen = self._choose(await self._previews.next_of_each_shop(self._pool.busy))
        if chosen is None:
            return False
        turn = await self._previews.take_turn(chosen.shop, chosen.preview_id, LEASE)
        if turn is not None:
            self._turns += 1
            self._last[chosen.shop] = self._turns
            self._large += chosen.large
            self._small += not chosen.large
            if self._small:
                self._no_small.clear()
            self._pool.begin(chosen.shop, self._see_to(chosen, turn))
        return True

    def _choose(self, waiting: Sequence[Waiting]) -> Waiting | None:
        """Small before large, then the shop whose turn was longest ago, then who asked first."""
        # What has nothing waiting needs no place in the order any more.
        if len(self._last) > len(waiting) + LARGE_AT_ONCE + SMALL_BESIDES:
            present = {one.shop for one in waiting} | set(self._pool.busy)
            self._last = {shop: turn for shop, turn in self._last.items() if shop in present}
        large = [one for one in waiting if one.large]
        if large and self._large == 0 and self._pool.free == 1:
            fitting = large  # the last slot: small ones without end must not keep the large ones waiting for ever
        else:
            fitting = [one for one in waiting if not one.large or self._large < LARGE_AT_ONCE]
        return min(fitting, key=lambda one: (one.large, self._last.get(one.shop, 0), one.requested_at), default=None)

    async def _see_to(self, preview: Waiting, turn: Turn) -> None:
        keeping = asyncio.create_task(self._keep(preview, turn))
        back: timedelta | None = timedelta(0)
        try:
            if turn.fruitless > MAX_TRIES:
                await self._give_up(preview.shop, preview.preview_id)
            else:
                give_way = self._after_the_small if preview.large else _at_once
                await self._compute(preview.shop, preview.preview_id, give_way)
            back = None
        except (BrokerUnavailable, *STORE_AWAY) as error:
            log.warning("preview_put_off", shop=preview.shop, preview=preview.preview_id, reason=repr(error))
            back = AFTER_A_FAILURE
        except Exception:
            log.exception("preview_not_ended", shop=preview.shop, preview=preview.preview_id)
            back = AFTER_A_FAILURE
        finally:
            self._large -= preview.large
            self._small -= not preview.large
            if self._small == 0:
                self._no_small.set()
            keeping.cancel()
            if back is not None:
                with suppress(Exception):  # the store is away: the lease runs out by itself
                    await self._previews.keep_turn(preview.shop, preview.preview_id, turn, back)

    async def _after_the_small(self) -> None:
        """Wait until no small preview is under way here: a person waits for that one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_WAY):
                await self._no_small.wait()

    async def _keep(self, preview: Waiting, turn: Turn) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            try:
                await self._previews.keep_turn(preview.shop, preview.preview_id, turn, LEASE)
            except Exception as error:  # noqa: BLE001  # without it two may compute one: the later run supersedes
                log.warning("turn_not_kept", shop=preview.shop, preview=preview.preview_id, reason=repr(error))


async def _at_once() -> None:
    """A small preview waits for none."""
