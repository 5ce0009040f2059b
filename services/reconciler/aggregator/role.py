"""The aggregator put together: results gather, and what stands still is found."""

from __future__ import annotations

from datetime import timedelta

from services.reconciler.aggregator.abandoned_shops import AbandonedShops
from services.reconciler.aggregator.aggregator import Aggregator
from services.reconciler.aggregator.watchdog import Watchdog
from services.reconciler.jobs.job_events import JobEvents
from services.reconciler.jobs.window import Window
from services.reconciler.opened import Opened
from services.reconciler.planner.role import compose_planner
from services.reconciler.worker.ending import Ending
from shared.domain.codes import Code
from shared.mongodb.connection import Mongo
from shared.mongodb.jobs.cells import CellStore
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.jobs.pushes import PushStore
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.stock.stock import StockStore
from shared.rabbitmq.topology import FINISHED

_RESULTS_AT_ONCE = 200


def compose_abandoned_shops(mongo: Mongo, code: Code = Code.SHOP_PAUSED_TOO_LONG) -> AbandonedShops:
    """Who ends the open cells of a shop; `code` says why. Also for records that were restored."""
    cells = CellStore(mongo.db)
    return AbandonedShops(
        ending=Ending(mongo.transactions, StockStore(mongo.db), cells),
        shops=ShopStore(mongo.db, []),
        jobs=JobStore(mongo.db, mongo.transactions),
        cells=cells,
        pushes=PushStore(mongo.db),
        code=code,
    )


async def start_aggregator(opened: Opened, *, watchdog_every: float, silent_after: timedelta) -> None:
    """Consume results, and go the watchdog's rounds, `watchdog_every` seconds apart."""
    jobs, cells = opened.jobs, opened.cells
    window = Window(jobs, cells, opened.publisher)
    job_events = JobEvents(jobs, cells, opened.publisher)
    aggregator = Aggregator(jobs, window, job_events)
    opened.later.push_async_callback(aggregator.stop)
    await opened.consumer.handle(FINISHED, aggregator.on_finished, prefetch=_RESULTS_AT_ONCE)
    watchdog = Watchdog(
        jobs=jobs,
        cells=cells,
        shops=opened.shops,
        planner=compose_planner(opened),
        aggregator=aggregator,
        job_events=job_events,
        window=window,
        silent_after=silent_after,
    )
    opened.rounds.begin("watchdog", watchdog.round, watchdog_every, finish=watchdog.finish)
    opened.rounds.begin("abandoned shops", compose_abandoned_shops(opened.mongo).round, watchdog_every)
