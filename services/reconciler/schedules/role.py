"""The scheduler put together from its parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.reconciler.schedules.following import Following
from services.reconciler.schedules.outcomes import PAUSES, Outcomes
from services.reconciler.schedules.scheduling import TICK, Scheduling
from shared.mongodb.connection import Mongo
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schedules.schedules import ScheduleStore
from shared.rabbitmq.publisher import Publisher
from shared.schedules.outgoing_webhooks import OutgoingWebhooks
from shared.settings import ShopifySettings
from shared.shop_life.time_zones import TimeZones
from shared.shop_life.wiring import ShopLife


@dataclass(frozen=True, slots=True)
class ScheduleTimes:
    """How often it is looked for what is due, in seconds, and the pauses before telling an outcome again."""

    tick: float = TICK
    pauses: tuple[timedelta, ...] = PAUSES


def compose_scheduling(
    mongo: Mongo,
    *,
    owner: str,
    settings: ShopifySettings,
    life: ShopLife,
    publisher: Publisher,
    targets: OutgoingWebhooks,
    times: ScheduleTimes,
    per_shop: int,
) -> tuple[Scheduling, Outcomes]:
    """The scheduler of one process, and who tells of its runs; `owner` is the process's name in leases."""
    schedules = ScheduleStore(mongo.db, settings.fernet_keys, owner)
    runs = ScheduleRuns(mongo.db)
    jobs, previews = JobStore(mongo.db, mongo.transactions), PreviewStore(mongo.db, mongo.transactions)
    following = Following(schedules=schedules, runs=runs, jobs=jobs, previews=previews)
    scheduling = Scheduling(
        schedules=schedules,
        runs=runs,
        shops=life.shops,
        zones=TimeZones(life.shops, life.client.as_role("sweep")),
        jobs=jobs,
        previews=previews,
        publisher=publisher,
        following=following,
        tick=times.tick,
    )
    outcomes = Outcomes(
        schedules=schedules,
        runs=runs,
        targets=targets,
        tick=times.tick,
        pauses=times.pauses,
        per_shop=per_shop,
    )
    return scheduling, outcomes
