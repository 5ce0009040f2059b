"""The planner put together: commands come in, jobs are numbered, their cells made and published."""

from __future__ import annotations

from services.reconciler.jobs.job_cells import JobCells
from services.reconciler.jobs.job_events import JobEvents
from services.reconciler.jobs.window import Window
from services.reconciler.planner.dead_letters import DeadLetters
from services.reconciler.planner.planner import Planner
from services.reconciler.resources import Resources
from shared.mongodb.jobs.leases import PlanLease
from shared.mongodb.shops.audit import AuditLog
from shared.rabbitmq.topology import DEAD_LETTERS, ENDED_JOBS, JOBS

_COMMANDS_AT_ONCE = 20


def compose_planner(resources: Resources) -> Planner:
    """The planner of a process; the aggregator's watchdog plans by it, too, jobs whose message was lost."""
    jobs, cells = resources.jobs, resources.cells
    planner = Planner(
        audit=AuditLog(resources.mongo.db),
        transactions=resources.mongo.transactions,
        lease=PlanLease(resources.mongo.db, resources.owner),
        jobs=jobs,
        cells=cells,
        shops=resources.shops,
        previews=resources.previews,
        sources=JobCells(resources.boms, resources.previews, cells, jobs),
        window=Window(jobs, cells, resources.publisher),
        job_events=JobEvents(jobs, cells, resources.publisher),
        publisher=resources.publisher,
        max_open=resources.settings.open_jobs_per_shop,
    )
    resources.later.push_async_callback(planner.stop)
    return planner


async def start_planner(resources: Resources, planner: Planner) -> None:
    """Consume what a planner consumes."""
    dead_letters = DeadLetters(resources.keeper, resources.cells, resources.publisher, resources.seals)
    await resources.consumer.handle(JOBS, planner.on_command, prefetch=_COMMANDS_AT_ONCE)
    await resources.consumer.handle(ENDED_JOBS, planner.on_finished, prefetch=_COMMANDS_AT_ONCE)
    await resources.consumer.handle(DEAD_LETTERS, dead_letters.on_dead, prefetch=_COMMANDS_AT_ONCE)
