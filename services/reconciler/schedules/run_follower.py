"""Follows the runs of schedules to the end of their job or preview."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import structlog

from shared import metrics
from shared.domain.schedule import Action
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schedules.schedules import ScheduleStore
from shared.mongodb.schema import Document

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
        self._after: Document | None = None

    async def follow(self) -> None:
        """Note which runs have ended."""
        runs = await self._runs.running(_AT_A_TIME, self._after)
        # On from there the next time: runs that do not end, such as a paused shop's, must not hide those behind them.
        self._after = runs[-1] if len(runs) == _AT_A_TIME else None
        for run in runs:
            await self.has_ended(run)

    async def has_ended(self, run: Document) -> bool:
        """Whether the run has ended by now; it is noted, with its figures."""
        if run["action"] == str(Action.PREVIEW):
            preview = await self._previews.get(run["shop"], run["run_id"])
            if preview is None:
                return await self._lost(run)
            if preview["state"] not in {"ready", "failed"}:
                return False
            await self._end(run, preview["state"], preview["badges"])
            return True
        job = await self._jobs.get(run["shop"], run["run_id"])
        if job is None:
            return await self._lost(run)
        if not job.ended:
            return False
        await self._end(run, str(job.state), asdict(job.totals))
        return True

    async def _lost(self, run: Document) -> bool:
        """End a run whose job or preview is not there, where it has had its time to come; whether it is ended."""
        if datetime.now(UTC) - run["asked_at"] < LOST_AFTER:
            return False
        await self._end(run, "lost", None)
        return True

    async def _end(self, run: Document, outcome: str, figures: Document | None) -> None:
        schedule = await self._schedules.get(run["shop"], run["schedule_id"])
        tell = schedule is not None and schedule.target_url is not None
        if await self._runs.ended(run, outcome, figures, tell=tell):
            metrics.SCHEDULED_RUNS.labels(run["action"], outcome).inc()
            log.info("run_ended", shop=run["shop"], schedule=run["schedule_id"], run=run["run_id"], outcome=outcome)
