"""Following a run or a preview to its end: how far it is goes to standard error, what it came to is the result."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from services.command_line.outcome import Exit
from services.command_line.terminal.documents import print_with_lists
from services.command_line.terminal.runs import ended, exit_of, show_summary, status
from services.command_line.terminal.tables import console, number, shorten
from services.command_line.terminal.terminal import progress

if TYPE_CHECKING:
    from services.command_line.api.client import Api, Json
    from services.command_line.terminal.terminal import Terminal

_NAME = 36
_MAX_BOMS = 200
"""Runs of more BOMs are shown as a whole: a line for each would hide what matters."""


@contextmanager
def _line(err: Terminal) -> Iterator[Callable[[str], None]]:
    """Shows how far it is: one line that changes on a terminal, a line for each news elsewhere."""
    if not err.is_terminal:
        yield err.print
        return
    with err.status("") as shown:
        yield lambda line: shown.update(shorten(line, err.width - 4))


async def followed(states: AsyncIterator[Json], told: Callable[[Json], str], *, look_again: str) -> Json:
    """The last of the states. Whoever stops looking is told how to look again: what is followed goes on."""
    err, last_line = progress(), ""
    last: Json | None = None
    try:
        with _line(err) as show:
            async for last in states:
                if (line := told(last)) != last_line:
                    last_line = line
                    show(line)
    except asyncio.CancelledError:
        err.print(f"it goes on without you; look again with: {look_again}")
        raise
    if last is None:
        raise AssertionError("unreachable: what was followed has told at least its end")
    return last


async def watch_job(api: Api, job_id: str, *, as_json: bool) -> Exit:
    """Follow a run to its end, and print what it came to."""
    out = console()
    states = api.states(f"/api/jobs/{job_id}/events", ended)
    job = await followed(states, status, look_again=f"trueup jobs watch {job_id}")
    if as_json:
        await print_job(api, job)
        return exit_of(job)
    await _show_boms(api, job)
    out.print(f"job {job_id} {status(job)}")
    await show_summary(api, job, out)
    return exit_of(job)


async def _show_boms(api: Api, job: Json) -> None:
    """A line for each BOM of a run with few."""
    page = await api.get(f"/api/jobs/{job['job_id']}/boms", limit=_MAX_BOMS)
    if page["next_cursor"] is not None:
        return
    out = console()
    for bom in page["items"]:
        name, totals = shorten(bom["bom_name"] or bom["bom_id"], _NAME), bom["totals"]
        parts = ", ".join(f"{kind} {totals[kind]}" for kind in ("updated", "skipped", "errors", "cancelled"))
        out.print(f"  {name:<{_NAME}} {number(totals['total']):>3} cells: {parts}")


async def print_job(api: Api, job: Json) -> None:
    """The job with all its cells as one document."""
    cells = api.items(f"/api/jobs/{job['job_id']}/cells")
    await print_with_lists({**job, "cells": cells})
