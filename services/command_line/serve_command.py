"""`trueup serve`: runs a service until SIGTERM or SIGINT, then lets it finish what it has begun."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Protocol, get_args

import structlog
from aiohttp import web

from services.command_line.outcome import Exit, WrongUseError
from services.preview.bootstrap import PreviewService
from services.reconciler import bootstrap as reconciler
from services.webhook_ingest import bootstrap as webhook_ingest
from shared.logs import configure_logs
from shared.mongodb.connection import store_must_answer
from shared.operations import start_operations
from shared.settings import Settings, load_settings
from shared.tracing import start_tracing, stop_tracing

log = structlog.get_logger()

ALL = "all"


class Running(Protocol):
    """A started service."""

    async def stop(self) -> None:
        """Finish what is under way, give back the rest."""


Starter = Callable[[Settings], Awaitable[Running]]


async def start_webhook_ingest(settings: Settings, roles: Collection[str]) -> Running:
    """The front and the indexer, or one of them."""
    chosen = [role for role in get_args(webhook_ingest.Role) if role in roles]
    return await webhook_ingest.WebhookIngestService.start(settings, roles=chosen or webhook_ingest.ROLES)


async def start_preview(settings: Settings, roles: Collection[str]) -> Running:
    """The preview service, which has one role."""
    del roles
    return await PreviewService.start(settings)


async def start_reconciler(settings: Settings, roles: Collection[str]) -> Running:
    """Some roles of the reconciler, or all."""
    chosen = [role for role in get_args(reconciler.Role) if role in roles]
    return await reconciler.ReconcilerService.start(settings, roles=chosen or reconciler.ALL_ROLES)


async def start_all(settings: Settings, roles: Collection[str]) -> Running:
    """Everything in this process: one public port for webhooks and the API, one operations port."""
    del roles
    return await AllServices.start(settings)


@dataclass(frozen=True, slots=True)
class Service:
    """What can be served, and the roles it can be split into."""

    start: Callable[[Settings, Collection[str]], Awaitable[Running]]
    roles: tuple[str, ...] = ()


SERVICES: dict[str, Service] = {
    "webhook-ingest": Service(start_webhook_ingest, get_args(webhook_ingest.Role)),
    "preview": Service(start_preview),
    "reconciler": Service(start_reconciler, get_args(reconciler.Role)),
    ALL: Service(start_all),
}


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
        worker = await reconciler.ReconcilerService.start(settings, operations=False)
        self._parts.push_async_callback(worker.stop)
        self._ready["reconciler"] = worker.ready

        async def add_front(app: web.Application) -> None:
            ingest = await webhook_ingest.WebhookIngestService.start(settings, app=app, operations=False)
            self._parts.push_async_callback(ingest.stop)
            self._ready["webhook_ingest"] = ingest.ready

        preview = await PreviewService.start(settings, operations=False, extend=add_front)
        # Stopped first: it holds the public port, so nothing new comes in for the others.
        self._parts.push_async_callback(preview.stop)
        self._ready["preview"] = preview.ready

    async def ready(self) -> dict[str, bool]:
        """The parts of all services; none is left out while it starts."""
        started = {f"{name}_started": name in self._ready for name in ("reconciler", "webhook_ingest", "preview")}
        parts = {f"{name}.{part}": ok for name, ask in self._ready.items() for part, ok in (await ask()).items()}
        return started | parts

    async def stop(self) -> None:
        """Stop them in the reverse order."""
        await self._parts.aclose()


async def serve(name: str, roles: Collection[str]) -> Exit:
    """Run a service until a signal ends it. Raises WrongUseError, WrongSetting, BrokerUnavailable, StoreUnavailable."""
    service = SERVICES[name]
    if unknown := sorted(set(roles) - set(service.roles)):
        choice = f"one of {', '.join(service.roles)}" if service.roles else f"left out: {name} has no roles"
        raise WrongUseError(f"--role {unknown[0]}: must be {choice}")
    settings = load_settings()
    configure_logs(name, settings.log_level)
    start_tracing(name, settings)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    try:
        with store_must_answer():
            running = await _start_unless(ended, service.start(settings, roles))
            if running is not None:
                await ended.wait()
                log.info("stopping")
                await running.stop()
    finally:
        await asyncio.to_thread(stop_tracing)
    return Exit.OK


async def _start_unless(ended: asyncio.Event, starting: Awaitable[Running]) -> Running | None:
    """What was started, or None where a signal came first."""
    start = asyncio.ensure_future(starting)
    signalled = asyncio.ensure_future(ended.wait())
    await asyncio.wait({start, signalled}, return_when=asyncio.FIRST_COMPLETED)
    if start.done():
        signalled.cancel()
        return start.result()
    start.cancel()
    with suppress(asyncio.CancelledError):
        return await start  # it was as good as started
    return None
