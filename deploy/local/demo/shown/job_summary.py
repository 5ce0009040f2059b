"""A job when it has ended: what did not go through and why, and the summary."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from services.command_line.connections.stores import Records
from services.command_line.terminal.runs import CELLS, MAX_LINES, QUIET
from services.command_line.terminal.tables import number, show_table
from shared.domain.cell import CellState
from shared.domain.job import Totals
from shared.domain.words.codes import explanation
from shared.domain.words.reasons import reason_text
from shared.mongodb.jobs.cells.cell import Cell, CellsWanted
from shared.mongodb.jobs.job import Job
from shared.mongodb.lists.listings import FIRST, Start

if TYPE_CHECKING:
    from rich.console import Console

_PAGE = 500


async def cells_of(records: Records, shop: str, job_id: str, state: CellState | None = None) -> AsyncIterator[Cell]:
    """The cells of a job in order, those in one state or all."""
    start = FIRST
    while True:
        page = await records.listings.cells(shop, job_id, CellsWanted(state), start, _PAGE)
        for cell in page.items:
            yield cell
        if page.after is None:
            return
        start = Start(page.after)


async def _cells_worth_a_line(records: Records, shop: str, job_id: str) -> AsyncIterator[Cell]:
    """Cells worth a line: the failed ones first, then those skipped for a reason a person may act on."""
    async for cell in cells_of(records, shop, job_id, CellState.ERROR):
        yield cell
    async for cell in cells_of(records, shop, job_id, CellState.SKIPPED):
        if cell.reason not in QUIET:
            yield cell


async def show_summary(records: Records, shop: str, job: Job, out: Console) -> None:
    """The table of what ended with an error or a reason, what the codes mean, and the totals."""
    if job.failure is not None:
        out.print(f"the job failed: {job.failure.code}: {job.failure.message}")
        return
    places = {place.location_id: place.name for place in (await records.boms.locations(shop)).values()}
    lines: list[Sequence[str]] = []
    more = 0
    async for cell in _cells_worth_a_line(records, shop, job.job_id):
        if len(lines) == MAX_LINES:
            more += 1
            continue
        lines.append(
            (
                cell.bom_name or cell.key.bom_id,
                places.get(cell.key.location_id) or cell.key.location_id,
                number(cell.shopify_after),
                number(cell.local_after),
                cell.code or cell.reason or "",
            )
        )
    if lines:
        show_table(out, CELLS, lines)
    if more:
        out.print(f"… and {more} more: the report has all")
    for code, cells in sorted(job.codes.items()):
        message, remedy = explanation(code)
        out.print(f"{code} ({cells}): {message or ''} {remedy or ''}".rstrip())
    for reason, cells in sorted(job.reasons.items()):
        out.print(f"{reason} ({cells}): {reason_text(reason)}")
    out.print(summary_line(job.totals), style="bold")


def summary_line(totals: Totals) -> str:
    """Total = Updated + Skipped + Errors (+ Cancelled, shown when not zero)."""
    parts = [
        f"Total {totals.total}",
        f"Updated {totals.updated}",
        f"Skipped {totals.skipped}",
        f"Errors {totals.errors}",
    ]
    if totals.cancelled:
        parts.append(f"Cancelled {totals.cancelled}")
    return "   ".join(parts)
