"""The scheduler put together from its parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.reconciler.resources import Resources
from services.reconciler.schedules.outcome_sender import PAUSES, OutcomeSender
from services.reconciler.schedules.run_asking import RunAsking
from services.reconciler.schedules.run_follower import RunFollower
from services.reconciler.schedules.scheduler import MAX_TRIES, TICK, Scheduler
from shared.mongodb.drift.sweeps import SweepStore
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schedules.schedules import ScheduleStore
from shared.schedules.outgoing_webhooks import OutgoingWebhooks
from shared.setting_groups import ShopifySettings, SweepingSettings, TargetSettings
from shared.settings import part_of
from shared.shop_life.time_zones import TimeZones
from shared.shop_life.wiring import ShopLife


@dataclass(frozen=True, slots=True)
class ScheduleTimes:
    """How often it is looked for what is due, in seconds, how often one moment is tried, and the pauses before an
    outcome is delivered again.
    """

    tick: float = TICK
    pauses: tuple[timedelta, ...] = PAUSES
    max_tries: int = MAX_TRIES


def start_schedules(resources: Resources, life: ShopLife, *, times: ScheduleTimes) -> None:
    """Begin what is due, follow it to its end, and deliver the outcome to the shop's address."""
    settings, mongo = resources.settings, resources.mongo
    schedules = ScheduleStore(mongo.db, part_of(settings, ShopifySettings).fernet_keys, resources.owner)
    runs = ScheduleRuns(mongo.db)
    asking = RunAsking(runs=runs, jobs=resources.jobs, previews=resources.previews, publisher=resources.publisher)
    follower = RunFollower(
        schedules=schedules,
        runs=runs,
        jobs=resources.jobs,
        previews=resources.previews,
        sweeps=SweepStore(mongo.db),
        asking=asking,
    )
    scheduler = Scheduler(
        schedules=schedules,
        runs=runs,
        shops=life.shops,
        zones=TimeZones(life.shops, life.client.as_role("sweep")),
        asking=asking,
        follower=follower,
        max_tries=times.max_tries,
    )
    allowed = part_of(settings, TargetSettings)
    targets = OutgoingWebhooks.open(private=allowed.private_targets, ports=allowed.target_ports)
    resources.later.push_async_callback(targets.close)
    sender = OutcomeSender(
        schedules=schedules,
        runs=runs,
        targets=targets,
        pauses=times.pauses,
        per_shop=part_of(settings, SweepingSettings).outgoing_per_shop,
    )
    rounds = resources.rounds
    rounds.begin("schedules", scheduler.round, times.tick, rest=scheduler.news, finish=scheduler.finish)
    rounds.begin("following of schedules", follower.follow, times.tick)
    rounds.begin("outcomes of schedules", sender.round, times.tick, rest=sender.news, finish=sender.finish)
