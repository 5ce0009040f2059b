"""Delivers the outcomes of runs to the addresses given for them. It waits for nobody, and nobody waits for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from shared import metrics
from shared.contract.outgoing import ScheduleOutcome
from shared.domain.schedule import RunState
from shared.mongodb.connection import STORE_AWAY
from shared.mongodb.schedules.run import DeliveryState, ScheduleRun
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schedules.schedules import ScheduleStore
from shared.running.work_pool import WorkPool
from shared.schedules.outgoing_webhooks import NotDelivered, OutgoingWebhooks

log = structlog.get_logger()

PAUSES = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""Before each further try; after the last one it is given up."""

AT_ONCE = 32
"""Outcomes a process delivers at once."""

FRESH = 16
"""Slots among these that a receiver which has failed already cannot have."""

PER_SHOP = 2
"""Outcomes of one shop among these: a receiver that never answers holds up its own shop's others, and nobody else's."""


class OutcomeSender:
    """Takes what is to be delivered, several at once; several processes share it."""

    def __init__(
        self,
        *,
        schedules: ScheduleStore,
        runs: ScheduleRuns,
        targets: OutgoingWebhooks,
        pauses: tuple[timedelta, ...] = PAUSES,
        per_shop: int = PER_SHOP,
    ) -> None:
        self._schedules = schedules
        self._runs = runs
        self._targets = targets
        self._pauses = pauses
        self._pool = WorkPool(AT_ONCE, per_shop)

    async def round(self) -> None:
        """Begin to deliver all that is due, as far as there are slots."""
        while await self._deliver_next():
            pass

    async def news(self, seconds: float) -> None:
        """Return when a slot has become free, at the latest after so many seconds."""
        await self._pool.news(seconds)

    async def finish(self) -> None:
        """Cancel what is under way: another process delivers it."""
        await self._pool.finish()

    async def _deliver_next(self) -> bool:
        """Begin to deliver one outcome; whether there was one, and a slot for it."""
        if self._pool.free <= 0:
            return False
        only_new = self._pool.free <= FRESH
        run = await self._runs.take_undelivered(datetime.now(UTC), passing_by=self._pool.busy, only_new=only_new)
        if run is not None:
            self._pool.begin(run.shop, self._see_to(run))
        return run is not None

    async def _see_to(self, run: ScheduleRun) -> None:
        try:
            await self._deliver(run)
        except STORE_AWAY:
            log.exception("outcome_put_off", shop=run.shop, run=run.run_id)  # another takes it up in a while
        except Exception as error:  # a document of an older build, a secret under a key that is gone
            log.exception("outcome_not_made", shop=run.shop, run=run.run_id)
            await self._not_made(run, type(error).__name__)

    async def _not_made(self, run: ScheduleRun, why: str) -> None:
        """It counts as a try that has failed."""
        try:
            await self._again(run, f"it could not be put together: {why}")
        except Exception:  # a store that is away: another takes it up in a while
            log.exception("outcome_put_off", shop=run.shop, run=run.run_id)

    async def _deliver(self, run: ScheduleRun) -> None:
        target = await self._schedules.target(run.shop, run.schedule_id)
        if target is None:
            await self._runs.note_delivery(run, DeliveryState.DROPPED, "the schedule has no address any more")
            return
        try:
            status = await self._targets.send(target.url, target.secrets, body_of(run), run.run_id)
        except NotDelivered as why:
            await self._again(run, str(why))
        else:
            metrics.OUTGOING_WEBHOOKS.labels("sent").inc()
            await self._runs.note_delivery(run, DeliveryState.SENT, f"answered with status {status}")

    async def _again(self, run: ScheduleRun, why: str) -> None:
        tries = run.tries
        if tries > len(self._pauses):
            metrics.OUTGOING_WEBHOOKS.labels("failed").inc()
            log.warning("outcome_not_delivered", shop=run.shop, run=run.run_id, tries=tries, reason=why)
            await self._runs.note_delivery(run, DeliveryState.FAILED, why)
            return
        metrics.OUTGOING_WEBHOOKS.labels("retried").inc()
        await self._runs.note_delivery(
            run, DeliveryState.DUE, why, again_at=datetime.now(UTC) + self._pauses[tries - 1]
        )


def body_of(run: ScheduleRun) -> bytes:
    """The body that is signed and sent."""
    outcome = ScheduleOutcome.model_validate(
        {
            "shop": run.shop,
            "schedule_id": run.schedule_id,
            "schedule_name": run.name,
            "action": run.action,
            "run_id": run.run_id,
            "due_at": run.due_at,
            "ended_at": run.ended_at,
            "outcome": "skipped" if run.state is RunState.SKIPPED or run.outcome is None else str(run.outcome),
            "reason": run.reason,
            "figures": run.figures,
        }
    )
    return outcome.model_dump_json(by_alias=True).encode()
