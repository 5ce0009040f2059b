"""`trueup serve`: runs a service until SIGTERM or SIGINT, then lets it finish what it has begun."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, get_args

import structlog

from services.command_line import garbage
from services.command_line.outcome import Exit, WrongUseError
from shared.mongodb.connection import store_must_answer
from shared.observing.logs import configure_logs
from shared.observing.loop_lag import lag_measured
from shared.observing.tracing import start_tracing, stop_tracing
from shared.roles import Role
from shared.serving.open_files import raise_open_files
from shared.setting_groups import ProcessSettings
from shared.settings import (
    PreviewSettings,
    ReconcilerSettings,
    Settings,
    WebhookSettings,
    load_settings,
    part_of,
    settings_of,
)

log = structlog.get_logger()


class Running(Protocol):
    """A started service."""

    async def stop(self) -> None:
        """Finish what is under way, give back the rest."""


@dataclass(frozen=True, slots=True)
class Service:
    """What can be served, and the roles it can be split into. None chosen: all of them."""

    start: Callable[[ProcessSettings, Collection[str]], Awaitable[Running]]
    roles: tuple[str, ...] = ()
    reads: type[ProcessSettings] | None = None
    """The settings of a service without roles."""

    def settings(self, roles: Collection[str]) -> type[ProcessSettings]:
        """The model of what these roles of it read, and nothing else."""
        return self.reads or settings_of([Role(role) for role in self.roles if role in roles or not roles])


# Each loads its own service and none of the others.


def _webhook_ingest() -> Service:
    from services.webhook_ingest.bootstrap import ROLES, WebhookIngestService, WebhookRole

    def start(settings: ProcessSettings, roles: Collection[str]) -> Awaitable[Running]:
        chosen = [role for role in get_args(WebhookRole) if role in roles]
        return WebhookIngestService.start(part_of(settings, WebhookSettings), roles=chosen or ROLES)

    return Service(start, get_args(WebhookRole))


def _preview() -> Service:
    from services.preview.bootstrap import PreviewService

    return Service(lambda settings, _: PreviewService.start(part_of(settings, PreviewSettings)), reads=PreviewSettings)


def _reconciler() -> Service:
    from services.reconciler.bootstrap import ALL_ROLES, ReconcilerRole, ReconcilerService

    def start(settings: ProcessSettings, roles: Collection[str]) -> Awaitable[Running]:
        chosen = [role for role in get_args(ReconcilerRole) if role in roles]
        return ReconcilerService.start(part_of(settings, ReconcilerSettings), roles=chosen or ALL_ROLES)

    return Service(start, get_args(ReconcilerRole))


def _all() -> Service:
    from services.command_line.all_services import AllServices

    return Service(lambda settings, _: AllServices.start(part_of(settings, Settings)), reads=Settings)


SERVICES: dict[str, Callable[[], Service]] = {
    "webhook-ingest": _webhook_ingest,
    "preview": _preview,
    "reconciler": _reconciler,
    "all": _all,
}


async def serve(name: str, roles: Collection[str]) -> Exit:
    """Run a service until a signal ends it. Raises WrongUseError, WrongSetting, BrokerUnavailable, StoreUnavailable."""
    service = SERVICES[name]()
    garbage.look_from_now_on()
    if unknown := sorted(set(roles) - set(service.roles)):
        choice = f"one of {', '.join(service.roles)}" if service.roles else f"left out: {name} has no roles"
        raise WrongUseError(f"--role {unknown[0]}: must be {choice}")
    settings = load_settings(service.settings(roles))
    raise_open_files()
    configure_logs(name, settings.log_level)
    start_tracing(name, settings)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    try:
        with store_must_answer():
            async with lag_measured():
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
