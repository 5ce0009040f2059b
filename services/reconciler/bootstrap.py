"""The composition root of the reconciler: opens what its roles share, starts them, and stops all in good order."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Literal

import structlog
from ulid import ULID

from services.reconciler.aggregator.role import start_aggregator
from services.reconciler.aggregator.watchdog import EVERY, SILENT_AFTER
from services.reconciler.counters_at_zero import show_zero_counts
from services.reconciler.notices.role import NoticeTimes, start_notices
from services.reconciler.planner.role import compose_planner, start_planner
from services.reconciler.resources import Resources
from services.reconciler.schedules.role import ScheduleTimes, start_schedules
from services.reconciler.shop_upkeep.role import start_upkeep
from services.reconciler.shop_upkeep.upkeep import EVERY as UPKEEP_EVERY
from services.reconciler.sweeper.role import start_sweeper
from services.reconciler.sweeper.sweeper import SweepTimes
from services.reconciler.worker.role import start_worker
from shared.contract.seal import Seals
from shared.kept_messages import KeptMessages
from shared.mongodb.connection import STORE_AWAY, Mongo
from shared.mongodb.inbox.dead_letters import DeadLetterStore
from shared.mongodb.jobs.leases import PARTITION_LEASE
from shared.observing.operations import reasons_of, start_operations
from shared.observing.tracing import http_client_configs
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.consuming.consumer import Consumer
from shared.rabbitmq.publishing.publisher import Publisher
from shared.roles import Role
from shared.running.clock import SYSTEM_CLOCK, Clock
from shared.running.rounds import Rounds
from shared.serving.server import RunningServer
from shared.setting_groups import SecretSettings, ShopifySettings, SubscribingSettings, SweepingSettings
from shared.settings import ReconcilerSettings, part_of
from shared.shop_life.pause_probe import FIRST_PROBE
from shared.shop_life.wiring import ShopLife
from shared.shopify.calls.session import shopify_session

log = structlog.get_logger()

ReconcilerRole = Literal["planner", "worker", "aggregator", "sweeper"]
ALL_ROLES: frozenset[ReconcilerRole] = frozenset({"planner", "worker", "aggregator", "sweeper"})


class ReconcilerService:
    """A running reconciler."""

    def __init__(self, settings: ReconcilerSettings, roles: Collection[ReconcilerRole]) -> None:
        self._settings = settings
        self._roles = frozenset(roles)
        self._operations: RunningServer | None = None
        self._resources: Resources | None = None
        self._connections = AsyncExitStack()

    @classmethod
    async def start(
        cls,
        settings: ReconcilerSettings,
        *,
        roles: Collection[ReconcilerRole] = ALL_ROLES,
        watchdog_every: float = EVERY,
        silent_after: timedelta = SILENT_AFTER,
        partition_lease: timedelta = PARTITION_LEASE,
        first_probe: timedelta = FIRST_PROBE,
        sweep_times: SweepTimes | None = None,
        schedule_times: ScheduleTimes | None = None,
        notice_times: NoticeTimes | None = None,
        operations: bool = True,
        clock: Clock = SYSTEM_CLOCK,
    ) -> ReconcilerService:
        """Connect, declare what is missing, and take up work. Raises WrongSetting, Broker- or StoreUnavailable.

        With `operations` False there is no operations port, and the caller asks `ready` (one process for all
        services).
        """
        service = cls(settings, roles)
        try:
            resources = service._resources = await service._open(clock)
            show_zero_counts()
            if "worker" in service._roles:
                await start_worker(resources, service._life(resources, first_probe), lease=partition_lease)
            if "sweeper" in service._roles:
                webhook_url = part_of(settings, SubscribingSettings).webhook_url
                times = sweep_times or SweepTimes.of(part_of(settings, SweepingSettings))
                life = service._life(resources, first_probe, webhook_url)
                start_sweeper(resources, life, webhook_url=webhook_url, times=times)
                start_schedules(resources, life, times=schedule_times or ScheduleTimes())
                await start_notices(resources, times=notice_times or NoticeTimes())
                start_upkeep(resources, life, every=min(watchdog_every, UPKEEP_EVERY), first_probe=first_probe)
            planner = compose_planner(resources)
            if "planner" in service._roles:
                await start_planner(resources, planner)
            if "aggregator" in service._roles:
                await start_aggregator(resources, planner, watchdog_every=watchdog_every, silent_after=silent_after)
            if operations:
                service._operations = await start_operations(
                    settings.host, settings.operations_port, service.ready, service.reasons
                )
        except BaseException:
            await service._close()
            raise
        log.info("reconciler_started", roles=sorted(service._roles))
        return service

    async def _open(self, clock: Clock) -> Resources:
        settings, later = self._settings, self._connections
        url = settings.amqp_url.get_secret_value()
        mongo = Mongo(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
        later.callback(mongo.close)
        roles = [Role(role) for role in sorted(self._roles)]
        await mongo.prepare(roles)
        await declare_topology(url, roles)
        # The aggregator has no secret: nothing that it publishes is sealed.
        alone = self._roles == {"aggregator"}
        seals = Seals(() if alone else part_of(settings, SecretSettings).client_secrets)
        publisher = await Publisher.open(url, "reconciler", None if alone else seals, roles=roles)
        later.push_async_callback(publisher.close)
        keeper = KeptMessages(DeadLetterStore(mongo.db), seals)
        consumer = await Consumer.open(url, "reconciler", keeper, passing=STORE_AWAY, seals=seals)
        later.push_async_callback(consumer.close)
        return Resources(
            settings=settings,
            owner=str(ULID()),
            clock=clock,
            mongo=mongo,
            publisher=publisher,
            consumer=consumer,
            keeper=keeper,
            seals=seals,
            session=await later.enter_async_context(shopify_session(http_client_configs())),
            rounds=Rounds(),
            later=later,
        )

    def _life(self, resources: Resources, first_probe: timedelta, webhook_url: str | None = None) -> ShopLife:
        settings = part_of(self._settings, ShopifySettings)
        return ShopLife.of(
            settings, resources.mongo, resources.session, webhook_url=webhook_url, first_probe=first_probe
        )

    async def ready(self) -> dict[str, bool]:
        """What the service needs, and whether it is there now."""
        resources = self._resources
        if resources is None:
            return {"started": False}
        return {
            "broker": await resources.publisher.reachable() and resources.consumer.ready,
            "mongodb": await resources.mongo.alive(),
            "rounds": not resources.rounds.silent,
        }

    def reasons(self) -> dict[str, str]:
        """Why what does not work does not."""
        resources = self._resources
        if resources is None:
            return {}
        silent = ", ".join(resources.rounds.silent)
        return reasons_of(
            broker=resources.publisher.refusal or resources.consumer.refusal,
            mongodb=resources.mongo.refusal,
            rounds=f"these have not ended well for long: {silent}" if silent else None,
        )

    @property
    def operations_port(self) -> int:
        """The port of /livez, /readyz and /metrics."""
        if self._operations is None:
            raise RuntimeError("the service is not started")
        return self._operations.port

    async def stop(self) -> None:
        """Take nothing new, finish the batches under way, give the rest back, and close."""
        await self._close()
        log.info("reconciler_stopped")

    async def _close(self) -> None:
        if self._resources is not None:
            await self._resources.rounds.stop()
            await self._resources.consumer.stop()
        # Roles first, what they work with after them.
        await self._connections.aclose()
        if self._operations is not None:
            await self._operations.close()
