"""The aggregator put together: results gather, and what stands still is found."""

from __future__ import annotations

from datetime import timedelta

from services.reconciler.aggregator.abandoned_shops import AbandonedShops
from services.reconciler.aggregator.aggregator import Aggregator
from services.reconciler.aggregator.watchdog import Watchdog
from services.reconciler.jobs.job_events import JobEvents
from services.reconciler.jobs.window import Window
from services.reconciler.planner.planner import Planner
from services.reconciler.resources import Resources
from shared.mongodb.jobs.totals.job_totals import JobTotals
from shared.rabbitmq.topology import FINISHED

_RESULTS_AT_ONCE = 200


async def start_aggregator(
    resources: Resources, planner: Planner, *, watchdog_every: float, silent_after: timedelta
) -> None:
    """Consume results, and go the watchdog's rounds, `watchdog_every` seconds apart."""
    jobs, cells = resources.jobs, resources.cells
    window = Window(jobs, cells, resources.publisher)
    job_events = JobEvents(jobs, cells, resources.publisher)
    totals = JobTotals(resources.mongo.db, resources.mongo.transactions)
    aggregator = Aggregator(totals, cells, window, job_events)
    resources.later.push_async_callback(aggregator.stop)
    await resources.consumer.handle(FINISHED, aggregator.on_finished, prefetch=_RESULTS_AT_ONCE)
    watchdog = Watchdog(
        jobs=jobs,
        cells=cells,
        shops=resources.shops,
        planner=planner,
        aggregator=aggregator,
        job_events=job_events,
        window=window,
        silent_after=silent_after,
    )
    resources.rounds.begin("watchdog", watchdog.round, watchdog_every, finish=watchdog.finish)
    resources.rounds.begin("abandoned shops", AbandonedShops.of(resources.mongo).round, watchdog_every)
