"""The composition root of the reconciler: the real parts put together, started, and stopped in good order."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Literal

import structlog
from ulid import ULID

from services.reconciler.aggregator import Aggregator
from services.reconciler.asking_locations import AskingLocations
from services.reconciler.caretaker import EVERY as CARETAKER_EVERY
from services.reconciler.caretaker import Caretaker
from services.reconciler.dead_letters import DeadLetters
from services.reconciler.departing import Departing
from services.reconciler.drift.composition import compose_sweeping
from services.reconciler.drift.sweeping import SweepTimes
from services.reconciler.giving_up import GivingUp
from services.reconciler.lane import Lanes
from services.reconciler.partitions import PREFETCH, Partitions
from services.reconciler.planner import Planner
from services.reconciler.schedules.composition import ScheduleTimes, compose_scheduling
from services.reconciler.sources import CellSources
from services.reconciler.telling import Telling
from services.reconciler.verifying import Verifying
from services.reconciler.watchdog import EVERY, SILENT_AFTER, Watchdog
from services.reconciler.window import Window
from services.reconciler.work.cell_worker import CellWorker
from services.reconciler.work.current import CurrentLevels
from services.reconciler.work.ending import Ending
from services.reconciler.work.pushing import Pushing
from services.reconciler.work.sending import Sending
from services.reconciler.work.stocking import Stocking
from services.reconciler.work.to_local import ToLocal
from services.reconciler.zero_counts import show_zero_counts
from shared.clock import SYSTEM_CLOCK, Clock
from shared.contract.seal import Seals
from shared.kept_messages import KeptMessages
from shared.mongodb.audit import AuditLog
from shared.mongodb.boms import BomStore
from shared.mongodb.cells import CellStore
from shared.mongodb.compliance import ComplianceNotes
from shared.mongodb.connection import STORE_AWAY, Mongo
from shared.mongodb.dead_letters import DeadLetterStore
from shared.mongodb.departures import Departures
from shared.mongodb.jobs import JobStore
from shared.mongodb.leases import PARTITION_LEASE, PartitionLeases, PlanLease
from shared.mongodb.previews import PreviewStore
from shared.mongodb.pushes import PushStore
from shared.mongodb.redaction import Redaction
from shared.mongodb.shops import ShopStore
from shared.mongodb.stock import StockStore
from shared.operations import reasons_of, start_operations
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.consumer import Consumer
from shared.rabbitmq.publisher import Publisher
from shared.rabbitmq.topology import DEAD_LETTERS, ENDED_JOBS, FINISHED, JOBS, PARTITIONS
from shared.reading.rows import RowReader
from shared.reading.verify import Verifier
from shared.roles import Role as ProcessRole
from shared.schedules.targets import Targets
from shared.serving.server import RunningServer
from shared.settings import (
    ReconcilerSettings,
    SecretSettings,
    ShopifySettings,
    SubscribingSettings,
    SweepingSettings,
    TargetSettings,
    part_of,
)
from shared.shop_life.parts import ShopLife
from shared.shop_life.probing import FIRST_PROBE
from shared.shopify.activation import Activation
from shared.shopify.client import ShopifyClient
from shared.shopify.reads import ShopifyReads
from shared.shopify.session import shopify_session
from shared.shopify.writes import ShopifyWrites
from shared.tracing import http_client_configs

log = structlog.get_logger()

Role = Literal["planner", "worker", "aggregator", "sweeper"]
ALL_ROLES: frozenset[Role] = frozenset({"planner", "worker", "aggregator", "sweeper"})

_COMMANDS_AT_ONCE = 20
_RESULTS_AT_ONCE = 200


class ReconcilerService:
    """A running reconciler."""

    def __init__(self, settings: ReconcilerSettings, roles: Collection[Role]) -> None:
        self._settings = settings
        self._roles = frozenset(roles)
        self._tasks: list[asyncio.Task[None]] = []
        self._lease = PARTITION_LEASE
        self._clock = SYSTEM_CLOCK
        self._first_probe = FIRST_PROBE
        self._sweep_times = SweepTimes()
        self._schedule_times = ScheduleTimes()
        self._partitions: Partitions | None = None
        self._aggregator: Aggregator | None = None
        self._planner: Planner | None = None
        self._operations: RunningServer | None = None
        self._consumer: Consumer | None = None
        self._connections = AsyncExitStack()

    @classmethod
    async def start(
        cls,
        settings: ReconcilerSettings,
        *,
        roles: Collection[Role] = ALL_ROLES,
        watchdog_every: float = EVERY,
        silent_after: timedelta = SILENT_AFTER,
        partition_lease: timedelta = PARTITION_LEASE,
        first_probe: timedelta = FIRST_PROBE,
        sweep_times: SweepTimes | None = None,
        schedule_times: ScheduleTimes | None = None,
        operations: bool = True,
        clock: Clock = SYSTEM_CLOCK,
    ) -> ReconcilerService:
        """Connect, declare what is missing, and take up work. Raises WrongSetting, Broker- or StoreUnavailable.

        With `operations` False there is no operations port, and the caller asks `ready` (one process for all
        services).
        """
        service = cls(settings, roles)
        service._lease = partition_lease
        service._clock = clock
        service._first_probe = first_probe
        service._schedule_times = schedule_times or ScheduleTimes()
        if sweep_times is not None:
            service._sweep_times = sweep_times
        elif "sweeper" in roles:
            service._sweep_times = SweepTimes.of(part_of(settings, SweepingSettings))
        try:
            consumer = await service._connect()
            await service._compose(consumer, watchdog_every, silent_after)
            if operations:
                service._operations = await start_operations(
                    settings.host, settings.operations_port, service.ready, service.reasons
                )
        except BaseException:
            await service._close()
            raise
        log.info("reconciler_started", roles=sorted(service._roles))
        return service

    async def _connect(self) -> Consumer:
        settings = self._settings
        url = settings.amqp_url.get_secret_value()
        self._mongo = Mongo(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
        self._connections.callback(self._mongo.close)
        roles = [ProcessRole(role) for role in sorted(self._roles)]
        await self._mongo.prepare(roles)
        await declare_topology(url, roles)
        # The aggregator has no secret: nothing that it publishes is sealed.
        alone = self._roles == {"aggregator"}
        self._seals = Seals(() if alone else part_of(settings, SecretSettings).client_secrets)
        self._publisher = await Publisher.open(url, "reconciler", None if alone else self._seals, roles=roles)
        self._connections.push_async_callback(self._publisher.close)
        self._keeper = KeptMessages(DeadLetterStore(self._mongo.db), self._seals)
        self._consumer = consumer = await Consumer.open(
            url, "reconciler", self._keeper, passing=STORE_AWAY, seals=self._seals
        )
        self._connections.push_async_callback(consumer.close)
        self._session = await self._connections.enter_async_context(shopify_session(http_client_configs()))
        return consumer

    async def _compose(self, consumer: Consumer, watchdog_every: float, silent_after: timedelta) -> None:
        mongo = self._mongo
        show_zero_counts()
        owner = str(ULID())
        shops = ShopStore(mongo.db, [])
        boms = BomStore(mongo.db, mongo.transactions)
        stock, cells = StockStore(mongo.db), CellStore(mongo.db)
        jobs, previews = JobStore(mongo.db, mongo.transactions), PreviewStore(mongo.db, mongo.transactions)
        window = Window(jobs, cells, self._publisher)
        telling = Telling(jobs, cells, self._publisher)
        planner = self._planner = Planner(
            audit=AuditLog(mongo.db),
            transactions=mongo.transactions,
            lease=PlanLease(mongo.db, owner),
            jobs=jobs,
            cells=cells,
            shops=shops,
            previews=previews,
            sources=CellSources(boms, previews, cells, jobs),
            window=window,
            telling=telling,
            publisher=self._publisher,
            most_open=self._settings.open_jobs_per_shop,
        )
        aggregator = Aggregator(jobs, window, telling)
        if "worker" in self._roles:
            client = self._life().client.timed_by(self._clock)
            await self._start_worker(
                consumer=consumer,
                owner=owner,
                client=client,
                reads=ShopifyReads(client),
                shops=shops,
                boms=boms,
                stock=stock,
                cells=cells,
                jobs=jobs,
            )
        if "sweeper" in self._roles:
            self._start_sweeper(owner, min(watchdog_every, CARETAKER_EVERY))
        if "planner" in self._roles:
            await consumer.handle(JOBS, planner.on_command, prefetch=_COMMANDS_AT_ONCE)
            await consumer.handle(ENDED_JOBS, planner.on_finished, prefetch=_COMMANDS_AT_ONCE)
            dead_letters = DeadLetters(self._keeper, cells, self._publisher, self._seals)
            await consumer.handle(DEAD_LETTERS, dead_letters.on_dead, prefetch=_COMMANDS_AT_ONCE)
        if "aggregator" in self._roles:
            self._aggregator = aggregator
            await consumer.handle(FINISHED, aggregator.on_finished, prefetch=_RESULTS_AT_ONCE)
            watchdog = Watchdog(
                jobs=jobs,
                cells=cells,
                shops=shops,
                planner=planner,
                aggregator=aggregator,
                telling=telling,
                window=window,
                every=watchdog_every,
                silent_after=silent_after,
            )
            giving_up = GivingUp(
                ending=Ending(mongo.transactions, stock, cells),
                shops=shops,
                jobs=jobs,
                cells=cells,
                pushes=PushStore(mongo.db),
                every=watchdog_every,
            )
            self._tasks.append(asyncio.create_task(giving_up.run(), name="giving up"))
            self._tasks.append(asyncio.create_task(watchdog.run(), name="watchdog"))

    def _life(self, webhook_url: str | None = None) -> ShopLife:
        settings = part_of(self._settings, ShopifySettings)
        return ShopLife.of(settings, self._mongo, self._session, webhook_url=webhook_url, first_probe=self._first_probe)

    def _start_sweeper(self, owner: str, caretaker_every: float) -> None:
        """What calls Shopify on no job's account: looks for missed webhooks, schedules, the care for shops."""
        webhook_url = part_of(self._settings, SubscribingSettings).webhook_url
        life = self._life(webhook_url)
        sweeping = compose_sweeping(
            self._mongo,
            owner=owner,
            client=life.client.timed_by(self._clock),
            publisher=self._publisher,
            webhook_url=webhook_url,
            times=self._sweep_times,
        )
        self._tasks.append(asyncio.create_task(sweeping.run(), name="sweeper"))
        self._start_schedules(owner, life)
        mongo = self._mongo
        caretaker = Caretaker(
            life.probing,
            life.installing,
            Departing(
                Departures(mongo.db),
                Redaction(mongo.db),
                ComplianceNotes(mongo.db),
                AuditLog(mongo.db),
                life.asking,
                first=self._first_probe,
            ),
            AskingLocations(life.shops, BomStore(mongo.db, mongo.transactions), ShopifyReads(life.client)),
            every=caretaker_every,
        )
        self._tasks.append(asyncio.create_task(caretaker.run(), name="caretaker"))

    def _start_schedules(self, owner: str, life: ShopLife) -> None:
        allowed = part_of(self._settings, TargetSettings)
        targets = Targets.open(private=allowed.private_targets, ports=allowed.target_ports)
        self._connections.push_async_callback(targets.close)
        scheduling, outcomes = compose_scheduling(
            self._mongo,
            owner=owner,
            settings=part_of(self._settings, ShopifySettings),
            life=life,
            publisher=self._publisher,
            targets=targets,
            times=self._schedule_times,
            per_shop=part_of(self._settings, SweepingSettings).outgoing_per_shop,
        )
        self._tasks.append(asyncio.create_task(scheduling.run(), name="schedules"))
        self._tasks.append(asyncio.create_task(outcomes.run(), name="outcomes"))

    async def _start_worker(
        self,
        *,
        consumer: Consumer,
        owner: str,
        client: ShopifyClient,
        reads: ShopifyReads,
        shops: ShopStore,
        boms: BomStore,
        stock: StockStore,
        cells: CellStore,
        jobs: JobStore,
    ) -> None:
        transactions = self._mongo.transactions
        pushes = PushStore(self._mongo.db)
        ending = Ending(transactions, stock, cells)
        levels = CurrentLevels(boms, reads)
        worker = CellWorker(
            ending=ending,
            cells=cells,
            jobs=jobs,
            shops=shops,
            boms=boms,
            pushes=pushes,
            pushing=Pushing(
                ending, pushes, Sending(transactions, pushes, client, ShopifyWrites(client), reads), levels
            ),
            to_local=ToLocal(ending, levels),
            levels=levels,
            rows=RowReader(boms, stock, reads),
            client=client,
            reads=reads,
            publisher=self._publisher,
            stocking=Stocking(ending, Activation(client), reads),
        )
        leases = PartitionLeases(self._mongo.db, owner, PARTITIONS, lease=self._lease)
        await leases.check_number()
        lanes = Lanes(worker, cells, self._clock, prefetch=PREFETCH, jobs=jobs)
        self._partitions = Partitions(leases, consumer, lanes, every=self._lease.total_seconds() / 4)
        await self._partitions.balance()
        self._tasks.append(asyncio.create_task(self._partitions.run(), name="partitions"))
        verifier = Verifier(transactions, boms, stock, reads.as_role("verify"))
        verifying = Verifying(
            partitions=self._partitions, lanes=lanes, stock=stock, cells=cells, verifier=verifier, clock=self._clock
        )
        self._tasks.append(asyncio.create_task(verifying.run(), name="verifying"))

    async def ready(self) -> dict[str, bool]:
        """What the service needs, and whether it is there now."""
        return {
            "broker": self._consumer is not None and await self._publisher.reachable() and self._consumer.ready,
            "mongodb": await self._mongo.alive(),
        }

    def reasons(self) -> dict[str, str]:
        """Why what does not work does not."""
        heard = None if self._consumer is None else self._consumer.refusal
        return reasons_of(broker=self._publisher.refusal or heard, mongodb=self._mongo.refusal)

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
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._consumer is not None:
            await self._consumer.stop()
        if self._partitions is not None:
            await self._partitions.stop()
        if self._aggregator is not None:
            await self._aggregator.stop()
        if self._planner is not None:
            await self._planner.stop()
        await self._connections.aclose()
        if self._operations is not None:
            await self._operations.close()
