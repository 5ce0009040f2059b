"""`trueup serve all`: the three services in one process, one public port for webhooks and the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from aiohttp import web

from services.preview.bootstrap import PreviewService
from services.reconciler.bootstrap import ReconcilerService
from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.mongodb.connection import Mongo
from shared.observing.operations import start_operations
from shared.rabbitmq.connection import declare_topology
from shared.roles import SERVED
from shared.settings import Settings


class AllServices:
    """The three services in one process."""

    def __init__(self) -> None:
        self._parts = AsyncExitStack()
        self._ready: dict[str, Callable[[], Awaitable[dict[str, bool]]]] = {}
        self._reasons: dict[str, Callable[[], dict[str, str]]] = {}

    @classmethod
    async def start(cls, settings: Settings) -> AllServices:
        """Start them. Raises what they raise; those that had started are stopped again."""
        services = cls()
        try:
            await services._start(settings)
        except BaseException:
            await services.stop()
            raise
        return services

    async def _start(self, settings: Settings) -> None:
        operations = await start_operations(settings.host, settings.operations_port, self.ready, self.reasons)
        self._parts.push_async_callback(operations.close)
        await self._must_be_able(settings)
        worker = await ReconcilerService.start(settings, operations=False)
        self._parts.push_async_callback(worker.stop)
        self._ready["reconciler"], self._reasons["reconciler"] = worker.ready, worker.reasons

        async def add_front(app: web.Application) -> None:
            ingest = await WebhookIngestService.start(settings, app=app, operations=False)
            self._parts.push_async_callback(ingest.stop)
            self._ready["webhook_ingest"], self._reasons["webhook_ingest"] = ingest.ready, ingest.reasons

        preview = await PreviewService.start(settings, operations=False, extend=add_front)
        # Stopped first: it holds the public port, so nothing new comes in for the others.
        self._parts.push_async_callback(preview.stop)
        self._ready["preview"], self._reasons["preview"] = preview.ready, preview.reasons

    async def _must_be_able(self, settings: Settings) -> None:
        """All that the three need of both servers, before the first of them begins its work."""
        mongo = Mongo(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
        try:
            await mongo.prepare(SERVED)
        finally:
            mongo.close()
        await declare_topology(settings.amqp_url.get_secret_value(), SERVED)

    async def ready(self) -> dict[str, bool]:
        """The parts of all services; none is left out while it starts."""
        # Others start while these answer.
        asked = dict(self._ready)
        started = {f"{name}_started": name in asked for name in ("reconciler", "webhook_ingest", "preview")}
        parts = {f"{name}.{part}": ok for name, ask in asked.items() for part, ok in (await ask()).items()}
        return started | parts

    def reasons(self) -> dict[str, str]:
        """Why what does not work does not, of all services."""
        return {f"{name}.{part}": why for name, ask in self._reasons.items() for part, why in ask().items()}

    async def stop(self) -> None:
        """Stop them in the reverse order."""
        await self._parts.aclose()
