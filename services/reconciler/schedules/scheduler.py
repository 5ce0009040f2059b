"""Begins the runs of schedules at their moments. A crash or a second process never runs a moment twice."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import structlog

from services.reconciler.schedules.run_asking import RunAsking
from services.reconciler.schedules.run_follower import RunFollower
from shared import metrics
from shared.domain.schedule import RunState, Skipped, why_skipped
from shared.errors import BrokerUnavailable, ShopifyError, TimeZoneUnknown
from shared.mongodb.connection import STORE_AWAY
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schedules.schedule import Schedule
from shared.mongodb.schedules.schedules import ScheduleStore
from shared.mongodb.shops.shops import ShopStore
from shared.running.work_pool import WorkPool
from shared.schedules.moments import last_moment, next_moment, run_id
from shared.shop_life.time_zones import TimeZones
from shared.zones import zone_of

log = structlog.get_logger()

TICK = 1.0
"""Seconds between looks for what is due."""

AT_ONCE = 8
"""Schedules seen to at once, each of another shop: one whose Shopify does not answer holds nobody else's up."""

MAX_TRIES = 10
"""Tries of one moment, a lease apart: then the run is left out, and the schedule goes on to its next moment."""


class Scheduler:
    """One process's part: several share the schedules by lease."""

    def __init__(
        self,
        *,
        schedules: ScheduleStore,
        runs: ScheduleRuns,
        shops: ShopStore,
        zones: TimeZones,
        asking: RunAsking,
        follower: RunFollower,
        max_tries: int = MAX_TRIES,
    ) -> None:
        self._schedules = schedules
        self._runs = runs
        self._shops = shops
        self._zones = zones
        self._asking = asking
        self._follower = follower
        self._max_tries = max_tries
        self._failed: dict[tuple[str, str], tuple[datetime, int]] = {}
        self._pool = WorkPool(AT_ONCE)

    async def round(self) -> None:
        """Begin to see to all that is due, as far as there are slots."""
        while await self._begin_next():
            pass

    async def news(self, seconds: float) -> None:
        """Return when a slot has become free, at the latest after so many seconds."""
        await self._pool.news(seconds)

    async def finish(self) -> None:
        """Cancel what is under way: another process takes it up."""
        await self._pool.finish()

    async def _begin_next(self) -> bool:
        """Begin to see to what is due; whether there was something, and a slot for it."""
        if self._pool.free <= 0:
            return False
        schedule = await self._schedules.take_due(datetime.now(UTC), passing_by=self._pool.busy)
        if schedule is None or schedule.next_at is None:
            return False
        self._pool.begin(schedule.shop, self._seen_to(schedule, schedule.next_at))
        return True

    async def _seen_to(self, schedule: Schedule, due_at: datetime) -> None:
        # The lease stands until another try; the run's id stays the same.
        try:
            await self._see_to(schedule, due_at)
        except (BrokerUnavailable, *STORE_AWAY) as error:
            # Away for all: however long that takes, no run is lost by it.
            log.warning("schedule_put_off", shop=schedule.shop, schedule=schedule.schedule_id, reason=str(error))
        except TimeZoneUnknown as error:
            log.warning("schedule_has_no_zone", shop=schedule.shop, schedule=schedule.schedule_id, reason=str(error))
            await self._skip(schedule, due_at, Skipped.TIME_ZONE_UNKNOWN)
        except ShopifyError as error:
            log.warning("schedule_put_off", shop=schedule.shop, schedule=schedule.schedule_id, reason=str(error))
            await self._tried(schedule, due_at)
        except Exception:  # one schedule must not take the others' turns
            log.exception("schedule_failed", shop=schedule.shop, schedule=schedule.schedule_id)
            await self._tried(schedule, due_at)
        else:
            self._failed.pop((schedule.shop, schedule.schedule_id), None)

    async def _tried(self, schedule: Schedule, due_at: datetime) -> None:
        """A try has failed, and was not the last one; or it was."""
        name = (schedule.shop, schedule.schedule_id)
        moment, tries = self._failed.get(name, (due_at, 0))
        tries = tries + 1 if moment == due_at else 1
        self._failed[name] = (due_at, tries)
        if tries >= self._max_tries:
            await self._skip(schedule, due_at, Skipped.NOT_BEGUN)

    async def _skip(self, schedule: Schedule, due_at: datetime, why: Skipped) -> None:
        """Leave this moment's run out; the next one is looked for by UTC, since the zone may be what is not known.

        A schedule without any next moment is switched off.
        """
        self._failed.pop((schedule.shop, schedule.schedule_id), None)
        try:
            noted = await self._runs.unfinished(schedule.shop, schedule.schedule_id)
            never_asked = [run for run in noted if run.state is RunState.DUE]
            for run in never_asked:
                await self._runs.skip(run, why)
            if not never_asked:
                await self._runs.note(schedule, run_id(schedule.shop, schedule.schedule_id, due_at), due_at, why)
            metrics.SCHEDULED_RUNS.labels(str(schedule.action), "skipped").inc()
            try:
                coming = next_moment(schedule.timing, UTC, max(datetime.now(UTC), due_at))
            except ValueError:
                log.exception("schedule_switched_off", shop=schedule.shop, schedule=schedule.schedule_id)
                await self._schedules.switch_off(schedule)
            else:
                await self._schedules.advance(schedule, coming)
        except Exception:  # a store that is away: the next try does it
            log.exception("schedule_run_not_skipped", shop=schedule.shop, schedule=schedule.schedule_id)

    async def _see_to(self, schedule: Schedule, due_at: datetime) -> None:
        """Begin the run of the last moment that has passed, or leave it out; earlier ones are made up for by it."""
        zone = await self._zone(schedule)
        now = datetime.now(UTC)
        moment = max(due_at, last_moment(schedule.timing, zone, now))
        run = run_id(schedule.shop, schedule.schedule_id, moment)
        status = await self._shops.status(schedule.shop)
        why = why_skipped(
            late=now - moment,
            missed=schedule.missed,
            shop_active=status == "active",
            still_running=await self._still_running(schedule, run),
        )
        noted = await self._runs.note(schedule, run, moment, why)
        if noted.state is RunState.DUE:
            await self._replace_waiting(schedule)
            await self._asking.ask(schedule, noted)
        elif why is not None:
            metrics.SCHEDULED_RUNS.labels(str(schedule.action), "skipped").inc()
            log.info("run_skipped", shop=schedule.shop, schedule=schedule.schedule_id, run=run, reason=str(why))
        await self._schedules.advance(schedule, next_moment(schedule.timing, zone, max(now, moment)))

    async def _zone(self, schedule: Schedule) -> ZoneInfo:
        """The schedule's own, or the shop's. Raises TimeZoneUnknown, and ShopifyError where it cannot be read."""
        return await self._zones.of(schedule.shop) if schedule.time_zone is None else zone_of(schedule.time_zone)

    async def _still_running(self, schedule: Schedule, run: str) -> bool:
        """Whether an earlier run has not ended. One that was noted by a process that died is asked for first."""
        running = False
        for earlier in await self._runs.unfinished(schedule.shop, schedule.schedule_id):
            if earlier.run_id == run:
                continue
            if earlier.state is RunState.DUE:
                await self._asking.ask(schedule, earlier)
                running = True
            elif earlier.state is RunState.WAITING:
                continue  # it gives way to a run that compares anew
            elif not await self._follower.has_ended(earlier):
                running = True
        return running

    async def _replace_waiting(self, schedule: Schedule) -> None:
        """What waits for a person gives way to the run that compares anew; one that was just approved goes on."""
        for earlier in await self._runs.unfinished(schedule.shop, schedule.schedule_id):
            if earlier.state is RunState.WAITING and await self._runs.stop_waiting(earlier, Skipped.REPLACED):
                log.info("run_replaced", shop=schedule.shop, schedule=schedule.schedule_id, run=earlier.run_id)
