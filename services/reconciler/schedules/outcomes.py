"""Tells the outcomes of runs to the addresses given for them. It waits for nobody, and nobody waits for it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from shared import metrics
from shared.contract.outgoing import ScheduleOutcome
from shared.domain.schedule import RunState
from shared.mongodb.collections import Document
from shared.mongodb.schedule_runs import ScheduleRuns
from shared.mongodb.schedules import ScheduleStore
from shared.schedules.targets import NotDelivered, Targets

log = structlog.get_logger()

PAUSES = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""Before each further try; after the last one it is given up."""

_AT_ONCE = 8


class Outcomes:
    """Takes what is to be told, several at once; several processes share it."""

    def __init__(
        self,
        *,
        schedules: ScheduleStore,
        runs: ScheduleRuns,
        targets: Targets,
        tick: float,
        pauses: tuple[timedelta, ...] = PAUSES,
    ) -> None:
        self._schedules = schedules
        self._runs = runs
        self._targets = targets
        self._tick = tick
        self._pauses = pauses

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            try:
                await asyncio.gather(*(self._tell_some() for _ in range(_AT_ONCE)))
            except Exception:  # a store that is away: the next round tries again
                log.exception("telling_round_failed")
            await asyncio.sleep(self._tick)

    async def _tell_some(self) -> None:
        while (run := await self._runs.take_untold(datetime.now(UTC))) is not None:
            await self._tell(run)

    async def _tell(self, run: Document) -> None:
        target = await self._schedules.target(run["shop"], run["schedule_id"])
        if target is None:
            await self._runs.told(run, "dropped", "the schedule has no address any more")
            return
        try:
            status = await self._targets.send(target.url, target.secret, body_of(run), run["run_id"])
        except NotDelivered as why:
            await self._again(run, str(why))
        else:
            metrics.OUTGOING_WEBHOOKS.labels("sent").inc()
            await self._runs.told(run, "sent", f"answered with status {status}")

    async def _again(self, run: Document, why: str) -> None:
        tries = run["telling"]["tries"]
        if tries > len(self._pauses):
            metrics.OUTGOING_WEBHOOKS.labels("failed").inc()
            log.warning("outcome_not_told", shop=run["shop"], run=run["run_id"], tries=tries, reason=why)
            await self._runs.told(run, "failed", why)
            return
        metrics.OUTGOING_WEBHOOKS.labels("retried").inc()
        await self._runs.told(run, "due", why, again_at=datetime.now(UTC) + self._pauses[tries - 1])


def body_of(run: Document) -> bytes:
    """The body that is signed and sent."""
    outcome = ScheduleOutcome.model_validate(
        {
            "shop": run["shop"],
            "schedule_id": run["schedule_id"],
            "schedule_name": run["name"],
            "action": run["action"],
            "run_id": run["run_id"],
            "due_at": run["due_at"],
            "ended_at": run["ended_at"],
            "outcome": "skipped" if run["state"] == RunState.SKIPPED else run["outcome"],
            "reason": run["reason"],
            "figures": run["figures"],
        }
    )
    return outcome.model_dump_json(by_alias=True).encode()
