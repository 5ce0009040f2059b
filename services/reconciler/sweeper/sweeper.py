"""The sweeper's loop: each shop in its turn, one sweep per shop, shops spread over time."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

import structlog

from services.reconciler.sweeper.change_scan import BULK_ABOVE, ChangeScan
from services.reconciler.sweeper.confirmation import Confirmation
from services.reconciler.sweeper.markers import PATIENCE
from services.reconciler.sweeper.repair import FOLLOW, Repair
from services.reconciler.sweeper.subscription_renewal import SubscriptionRenewal
from shared import metrics
from shared.domain.comparison import GRACE
from shared.domain.drift import DriftMode, loss_ratio, unusual_silence
from shared.errors import ShopifyError, ShopifyThrottled
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.drift.history import DriftHistory
from shared.mongodb.drift.sweeps import SWEEP, Look, SweepState, SweepStore
from shared.running.backoff import backoff
from shared.running.work_pool import WorkPool
from shared.setting_groups import SweepingSettings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SweepTimes:
    """How often, and how patiently. `grace`: how long a webhook may take before a cell is accused.

    `first_look`: seconds until a bulk query is first asked after: nobody waits for it, and each question is a call.
    """

    every: timedelta = timedelta(minutes=5)
    full_every: timedelta = timedelta(days=1)
    grace: timedelta = GRACE
    follow: timedelta = FOLLOW
    marker: float = PATIENCE
    first_look: float = 20.0
    bulk_above: int = BULK_ABOVE
    tick: float = 1.0
    measure_every: float = 15.0
    after_a_failure: timedelta = timedelta(seconds=30)

    @classmethod
    def of(cls, settings: SweepingSettings) -> SweepTimes:
        """As the settings say; a short grace period is followed as closely."""
        grace = timedelta(seconds=settings.webhook_grace_seconds)
        return cls(every=timedelta(seconds=settings.sweep_every_seconds), grace=grace, follow=min(FOLLOW, grace))


SHOPS_AT_ONCE = 8
"""A shop whose whole table is read, or whose Shopify answers slowly, has one of these places and no other's."""

_LONGEST_WAIT = 600.0
"""Seconds that a shop whose looks keep failing gives way at most."""

WORST, ENOUGH = 10, 20
"""Shops with a loss figure of their own in the metrics, and the webhooks without which a figure says little."""


