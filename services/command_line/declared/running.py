"""Carrying a command out: connected to what it needs, with an exit code at its end."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from services.command_line import garbage
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.pipe import nobody_reads
from shared.observing.hiding import HidingFormatter

if TYPE_CHECKING:
    from services.command_line.api.client import Api
    from services.command_line.connections.client import Client
    from services.command_line.connections.stores import Records


def ask(work: Callable[[Api], Awaitable[Exit]], shop: str | None, *, asks: bool = False) -> NoReturn:
    """Carry out what the API answers: over HTTP, or over the stores. `asks`: for work that others must hear of."""

    async def with_api() -> Exit:
        from services.command_line.api.reaching import reached

        async with reached(shop, asks=asks) as api:
            return await work(api)

    _quietly()
    _run(with_api())


def carry_out(
    work: Callable[[Client], Awaitable[Exit]], *, broker: bool = False, shopify: bool = False, keys: bool = False
) -> NoReturn:
    """Carry out what only the stores can do, connected to MongoDB and to what else it needs."""
    from services.command_line.connections.client import connected
    from shared.observing.logs import configure_logs

    async def with_client() -> Exit:
        async with connected(broker=broker, shopify=shopify, keys=keys) as client:
            return await work(client)

    must_reach_stores()
    configure_logs("command-line", "error")
    garbage.look_from_now_on()
    _run(with_client())


def look_up(work: Callable[[Records], Awaitable[Exit]]) -> NoReturn:
    """Carry out what only reads the documents, and writes no logs of ours."""
    from services.command_line.connections.stores import looking

    async def with_records() -> Exit:
        async with looking() as records:
            return await work(records)

    must_reach_stores()
    _quietly()
    _run(with_records())


def _run(work: Coroutine[Any, Any, Exit]) -> NoReturn:
    import asyncio

    try:
        code = asyncio.run(work)
        sys.stdout.flush()
    except BrokenPipeError:
        code = nobody_reads()
    raise typer.Exit(code)


def must_reach_stores() -> None:
    """Raise WrongUseError where this Trueup is asked over HTTP, and its stores are not known here."""
    from shared.store_address import setting

    if setting("URL") and not setting("MONGODB_URI"):
        raise WrongUseError(
            "TRUEUP_URL: this command works on the stores themselves; run it where TRUEUP_MONGODB_URI is set"
        )


def _quietly() -> None:
    """A library's warnings, and logs of ours below errors, would stand between the lines of the answer."""
    import logging

    logging.getLogger().setLevel(logging.ERROR)
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(HidingFormatter())
    garbage.look_from_now_on()
