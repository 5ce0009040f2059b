"""`trueup sweep`: find the cells whose base Shopify has left behind, and, where wanted, repair the safe ones."""

from __future__ import annotations

from rich.console import Console

from services.command_line.client import Client
from services.command_line.documents import print_document
from services.command_line.outcome import REQUESTED_BY, Exit
from services.command_line.tables import Column, number, show_table, signed
from services.reconciler.sweeper import DriftedCell, Sweeper, SweepResult
from shared.mongodb.collections import Document
from shared.reading.rows import RowReader
from shared.shopify.reads import ShopifyReads

COLUMNS = (
    Column("BOM", "name", 3),
    Column("Location", "name", 2),
    Column("Base", "number"),
    Column("Shopify", "number"),
    Column("Moved", "number"),
    Column("Class"),
)


async def run_sweep(client: Client, shop: str, *, repair: bool, most: int, as_json: bool, out: Console) -> Exit:
    """The whole command; `most` rows are shown (0: all)."""
    reads = ShopifyReads(client.shopify().as_role("sweep"))
    sweeper = Sweeper(client.boms, RowReader(client.boms, client.stock, reads), reads, client.publisher)
    result = await sweeper.sweep(shop)
    jobs = await sweeper.repair(shop, result.repairable, client.jobs, requested_by=REQUESTED_BY) if repair else []
    for job_id in jobs:
        await client.note("job.start", shop, job_id)
    if as_json:
        print_document(_document(result, jobs))
        return Exit.OK
    _show(result, jobs, most, out)
    if result.repairable and not repair:
        out.print(f"{len(result.repairable)} of them are safe to pull: --repair does it")
    return Exit.OK


def _show(result: SweepResult, jobs: list[str], most: int, out: Console) -> None:
    shown = result.drifted[:most] if most else result.drifted
    if shown:
        show_table(out, COLUMNS, [_line(cell) for cell in shown])
    if len(shown) < len(result.drifted):
        out.print(f"… and {len(result.drifted) - len(shown)} more: --rows 0 shows all, --json too")
    counted = {**result.left_out, **result.codes}
    besides = "; ".join(f"{name} {cells}" for name, cells in sorted(counted.items()))
    out.print(
        f"{result.cells} cells read in {result.seconds:.1f} s: {len(result.drifted)} drifted"
        + (f"; not compared: {besides}" if besides else "")
    )
    for job_id in jobs:
        out.print(f"repair job {job_id}", soft_wrap=True)


def _line(cell: DriftedCell) -> tuple[str, ...]:
    base = cell.row.base
    return (
        cell.bom_name or cell.key.bom_id,
        cell.location_name or cell.key.location_id,
        number(base),
        number(cell.row.shopify),
        signed(None if base is None else cell.row.shopify - base),
        str(cell.row.cell_class),
    )


def _document(result: SweepResult, jobs: list[str]) -> Document:
    return {
        "shop": result.shop,
        "cells": result.cells,
        "seconds": round(result.seconds, 3),
        "left_out": dict(result.left_out),
        "codes": dict(result.codes),
        "repair_jobs": jobs,
        "drifted": [
            {
                "bom_id": cell.key.bom_id,
                "bom_name": cell.bom_name,
                "location_id": cell.key.location_id,
                "base": cell.row.base,
                "shopify": cell.row.shopify,
                "local": cell.row.local,
                "class": str(cell.row.cell_class),
            }
            for cell in result.drifted
        ],
    }
