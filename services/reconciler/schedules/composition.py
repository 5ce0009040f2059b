"""The scheduler put together from its parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.reconciler.schedules.following import Following
from services.reconciler.schedules.outcomes import PAUSES, Outcomes
from services.reconciler.schedules.scheduling import MOST_TRIES, TICK, Scheduling
from shared.mongodb.connection import Mongo
from shared.mongodb.jobs import JobStore
from shared.mongodb.previews import PreviewStore
from shared.mongodb.schedule_runs import ScheduleRuns
from shared.mongodb.schedules import ScheduleStore
from shared.rabbitmq.publisher import Publisher
from shared.schedules.targets import Targets
from shared.settings import ShopifySettings
from shared.shop_life.parts import ShopLife
from shared.shop_life.time_zones import TimeZones


@dataclass(frozen=True, slots=True)
class ScheduleTimes:
    """How often it is looked for what is due, in seconds, how often one moment is tried, and the pauses before telling
    an outcome again.
    """

    tick: float = TICK
    pauses: tuple[timedelta, ...] = PAUSES
    most_tries: int = MOST_TRIES


def compose_scheduling(
    mongo: Mongo,
    *,
    owner: str,
    settings: ShopifySettings,
    life: ShopLife,
    publisher: Publisher,
    targets: Targets,
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
        most_tries=times.most_tries,
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
