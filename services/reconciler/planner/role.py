"""The planner put together: commands come in, jobs are numbered, their cells made and published."""

from __future__ import annotations

from services.reconciler.jobs.job_cells import JobCells
from services.reconciler.jobs.job_events import JobEvents
from services.reconciler.jobs.window import Window
from services.reconciler.opened import Opened
from services.reconciler.planner.dead_letters import DeadLetters
from services.reconciler.planner.planner import Planner
from shared.mongodb.jobs.leases import PlanLease
from shared.mongodb.shops.audit import AuditLog
from shared.rabbitmq.topology import DEAD_LETTERS, ENDED_JOBS, JOBS

_COMMANDS_AT_ONCE = 20


def compose_planner(opened: Opened) -> Planner:
    """The planner of a process; the aggregator's watchdog plans by it, too, jobs whose message was lost."""
    jobs, cells = opened.jobs, opened.cells
    planner = Planner(
        audit=AuditLog(opened.mongo.db),
        transactions=opened.mongo.transactions,
        lease=PlanLease(opened.mongo.db, opened.owner),
        jobs=jobs,
        cells=cells,
        shops=opened.shops,
        previews=opened.previews,
        sources=JobCells(opened.boms, opened.previews, cells, jobs),
        window=Window(jobs, cells, opened.publisher),
        job_events=JobEvents(jobs, cells, opened.publisher),
        publisher=opened.publisher,
        most_open=opened.settings.open_jobs_per_shop,
    )
    opened.later.push_async_callback(planner.stop)
    return planner


async def start_planner(opened: Opened, planner: Planner) -> None:
    """Consume what a planner consumes."""
    dead_letters = DeadLetters(opened.keeper, opened.cells, opened.publisher, opened.seals)
    await opened.consumer.handle(JOBS, planner.on_command, prefetch=_COMMANDS_AT_ONCE)
    await opened.consumer.handle(ENDED_JOBS, planner.on_finished, prefetch=_COMMANDS_AT_ONCE)
    await opened.consumer.handle(DEAD_LETTERS, dead_letters.on_dead, prefetch=_COMMANDS_AT_ONCE)
