"""`trueup boms import`: seed a shop from a CSV of BOMs, or with one BOM per variant."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from time import monotonic

from rich.console import Console

from services.command_line.connections.client import Client
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.documents import print_with_lists
from services.command_line.terminal.tables import Column, show_table
from shared.importing.bom_file import BomFile
from shared.importing.importing import ImportAtWork, Importing, Progress, Source
from shared.importing.report import (
    LISTS,
    ImportReport,
    RefusedLine,
    items_of,
    refused_of,
    report_of,
    shown,
    shown_refused,
)
from shared.importing.table_file import WrongFile
from shared.importing.wiring import importing_over
from shared.mongodb.catalogue.import_lines import ImportLineStore
from shared.mongodb.catalogue.imports import ImportStore
from shared.setting_groups import BomLimitSettings
from shared.settings import part_of
from shared.shopify.bulk.exports import Exports
from shared.shopify.calls.client import ShopifyClient

MAX_SHOWN = 20
"""Items and lines named one by one for a person; --json names all."""

COLUMNS = (Column("Item"), Column("Variant", "name", 3), Column("SKU", "name", 2))
REFUSED = (Column("Line", "number"), Column("Why"), Column("What is wrong", "name", 3))

_PHASES = {
    "waiting": "waiting for another process that is at this import, or was killed at it",
    "blocked": "waiting for MongoDB to end what a killed process has left open (a minute, at most two)",
    "items": "items read",
    "boms": "BOMs made",
    "levels": "items read with their levels",
    "bases": "BOMs have their bases",
}


class ProgressLines:
    """Progress on standard error: a line per phase and at most one a second, so that it may be kept in a log."""

    def __init__(self) -> None:
        self._phase = ""
        self._shown_at = 0.0
        self._rest: str | None = None

    def __call__(self, phase: str, done: int, total: int | None) -> None:
        line = _PHASES[phase]
        if phase not in {"waiting", "blocked"}:
            line = f"{done} {line}" if total is None else f"{done} of {total} {line}"
        ended = total is not None and done >= total
        if phase != self._phase and self._rest is not None:
            self._say(self._rest)
        if phase != self._phase or ended or monotonic() - self._shown_at >= 1:
            self._say(line)
            self._shown_at = monotonic()
        else:
            self._rest = line
        self._phase = phase

    def _say(self, line: str) -> None:
        self._rest = None
        print(line, file=sys.stderr, flush=True)  # noqa: T201  # the command's output


def source_of(boms: Path | None, *, all_variants: bool, tracks: bool | None) -> Source:
    """What the options name. Raises WrongUseError."""
    if (boms is None) == (not all_variants):
        raise WrongUseError("give either --boms FILE.csv or --all-variants")
    if boms is None:
        return Source.of(None, tracks=tracks)
    try:
        return Source.of(BomFile(boms), tracks=tracks)
    except WrongFile as wrong:
        raise WrongUseError(f"--boms {wrong}") from None


def importing_of(client: Client, calls: ShopifyClient, exports: Exports, progress: Progress) -> Importing:
    """The parts of an import put together."""
    limit = part_of(client.settings, BomLimitSettings).boms_per_shop
    return importing_over(client.mongo, calls, exports, boms_per_shop=limit, progress=progress)


async def run_import(client: Client, shop: str, source: Source, *, as_json: bool, out: Console) -> Exit:
    """The whole command; exit status 1 where a line of the file made no BOM."""
    imports = ImportStore(client.mongo.db)
    calls = client.shopify().as_role("sweep")
    try:
        ended = await importing_of(client, calls, Exports(calls), ProgressLines()).run(shop, source)
    except ImportAtWork as busy:
        raise WrongUseError(str(busy)) from None
    await client.note("shop.import", shop, ended.import_id)
    lines = ImportLineStore(client.mongo.db)
    report = await report_of(imports, lines, ended)
    refused = refused_of(imports, lines, shop, report.import_id)
    if as_json:
        await _print_json(imports, report, refused)
    else:
        await _show(imports, report, refused, out)
    return Exit.CELLS_FAILED if report.refused else Exit.OK


async def _print_json(imports: ImportStore, report: ImportReport, refused: AsyncIterator[RefusedLine]) -> None:
    """One document, written as its lists are read: an import may have refused half a million lines."""

    def listed(heading: str) -> AsyncIterator[object]:
        return (shown(item) async for item in items_of(imports, report.shop, report.import_id, heading))

    lines = (shown_refused(line) async for line in refused)
    await print_with_lists(asdict(report) | {"lists": {name: listed(name) for name in LISTS}, "refused": lines})


async def _show(imports: ImportStore, report: ImportReport, refused: AsyncIterator[RefusedLine], out: Console) -> None:
    for heading, why in LISTS.items():
        if report.lists[heading]:
            await _show_list(imports, report, heading, why, out)
    if report.refused:
        out.print(f"{report.refused} lines made no BOM; correct them and import again:")
        rows = []
        async for line in refused:
            rows.append((str(line.line or ""), str(line.refused.why), line.refused.message))
            if len(rows) == MAX_SHOWN:
                break
        show_table(out, REFUSED, rows)
        _show_rest(out, report.refused)
    boms = ", ".join(f"{number} {made}" for made, number in report.boms.items() if number)
    out.print(f"{report.items} items with {report.variants} variants; BOMs: {boms or 'none'}")
    if report.without_bom:
        out.print(f"{report.without_bom} items belong to no BOM of the file")
    cells = ", ".join(f"{name} {number}" for name, number in report.cells.items())
    out.print(f"cells: {cells or 'none'}; {report.seconds:.1f} s")


async def _show_list(imports: ImportStore, report: ImportReport, heading: str, why: str, out: Console) -> None:
    number = report.lists[heading]
    out.print(f"{heading} ({number}): {why}")
    lines = []
    async for item in items_of(imports, report.shop, report.import_id, heading):
        names = "; ".join(variant.name for variant in item.variants)
        lines.append((item.item_id, names, item.sku or ""))
        if len(lines) == MAX_SHOWN:
            break
    show_table(out, COLUMNS, lines)
    _show_rest(out, number)


def _show_rest(out: Console, number: int) -> None:
    if number > MAX_SHOWN:
        out.print(f"… and {number - MAX_SHOWN} more: --json names all")
