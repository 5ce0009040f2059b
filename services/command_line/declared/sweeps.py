"""Sweeps for webhooks that never came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from services.command_line.declared.options import JsonOption, RowsOption, ShopOption
from services.command_line.declared.running import carry_out
from services.command_line.outcome import Exit, WrongUseError

if TYPE_CHECKING:
    from services.command_line.connections.client import Client


def sweep_command(
    *,
    shop: ShopOption = None,
    repair: Annotated[bool, typer.Option("--repair", help="Pull Shopify's value where only Shopify moved.")] = False,
    approve: Annotated[
        bool, typer.Option("--approve", help="Read nothing: let go on what the circuit breaker has stopped.")
    ] = False,
    rows: RowsOption = 200,
    as_json: JsonOption = False,
) -> None:
    """Read every level and compare it with the last value known."""
    if approve and repair:
        raise WrongUseError("--approve: what is stopped is repaired by the sweeper; leave --repair away")
    if approve:
        _approve(shop, as_json=as_json)
    from services.command_line.commands.operations.sweep import run_sweep
    from services.command_line.terminal.tables import console

    async def work(client: Client) -> Exit:
        known = (await client.shop(shop)).domain
        return await run_sweep(client, known, repair=repair, limit=rows, as_json=as_json, out=console())

    carry_out(work, broker=True, shopify=True)


def _approve(shop: str | None, *, as_json: bool) -> NoReturn:
    from services.command_line.commands.runs.approve import approve_repair
    from services.command_line.terminal.tables import console

    async def work(client: Client) -> Exit:
        return await approve_repair(client, (await client.shop(shop)).domain, as_json=as_json, out=console())

    carry_out(work)
