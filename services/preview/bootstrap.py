"""The composition root of the preview service: the real parts put together, started, and stopped in good order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import structlog
from aiohttp import web

from services.preview.api.http.app import make_app
from services.preview.api.http.dependencies import Dependencies
from services.preview.api.http.hub import EventHub
from services.preview.api.http.responses.problem import LIMITS
from services.preview.computing.imports import TICK as IMPORTS_TICK
from services.preview.computing.imports import ImportTurns
from services.preview.computing.previewer import Previewer
from services.preview.computing.requests import PreviewRequests
from services.preview.computing.turns import TICK, Turns
from services.preview.page.bundle import Bundle
from services.preview.page.demo_sign_in import DemoSignIn
from services.preview.page.routes import AdminPage
from services.preview.records import RecordsConsumer
from shared import metrics
from shared.contract.seal import Seals
from shared.importing.importing import Importing, Progress
from shared.importing.wiring import importing_over
from shared.kept_messages import KeptMessages
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.connection import STORE_AWAY, Mongo
from shared.mongodb.inbox.dead_letters import DeadLetterStore
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.stock.stock import StockStore
from shared.observing.operations import reasons_of, start_operations
from shared.observing.tracing import http_client_configs
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.consuming.consumer import Consumer
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import PREVIEWS, RECORDS
from shared.reading.rows import RowReader
from shared.roles import Role
from shared.running.rounds import Rounds
from shared.serving.server import RunningServer, start_server
from shared.settings import PreviewSettings
from shared.shop_life.wiring import ShopLife
from shared.shopify.bulk.exports import Exports
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.session import shopify_session
from shared.shopify.reads.reads import ShopifyReads

log = structlog.get_logger()

PREVIEWS_AT_ONCE = 20
"""Requests that are stored at once; computing them is another matter (`Turns`)."""

RECORDS_AT_ONCE = 32
SHUTDOWN = 10.0
"""Seconds that requests under way have to end."""


def add_page(app: web.Application, settings: PreviewSettings) -> None:
    """The admin page beside the API. Raises WrongSetting where the directory set for it holds none."""
    shop = settings.demo_sign_in
    AdminPage(Bundle(settings.page_directory), settings.shopify_client_id, demo=shop is not None).add_to(app)
    if shop is not None:
        log.warning("demo_sign_in", shop=shop, meaning="anybody on this machine is signed in to this shop")
        DemoSignIn(shop, settings.shopify_client_id, settings.client_secrets[0]).add_to(app)


class PreviewService:
    """A running preview service."""

    def __init__(
        self,
        settings: PreviewSettings,
        *,
        operations: bool = True,
        extend: Callable[[web.Application], Awaitable[object]] | None = None,
    ) -> None:
        self._settings = settings
        self._with_operations = operations
        self._extend = extend
        self._operations: RunningServer | None = None
        self._stack = AsyncExitStack()
        self._rounds = Rounds()

    @classmethod
    async def start(
        cls,
        settings: PreviewSettings,
        *,
        port: int | None = None,
        operations: bool = True,
        extend: Callable[[web.Application], Awaitable[object]] | None = None,
    ) -> PreviewService:
        """Connect, declare what is missing, and serve; port 0 lets the system choose.

        For one process with all services: `extend` may add routes to the application before it is served; with
        `operations` False there is no operations port, and the caller asks `ready`. Raises BrokerUnavailable,
        StoreUnavailable, or OSError where a port is taken.
        """
        service = cls(settings, operations=operations, extend=extend)
        try:
            await service._start(settings.port if port is None else port)
        except BaseException:
            await service._stack.aclose()
            raise
        return service

    async def _start(self, port: int) -> None:
        """Each part is closed after those that use it, also where a later one fails to start."""
        settings, later = self._settings, self._stack
        url = settings.amqp_url.get_secret_value()
        self._mongo = Mongo(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
        later.callback(self._mongo.close)
        await self._mongo.prepare([Role.PREVIEW])
        await declare_topology(url, [Role.PREVIEW])
        session = await later.enter_async_context(shopify_session(http_client_configs()))
        seals = Seals(settings.client_secrets)
        self._publisher = await Publisher.open(url, "preview", seals, roles=[Role.PREVIEW])
        later.push_async_callback(self._publisher.close)
        keeper = KeptMessages(DeadLetterStore(self._mongo.db), seals)
        self._consumer = await Consumer.open(url, "preview", keeper, passing=STORE_AWAY, seals=seals)
        later.push_async_callback(self._consumer.close)
        later.push_async_callback(self._consumer.stop)
        life = ShopLife.of(settings, self._mongo, session, webhook_url=settings.webhook_url)
        hub = EventHub()
        requests = self._take_turns(life.client, hub)
        wake = self._take_up_imports(life.client)
        deps = Dependencies.of(
            settings, self._mongo, self._publisher, hub=hub, life=life, requests=requests, wake_imports=wake
        )
        await self._consume(deps)
        app = make_app(deps)
        add_page(app, settings)
        if self._extend is not None:
            await self._extend(app)
        self._server = await start_server(app, settings.host, port, shutdown_timeout=SHUTDOWN)
        later.push_async_callback(self._server.close)
        if self._with_operations:
            self._operations = await start_operations(settings.host, settings.operations_port, self.ready, self.reasons)
            later.push_async_callback(self._operations.close)
        log.info("preview_started", port=self.port)

    def _take_turns(self, client: ShopifyClient, hub: EventHub) -> PreviewRequests:
        """Begin to compute the previews that wait; returns who takes what is asked for."""
        mongo, reads = self._mongo, ShopifyReads(client)
        boms = BomStore(mongo.db, mongo.transactions)
        previews = PreviewStore(mongo.db, mongo.transactions)
        rows = RowReader(boms, StockStore(mongo.db), reads)
        previewer = Previewer(previews, boms, rows, reads, self._publisher, told=hub.wake)
        turns = Turns(previews, previewer.compute, previewer.give_up)
        self._stack.push_async_callback(self._rounds.stop)
        self._rounds.begin("previews", turns.round, TICK, rest=turns.news, finish=turns.finish)
        return PreviewRequests(
            previews, boms, self._publisher, max_open=self._settings.open_previews_per_shop, wake=turns.wake
        )

    def _take_up_imports(self, client: ShopifyClient) -> Callable[[], None]:
        """Begin to work on imports that wait; returns what announces one."""
        calls, limit = client.as_role("sweep"), self._settings.boms_per_shop
        exports = Exports(calls)

        def make(progress: Progress) -> Importing:
            return importing_over(self._mongo, calls, exports, boms_per_shop=limit, progress=progress)

        turns = ImportTurns(self._mongo, make)
        self._rounds.begin("imports", turns.round, IMPORTS_TICK, rest=turns.news, finish=turns.finish)
        return turns.wake

    async def _consume(self, deps: Dependencies) -> None:
        metrics.begin_at_zero(metrics.PREVIEWS, ["ready", "failed"])
        metrics.begin_at_zero(metrics.REFUSED_BY_LIMIT, LIMITS)
        records = RecordsConsumer(deps.records, deps.shops, deps.audit)
        await self._consumer.listen(deps.hub.handle)
        await self._consumer.handle(PREVIEWS, deps.requests.handle, prefetch=PREVIEWS_AT_ONCE)
        await self._consumer.handle(RECORDS, records.handle, prefetch=RECORDS_AT_ONCE)

    async def ready(self) -> dict[str, bool]:
        """What the service needs, and whether it is there now."""
        return {
            "broker": await self._publisher.reachable() and self._consumer.ready,
            "mongodb": await self._mongo.alive(),
            "rounds": not self._rounds.silent,
        }

    def reasons(self) -> dict[str, str]:
        """Why what does not work does not."""
        return reasons_of(broker=self._publisher.refusal or self._consumer.refusal, mongodb=self._mongo.refusal)

    @property
    def port(self) -> int:
        """The port of the page and its API."""
        return self._server.port

    @property
    def operations_port(self) -> int:
        """The port of /livez, /readyz and /metrics."""
        if self._operations is None:
            raise RuntimeError("the service was started without an operations port")
        return self._operations.port

    async def stop(self) -> None:
        """Take no further requests and messages, finish those under way, and close."""
        await self._stack.aclose()
        log.info("preview_stopped")
