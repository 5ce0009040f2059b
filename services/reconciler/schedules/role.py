"""The scheduler put together from its parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.reconciler.opened import Opened
from services.reconciler.schedules.following import Following
from services.reconciler.schedules.outcomes import PAUSES, Outcomes
from services.reconciler.schedules.scheduling import MAX_TRIES, TICK, Scheduling
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schedules.schedules import ScheduleStore
from shared.schedules.outgoing_webhooks import OutgoingWebhooks
from shared.settings import ShopifySettings, SweepingSettings, TargetSettings, part_of
from shared.shop_life.time_zones import TimeZones
from shared.shop_life.wiring import ShopLife


@dataclass(frozen=True, slots=True)
class ScheduleTimes:
    """How often it is looked for what is due, in seconds, how often one moment is tried, and the pauses before an
    outcome is delivered again.
    """

    tick: float = TICK
    pauses: tuple[timedelta, ...] = PAUSES
    most_tries: int = MAX_TRIES


def start_schedules(opened: Opened, life: ShopLife, *, times: ScheduleTimes) -> None:
    """Begin what is due, follow it to its end, and deliver the outcome to the shop's address."""
    settings, mongo = opened.settings, opened.mongo
    schedules = ScheduleStore(mongo.db, part_of(settings, ShopifySettings).fernet_keys, opened.owner)
    runs = ScheduleRuns(mongo.db)
    following = Following(schedules=schedules, runs=runs, jobs=opened.jobs, previews=opened.previews)
    scheduling = Scheduling(
        schedules=schedules,
        runs=runs,
        shops=life.shops,
        zones=TimeZones(life.shops, life.client.as_role("sweep")),
        jobs=opened.jobs,
        previews=opened.previews,
        publisher=opened.publisher,
        following=following,
        most_tries=times.most_tries,
    )
    allowed = part_of(settings, TargetSettings)
    targets = OutgoingWebhooks.open(private=allowed.private_targets, ports=allowed.target_ports)
    opened.later.push_async_callback(targets.close)
    outcomes = Outcomes(
        schedules=schedules,
        runs=runs,
        targets=targets,
        pauses=times.pauses,
        per_shop=part_of(settings, SweepingSettings).outgoing_per_shop,
    )
    rounds = opened.rounds
    rounds.begin("schedules", scheduling.round, times.tick, rest=scheduling.news, finish=scheduling.finish)
    rounds.begin("following of schedules", following.follow, times.tick)
    rounds.begin("outcomes of schedules", outcomes.round, times.tick, rest=outcomes.news, finish=outcomes.finish)
