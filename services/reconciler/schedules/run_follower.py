"""Follows the runs of schedules: judges what was compared, begins what may begin, and notes how each has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import structlog

from services.reconciler.schedules.run_asking import RunAsking
from shared import metrics
from shared.domain.run_limits import Differing, RunPlan, plan_of, waits_for
from shared.domain.schedule import Action, RunOutcome, RunState, Skipped
from shared.errors import BrokerUnavailable
from shared.mongodb.connection import STORE_AWAY
from shared.mongodb.drift.sweeps import SweepStore
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.previews.preview import Preview, PreviewState
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.schedules.run import ScheduleRun
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schedules.schedules import ScheduleStore

log = structlog.get_logger()

LOST_AFTER = timedelta(minutes=10)
"""A run without a job or preview so long after it was asked for: somebody has removed it."""

_AT_A_TIME = 500


class RunFollower:
    """Looks after the runs that are under way; several processes may do so at once.

    What becomes of a run that was compared is noted first, by one of them, and done then; what was noted and not done
    is done by whoever looks next, under the same id.
    """

    def __init__(
        self,
        *,
        schedules: ScheduleStore,
        runs: ScheduleRuns,
        jobs: JobStore,
        previews: PreviewStore,
        sweeps: SweepStore,
        asking: RunAsking,
    ) -> None:
        self._schedules = schedules
        self._runs = runs
        self._jobs = jobs
        self._previews = previews
        self._sweeps = sweeps
        self._asking = asking
        self._after: ScheduleRun | None = None

    async def follow(self) -> None:
        """Take every run that goes on by itself a step further, as far as it has got."""
        runs = await self._runs.followed(_AT_A_TIME, self._after)
        # On from there the next time: runs that do not end, such as a paused shop's, must not hide those behind them.
        self._after = runs[-1] if len(runs) == _AT_A_TIME else None
        for run in runs:
            try:
                await self.has_ended(run)
            except (BrokerUnavailable, *STORE_AWAY):
                raise
            except Exception:  # a selection or options of an older build: the trouble of its own run
                log.exception("run_not_followed", shop=run.shop, schedule=run.schedule_id, run=run.run_id)

    async def has_ended(self, run: ScheduleRun) -> bool:
        """Whether the run has ended by now; it is noted, with its figures. One that was compared begins, or waits."""
        if run.state is RunState.DUE:
            return await self._ask(run)
        if run.state is RunState.COMPARING:
            return await self._judge(run)
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
            return await self._lost(run) or await self._begin(run)
        if not job.ended:
            return False
        await self._end(run, RunOutcome(job.state), asdict(job.totals))
        return True

    async def _ask(self, run: ScheduleRun) -> bool:
        """A run that a person wants now."""
        schedule = await self._schedules.get(run.shop, run.schedule_id)
        if schedule is None:
            await self._runs.skip(run, Skipped.CHANGED)
            return True
        await self._asking.ask(schedule, run)
        return False

    async def _judge(self, run: ScheduleRun) -> bool:
        """Let a run begin whose preview is there, or let it wait for a person."""
        preview = await self._previews.get(run.shop, run.run_id)
        if preview is None:
            return await self._lost(run)
        if not preview.ended:
            return False
        if preview.state is PreviewState.FAILED:
            await self._end(run, RunOutcome.FAILED, None)
            return True
        plan = _plan(run, preview)
        state = await self._sweeps.state(run.shop)
        breaker_open = state is not None and state.breaker is not None
        why = waits_for(run.limits, plan, breaker_open=breaker_open, look_first=run.look_first)
        if why is not None and run.approved_by is None:
            if await self._runs.waits(run, plan.figures, why):
                metrics.SCHEDULED_RUNS.labels(str(run.action), "waiting").inc()
                log.warning("run_waits", shop=run.shop, schedule=run.schedule_id, run=run.run_id, reason=str(why))
            return False
        if await self._runs.begins(run, plan.figures):
            await self._begin(run)
        return False

    async def _begin(self, run: ScheduleRun) -> bool:
        """Ask for the job of a run that may begin; False: it has not ended."""
        preview = await self._previews.get(run.shop, run.run_id)
        if run.direction is not None and preview is not None:
            await self._asking.begin(run, run.direction, await self._previews.selection(preview))
        return False

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


def _plan(run: ScheduleRun, preview: Preview) -> RunPlan:
    """What the run would do about what its preview has found."""
    if run.direction is None:
        raise ValueError(f"the run {run.run_id} has nothing to decide")
    found = [
        Differing(
            move.cell_class,
            move.cells,
            max((abs(row.difference) for row in (move.highest, move.lowest) if row is not None), default=0),
        )
        for move in preview.moves or ()
    ]
    return plan_of(found, sum(preview.classes.values()), run.limits, run.direction)
