"""Carrying a command out: connected to what it needs, with an exit code at its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NoReturn

import typer

from services.command_line import garbage
from services.command_line.outcome import Exit
from shared.observing.hiding import HidingFormatter

if TYPE_CHECKING:
    from services.command_line.connections.client import Client
    from services.command_line.connections.stores import Records


def carry_out(
    work: Callable[[Client], Awaitable[int]], *, broker: bool = False, shopify: bool = False, keys: bool = False
) -> NoReturn:
    """Carry it out, connected to MongoDB and to what else it needs."""
    import asyncio

    from services.command_line.connections.client import connected
    from shared.observing.logs import configure_logs

    async def with_client() -> int:
        async with connected(broker=broker, shopify=shopify, keys=keys) as client:
            return await work(client)

    configure_logs("command-line", "error")
    garbage.look_from_now_on()
    raise typer.Exit(asyncio.run(with_client()))


def look_up(work: Callable[[Records], Awaitable[Exit]]) -> NoReturn:
    """Carry out what only reads the documents, and writes no logs of ours."""
    import asyncio
    import logging

    from services.command_line.connections.stores import looking

    async def with_records() -> Exit:
        async with looking() as records:
            return await work(records)

    # A library's warnings would stand between the lines of the answer.
    logging.getLogger().setLevel(logging.ERROR)
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(HidingFormatter())
    garbage.look_from_now_on()
    raise typer.Exit(asyncio.run(with_records()))