class Sweeper:
    """Sweeps the shops whose turn it is."""

    def __init__(
        self,
        *,
        sweeps: SweepStore,
        drift: DriftStore,
        history: DriftHistory,
        scan: ChangeScan,
        confirmation: Confirmation,
        repair: Repair,
        renewal: SubscriptionRenewal,
        times: SweepTimes,
    ) -> None:
        self._sweeps = sweeps
        self._drift = drift
        self._history = history
        self._scan = scan
        self._confirmation = confirmation
        self._repair = repair
        self._renewal = renewal
        self._times = times
        self._pool = WorkPool(SHOPS_AT_ONCE)
        self._not_before: dict[str, datetime] = {}
        self._failures: dict[str, int] = {}
        self._visited: dict[str, int] = {}
        self._visits = 0
        self._measure_at = 0.0

    async def finish(self) -> None:
        """Cancel the visits under way."""
        await self._pool.finish()

    async def round(self) -> None:
        """Begin to visit the shops with something due, as far as there are slots, and measure. It waits for no visit:
        one that takes long must not keep the others from theirs."""
        now = datetime.now(UTC)
        shops = set(await self._drift.shops_due(now))
        for state in await self._sweeps.due(now):
            if state.next_at is None:
                # Shops that were added together do not stay together.
                await self._sweeps.first_turn(state.shop, now + _place(state.shop, self._times.every))
            else:
                shops.add(state.shop)
        waiting = shops.difference(self._pool.busy)
        ready = [shop for shop in waiting if self._not_before.get(shop, now) <= now]
        # Who was visited longest ago comes first, whatever its name: else the same few would always find a slot.
        ready.sort(key=lambda shop: (self._visited.get(shop, 0), shop))
        for shop in ready[: self._pool.free]:
            self._visits += 1
            self._visited[shop] = self._visits
            self._pool.begin(shop, self._visit(shop))
        self._visited = {shop: visit for shop, visit in self._visited.items() if shop in shops}
        if monotonic() >= self._measure_at:
            self._measure_at = monotonic() + self._times.measure_every
            await self._measure()

    async def _visit(self, shop: str) -> None:
        """One shop under its lease; a shop that cannot be read now gives way."""
        try:
            async with self._lease(shop) as held:
                if not held:
                    return
                await self.visit(shop)
                self._not_before.pop(shop, None)
                self._failures.pop(shop, None)
        except ShopifyThrottled as throttled:
            self._not_before[shop] = datetime.now(UTC) + timedelta(seconds=throttled.retry_after)
        except ShopifyError as error:
            log.warning("sweep_failed", shop=shop, reason=str(error))
            self._give_way(shop)
        except Exception:  # one shop must not take the others' turns
            log.exception("sweep_failed", shop=shop)
            self._give_way(shop)

    def _give_way(self, shop: str) -> None:
        """After each failure in a row for longer."""
        failures = self._failures[shop] = self._failures.get(shop, 0) + 1
        wait = backoff(failures, self._times.after_a_failure.total_seconds(), _LONGEST_WAIT)
        self._not_before[shop] = datetime.now(UTC) + timedelta(seconds=wait)

    async def visit(self, shop: str) -> None:
        """Look where it is time to, judge what is watched, follow and repair. Raises ShopifyError."""
        state = await self._sweeps.state(shop)
        if state is None:
            return
        if state.policy.mode is DriftMode.OFF:
            await self._drift.forget_watched(shop)
            await self._sweeps.swept(shop, next_at=self._next(state), asked_at=state.asked_at)
        else:
            now = datetime.now(UTC)
            if state.next_at is not None and state.next_at <= now:
                # A cell has one open record: one that is over would hide what the cell has lost since.
                await self._drift.look_at_all(shop, now)
                await self._repair.follow(shop)
                await self._look(state)
            if await self._confirmation.confirm(shop):
                await self._sweeps.note_losses(shop, await self._drift.losses(shop, datetime.now(UTC)))
        await self._repair.follow(shop)
        fresh = await self._sweeps.state(shop)  # a policy or an approval that came meanwhile counts
        if fresh is not None:
            await self._repair.repair(fresh)

    async def _look(self, state: SweepState) -> None:
        shop, now = state.shop, datetime.now(UTC)
        # First, so that what changes during the look is reported.
        made = await self._renewal.check(shop)
        full = state.asked_full or state.full_at is None or now - state.full_at >= self._times.full_every
        looked = await self._scan.look(shop, state.watermark, full=full)
        next_at = self._next(state)
        losses = await self._drift.losses(shop, now)
        lags = await self._history.keep(shop, compared=looked.cells, last_at=state.last_at, now=now)
        silent_since, expected = await self._silence(state, now)
        look = Look(
            last_at=now,
            watermark=looked.watermark,
            full_at=now if full else None,
            losses=losses,
            lags=lags,
            silent_since=silent_since,
            expected=expected,
        )
        await self._sweeps.swept(shop, next_at=next_at, asked_at=state.asked_at, look=look)
        log.info(
            "swept",
            shop=shop,
            full=full,
            changed=looked.changed,
            cells=looked.cells,
            differing=looked.differing,
            watched=looked.watched,
            subscriptions_made=len(made),
        )

    async def _silence(self, state: SweepState, now: datetime) -> tuple[datetime, int] | tuple[None, None]:
        """Since when a shop that is usually busy in these hours has sent nothing, and what is usual; a warning once."""
        silence = await self._history.silence(state.shop, now)
        expected = None if silence is None else unusual_silence(silence.earlier_days)
        if silence is None or expected is None:
            return None, None
        if state.silent_since is None:
            log.warning("shop_is_silent", shop=state.shop, since=silence.since.isoformat(), usually=expected)
        return silence.since, expected

    def _next(self, state: SweepState) -> datetime:
        """The shop's next turn: in its own place of the period, never two turns at once."""
        now = datetime.now(UTC)
        next_at = (state.next_at or now) + self._times.every
        return next_at if next_at > now else now + self._times.every

    @asynccontextmanager
    async def _lease(self, shop: str) -> AsyncIterator[bool]:
        """Whether this process sweeps the shop; the lease is renewed as long as it does."""
        if not await self._sweeps.take(shop):
            yield False
            return
        renewing = asyncio.create_task(self._renew(shop))
        try:
            yield True
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await self._sweeps.give_back(shop)

    async def _renew(self, shop: str) -> None:
        while True:
            await asyncio.sleep(SWEEP.lasts.total_seconds() / 3)
            # Without it two may sweep: the documents keep each divergence to one record and one job.
            await self._sweeps.take(shop)

    async def _measure(self) -> None:
        metrics.DRIFT_UNREPAIRED.record_one(await self._drift.all_unrepaired())
        metrics.BREAKER_OPEN.record_one(await self._sweeps.open_breakers())
        ratio = loss_ratio(*await self._sweeps.all_losses())
        metrics.WEBHOOK_LOSS.record_one(0.0 if ratio is None else ratio)
        metrics.SILENT_SHOPS.record_one(await self._sweeps.silent_shops())
        worst = await self._sweeps.worst_losses(WORST, at_least=ENOUGH)
        metrics.SHOP_WEBHOOK_LOSS.record(
            {(shop,): loss_ratio(missed, received) or 0.0 for shop, missed, received in worst}
        )


def _place(shop: str, every: timedelta) -> timedelta:
    """The shop's place within the period, the same in every process."""
    return every * (zlib.crc32(shop.encode()) % 1000) / 1000
