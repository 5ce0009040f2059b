"""Asks for the preview that every run begins with, and for the job of a reconcile that may begin: as any client."""

from __future__ import annotations

from collections.abc import Collection

import structlog

from shared.contract.messages import JobRequest, PreviewRequest
from shared.contract.selection import LeaveOut, SelectionBody
from shared.domain.comparison import CellClass, Direction
from shared.domain.job import JobSource
from shared.domain.schedule import BY_SCHEDULE, Skipped
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.schedules.run import ScheduleRun
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schedules.schedule import Schedule
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import JOB_REQUEST, PREVIEW_REQUEST

log = structlog.get_logger()


class RunAsking:
    """A repeat under the same id has no second effect: preview and job have the id of their run."""

    def __init__(self, *, runs: ScheduleRuns, jobs: JobStore, previews: PreviewStore, publisher: Publisher) -> None:
        self._runs = runs
        self._jobs = jobs
        self._previews = previews
        self._publisher = publisher

    async def ask(self, schedule: Schedule, run: ScheduleRun) -> None:
        """Ask for the preview of a run that is noted; left out where the schedule does something else by now."""
        if run.action is not schedule.action:
            await self._runs.skip(run, Skipped.CHANGED)
            return
        preview = PreviewRequest(
            shop=run.shop,
            preview_id=run.run_id,
            selection=schedule.selection,
            requested_by=_requested_by(run),
        )
        await self._previews.request(preview)
        await self._publisher.command(PREVIEW_REQUEST, preview)
        await self._runs.asked(run, schedule)
        log.info("run_asked", shop=run.shop, schedule=run.schedule_id, run=run.run_id)

    async def begin(self, run: ScheduleRun, direction: Direction, selection: SelectionBody) -> None:
        """Ask for the job of a run over its preview, without what is left to a person."""
        left = run.limits.left_to_a_person(direction)
        job = JobRequest(
            shop=run.shop,
            job_id=run.run_id,
            direction=direction,
            selection=selection,
            preview_id=run.run_id,
            source=JobSource.SCHEDULE,
            requested_by=_requested_by(run),
            options=run.options,
            leave_out=_left_out(left, run.leave_out),
        )
        await self._jobs.request(job)
        await self._publisher.command(JOB_REQUEST, job)
        log.info("run_begun", shop=run.shop, schedule=run.schedule_id, run=run.run_id)


def _left_out(left: Collection[CellClass], by_person: LeaveOut | None) -> LeaveOut | None:
    """What the schedule leaves to a person, and what that person has left out besides; what they have kept stays."""
    if by_person is None:
        return LeaveOut(classes=list(left)) if left else None
    classes = [name for name in CellClass if name in {*left, *(by_person.classes or ())}]
    return by_person.model_copy(update={"classes": classes or None})


def _requested_by(run: ScheduleRun) -> str:
    return f"{BY_SCHEDULE}{run.schedule_id}"
