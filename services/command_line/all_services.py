"""`trueup serve all`: the three services in one process, one public port for webhooks and the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from aiohttp import web

from services.preview.bootstrap import PreviewService
from services.reconciler.bootstrap import ReconcilerService
from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.observing.operations import start_operations
from shared.settings import Settings


class AllServices:
    """The three services in one process."""

    def __init__(self) -> None:
        self._parts = AsyncExitStack()
        self._ready: dict[str, Callable[[], Awaitable[dict[str, bool]]]] = {}

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
        operations = await start_operations(settings.host, settings.operations_port, self.ready)
        self._parts.push_async_callback(operations.close)
        worker = await ReconcilerService.start(settings, operations=False)
        self._parts.push_async_callback(worker.stop)
        self._ready["reconciler"] = worker.ready

        async def add_front(app: web.Application) -> None:
            ingest = await WebhookIngestService.start(settings, app=app, operations=False)
            self._parts.push_async_callback(ingest.stop)
            self._ready["webhook_ingest"] = ingest.ready

        preview = await PreviewService.start(settings, operations=False, extend=add_front)
        # Stopped first: it holds the public port, so nothing new comes in for the others.
        self._parts.push_async_callback(preview.stop)
        self._ready["preview"] = preview.ready

    async def ready(self) -> dict[str, bool]:
        """The parts of all services; none is left out while it starts."""
        # Others start while these answer.
        asked = dict(self._ready)
        started = {f"{name}_started": name in asked for name in ("reconciler", "webhook_ingest", "preview")}
        parts = {f"{name}.{part}": ok for name, ask in asked.items() for part, ok in (await ask()).items()}
        return started | parts

    async def stop(self) -> None:
        """Stop them in the reverse order."""
        await self._parts.aclose()
