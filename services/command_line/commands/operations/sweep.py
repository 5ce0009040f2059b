"""`trueup drift sweep`: find the cells whose base Shopify has left behind, and, where wanted, repair the safe ones."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, TextIO

from rich.console import Console

from services.command_line.connections.client import Client
from services.command_line.outcome import REQUESTED_BY, Exit
from services.command_line.terminal.documents import encoded, print_with_lists
from services.command_line.terminal.tables import Column, number, show_table, signed
from services.reconciler.sweeper.full_read import DriftedCell, FullRead, SweepResult
from shared.domain.batches import batches
from shared.domain.cell import CellKey
from shared.reading.rows import RowReader
from shared.shopify.reads.reads import ShopifyReads

COLUMNS = (
    Column("BOM", "name", 3),
    Column("Location", "name", 2),
    Column("Base", "number"),
    Column("Shopify", "number"),
    Column("Moved", "number"),
    Column("Class"),
)


_LINES_AT_ONCE = 1000
"""Lines of one table, whose columns are as wide as these need."""


async def run_sweep(client: Client, shop: str, *, repair: bool, limit: int, as_json: bool, out: Console) -> Exit:
    """The whole command; `limit` rows are shown (0: all)."""
    reads = ShopifyReads(client.shopify().as_role("sweep"))
    sweeper = FullRead(client.boms, RowReader(client.boms, client.stock, reads), reads, client.publisher)
    # What drifted is only shown, and repaired, once all was read; in a file, for it may be the whole shop.
    with TemporaryFile("w+", encoding="utf-8") as kept:

        async def found(cells: Sequence[DriftedCell]) -> None:
            kept.writelines(f"{encoded(astuple(_kept(cell)), indent=None)}\n" for cell in cells)

        result = await sweeper.sweep(shop, found)
        safe = (CellKey(cell.bom_id, cell.location_id) for cell in _read(kept) if cell.repairable)
        jobs = await sweeper.repair(shop, safe, client.jobs, requested_by=REQUESTED_BY) if repair else []
        for job_id in jobs:
            await client.note("job.start", shop, job_id)
        if as_json:
            await print_with_lists(_document(result, jobs, kept))
            return Exit.OK
        _show(result, jobs, kept, limit, out)
    if result.repairable and not repair:
        out.print(f"{result.repairable} of them are safe to pull: --repair does it")
    return Exit.OK


@dataclass(frozen=True, slots=True)
class _Kept:
    """A drifted cell as a line of the file says it."""

    bom_id: str
    bom_name: str | None
    location_id: str
    location_name: str | None
    base: int | None
    shopify: int
    local: int | None
    cell_class: str
    repairable: bool


def _read(kept: TextIO) -> Iterator[_Kept]:
    """The drifted cells from the first on."""
    kept.seek(0)
    return (_Kept(*json.loads(line)) for line in kept)


def _show(result: SweepResult, jobs: list[str], kept: TextIO, limit: int, out: Console) -> None:
    shown = 0
    for part in batches(islice(_read(kept), limit or None), _LINES_AT_ONCE):
        show_table(out, COLUMNS, [_line(cell) for cell in part])
        shown += len(part)
    if shown < result.drifted:
        out.print(f"… and {result.drifted - shown} more: --rows 0 shows all, --json too")
    counted = {**result.not_compared, **result.codes}
    besides = "; ".join(f"{name} {cells}" for name, cells in sorted(counted.items()))
    out.print(
        f"{result.cells} cells read in {result.seconds:.1f} s: {result.drifted} drifted"
        + (f"; not compared: {besides}" if besides else "")
    )
    for job_id in jobs:
        out.print(f"repair job {job_id}", soft_wrap=True)


def _line(cell: _Kept) -> tuple[str, ...]:
    return (
        cell.bom_name or cell.bom_id,
        cell.location_name or cell.location_id,
        number(cell.base),
        number(cell.shopify),
        signed(None if cell.base is None else cell.shopify - cell.base),
        cell.cell_class,
    )


def _kept(cell: DriftedCell) -> _Kept:
    return _Kept(
        bom_id=cell.key.bom_id,
        bom_name=cell.bom_name,
        location_id=cell.key.location_id,
        location_name=cell.location_name,
        base=cell.row.base,
        shopify=cell.row.shopify,
        local=cell.row.local,
        cell_class=str(cell.row.cell_class),
        repairable=cell.repairable,
    )


def _document(result: SweepResult, jobs: list[str], kept: TextIO) -> dict[str, Any]:
    async def drifted() -> AsyncIterator[dict[str, Any]]:
        for cell in _read(kept):
            yield {
                "bom_id": cell.bom_id,
                "bom_name": cell.bom_name,
                "location_id": cell.location_id,
                "base": cell.base,
                "shopify": cell.shopify,
                "local": cell.local,
                "class": cell.cell_class,
            }

    return {
        "shop": result.shop,
        "cells": result.cells,
        "seconds": round(result.seconds, 3),
        "not_compared": dict(result.not_compared),
        "codes": dict(result.codes),
        "repair_jobs": jobs,
        "drifted": drifted(),
    }
