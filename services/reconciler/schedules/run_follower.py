"""Follows the runs of schedules to the end of their job or preview."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import structlog

from shared import metrics
from shared.domain.schedule import Action, RunOutcome
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.schedules.run import ScheduleRun
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schedules.schedules import ScheduleStore

log = structlog.get_logger()

LOST_AFTER = timedelta(minutes=10)
"""A run without a job or preview so long after it was asked for: somebody has removed it."""

_AT_A_TIME = 500


class RunFollower:
    """Looks after the runs that are under way; several processes may do so at once."""

    def __init__(self, *, schedules: ScheduleStore, runs: ScheduleRuns, jobs: JobStore, previews: PreviewStore) -> None:
        self._schedules = schedules
        self._runs = runs
        self._jobs = jobs
        self._previews = previews
        self._after: ScheduleRun | None = None

    async def follow(self) -> None:
        """Note which runs have ended."""
        runs = await self._runs.running(_AT_A_TIME, self._after)
        # On from there the next time: runs that do not end, such as a paused shop's, must not hide those behind them.
        self._after = runs[-1] if len(runs) == _AT_A_TIME else None
        for run in runs:
            await self.has_ended(run)

    async def has_ended(self, run: ScheduleRun) -> bool:
        """Whether the run has ended by now; it is noted, with its figures."""
        if run.action is Action.PREVIEW:
            preview = await self._previews.get(run.shop, run.run_id)
            if preview is None:
                return await self._lost(run)
            if not preview.ended:
                return False
            figures = None if preview.badges is None else asdict(preview.badges)
            await self._end(run, RunOutcome(preview.state), figures)
            return True
        job = await self._jobs.get(run.shop, run.run_id)
        if job is None:
            return await self._lost(run)
        if not job.ended:
            return False
        await self._end(run, RunOutcome(job.state), asdict(job.totals))
        return True

    async def _lost(self, run: ScheduleRun) -> bool:
        """End a run whose job or preview is not there, where it has had its time to come; whether it is ended."""
        if run.asked_at is None or datetime.now(UTC) - run.asked_at < LOST_AFTER:
            return False
        await self._end(run, RunOutcome.LOST, None)
        return True

    async def _end(self, run: ScheduleRun, outcome: RunOutcome, figures: Mapping[str, int] | None) -> None:
        schedule = await self._schedules.get(run.shop, run.schedule_id)
        deliver = schedule is not None and schedule.target_url is not None
        if await self._runs.ended(run, outcome, figures, deliver=deliver):
            metrics.SCHEDULED_RUNS.labels(str(run.action), str(outcome)).inc()
            log.info("run_ended", shop=run.shop, schedule=run.schedule_id, run=run.run_id, outcome=str(outcome))
