"""The composition root: the real parts of the webhook service, started and stopped in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from typing import Literal, Self

from aiohttp import web

from services.webhook_ingest.counters_at_zero import show_zero_counts_of_front, show_zero_counts_of_indexer
from services.webhook_ingest.front.front import Front
from services.webhook_ingest.front.problems import http_errors_as_problems
from services.webhook_ingest.front.signature import Signatures
from services.webhook_ingest.indexer.indexer import Indexer
from shared.contract.seal import Seals
from shared.kept_messages import KeptMessages
from shared.mongodb.connection import STORE_AWAY, Mongo
from shared.mongodb.inbox.dead_letters import DeadLetterStore
from shared.observing.operations import http_traces, reasons_of, start_operations
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.consuming.consumer import Consumer
from shared.rabbitmq.publishing.publisher import Publisher
from shared.roles import Role
from shared.serving.server import start_server
from shared.setting_groups import PublicSettings, StoreSettings
from shared.settings import WebhookSettings, part_of

WebhookRole = Literal["front", "indexer"]
ROLES: frozenset[WebhookRole] = frozenset({"front", "indexer"})

_NAME = "trueup-webhook-ingest"
_LAST_ANSWERS = 6.0
"""Seconds that requests under way get when the front stops; each ends by itself within five."""


class WebhookIngestService:
    """A running service. `port` is the front's, `operations_port` that of /livez, /readyz and /metrics.

    Either is None where it does not run here.
    """

    def __init__(self) -> None:
        self.port: int | None = None
        self.operations_port: int | None = None
        self._parts = AsyncExitStack()
        self._checks: dict[str, Callable[[], Awaitable[bool]]] = {}
        self._mongo: Mongo | None = None
        self._publisher: Publisher | None = None
        self._consumer: Consumer | None = None
        self._started = False

    @classmethod
    async def start(
        cls,
        settings: WebhookSettings,
        *,
        port: int | None = None,
        roles: Collection[WebhookRole] = ROLES,
        app: web.Application | None = None,
        operations: bool = True,
    ) -> Self:
        """Start the roles. `port` overrides the setting (0: a free one).

        With `app`, the front's route is added to that application, which the caller runs, instead of a port of its
        own; with `operations` False there is no operations port, and the caller asks `ready` (one process for all
        services). Raises BrokerUnavailable, StoreUnavailable, OSError where a port is taken.
        """
        service = cls()
        try:
            if operations:
                await service._start_operations(settings)
            await declare_topology(settings.amqp_url.get_secret_value(), [Role(role) for role in sorted(roles)])
            if "indexer" in roles:
                await service._start_indexer(settings)
            if "front" in roles:
                await service._start_front(settings, port, app)
        except BaseException:
            await service.stop()
            raise
        service._started = True
        return service

    async def ready(self) -> dict[str, bool]:
        """What taking and applying webhooks needs, and whether it is there now."""
        # More are added while these answer.
        asked = dict(self._checks)
        return {"started": self._started, **{name: await check() for name, check in asked.items()}}

    def reasons(self) -> dict[str, str]:
        """Why what does not work does not."""
        return reasons_of(
            mongodb=None if self._mongo is None else self._mongo.refusal,
            publishing=None if self._publisher is None else self._publisher.refusal,
            consuming=None if self._consumer is None else self._consumer.refusal,
        )

    async def stop(self) -> None:
        """Stop taking, finish what was taken, acknowledge it, close. Parts end in the reverse order of their start."""
        self._started = False
        await self._parts.aclose()

    async def _start_operations(self, settings: WebhookSettings) -> None:
        # First, so that it answers while the others start, and last to end.
        server = await start_operations(settings.host, settings.operations_port, self.ready, self.reasons)
        self._parts.push_async_callback(server.close)
        self.operations_port = server.port

    async def _start_indexer(self, settings: WebhookSettings) -> None:
        store = part_of(settings, StoreSettings)
        mongo = Mongo(store.mongodb_uri.get_secret_value(), store.mongodb_database)
        self._mongo = mongo
        self._parts.callback(mongo.close)
        await mongo.prepare([Role.INDEXER])
        keeper = KeptMessages(DeadLetterStore(mongo.db), Seals(settings.client_secrets))
        consumer = await Consumer.open(settings.amqp_url.get_secret_value(), _NAME, keeper, passing=STORE_AWAY)
        self._consumer = consumer
        self._parts.push_async_callback(consumer.close)
        show_zero_counts_of_indexer()
        indexer = Indexer(mongo, Seals(settings.client_secrets))
        self._parts.push_async_callback(indexer.stop)
        await indexer.start(consumer)
        self._checks["mongodb"] = mongo.alive
        self._checks["consuming"] = _check(lambda: consumer.ready)

    async def _start_front(self, settings: WebhookSettings, port: int | None, app: web.Application | None) -> None:
        seals = Seals(settings.client_secrets)
        url = settings.amqp_url.get_secret_value()
        self._publisher = publisher = await Publisher.open(url, _NAME, seals, roles=[Role.FRONT])
        self._parts.push_async_callback(publisher.close)
        self._checks["publishing"] = publisher.reachable
        show_zero_counts_of_front()
        front = Front(Signatures(settings.client_secrets), publisher)
        if app is not None:
            app.add_routes(front.routes())
            return
        own = web.Application(middlewares=[http_traces, http_errors_as_problems])
        own.add_routes(front.routes())
        # Any number of fronts on the machine share the port; the kernel gives each its share of connections.
        listen = part_of(settings, PublicSettings).port if port is None else port
        server = await start_server(own, settings.host, listen, shutdown_timeout=_LAST_ANSWERS, shared_port=True)
        self._checks["port"] = lambda: asyncio.to_thread(server.is_ours_alone)
        self._parts.push_async_callback(server.close)
        self.port = server.port


def _check(ready: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return ready()

    return check
