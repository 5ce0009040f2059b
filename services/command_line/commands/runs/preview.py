"""`trueup preview`: ask for a preview as any client does, wait for it, and show where the two sides differ."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from rich.console import Console
from ulid import ULID

from services.command_line.commands.runs.service_requests import ask_for_preview
from services.command_line.connections.client import Client
from services.command_line.outcome import Exit
from services.command_line.terminal.documents import preview_document, preview_row, print_with_lists
from services.command_line.terminal.tables import Column, number, show_table, signed
from services.command_line.terminal.watch import follow, listening, preview_has_ended, the_end
from shared.contract.messages import PreviewRequest
from shared.contract.selection import SelectionBody
from shared.domain.comparison import CellClass
from shared.domain.words.codes import explanation
from shared.domain.words.reasons import reason_text
from shared.mongodb.previews.preview import Preview, PreviewRow, PreviewState

COLUMNS = (
    Column("BOM", "name", 3),
    Column("Location", "name", 2),
    Column("Shopify", "number"),
    Column("Local", "number"),
    Column("Diff", "number"),
    Column("Class"),
)


async def take_preview(
    client: Client, shop: str, selection: SelectionBody, *, on_progress: Callable[[int, int | None], None] | None = None
) -> Preview:
    """Request a preview and wait for its end; returns how it ended. `on_progress` hears how many cells are done."""
    request = PreviewRequest(shop=shop, preview_id=str(ULID()), selection=selection, requested_by="trueup command line")
    async with listening(client.consumer, shop, request.preview_id) as wake:
        await ask_for_preview(client, request)
        last: Preview | None = None
        states = follow(wake, lambda: client.listings.preview(shop, request.preview_id), preview_has_ended)
        async for preview in states:
            if preview is None:
                continue
            last = preview
            if on_progress is not None and preview.state is not PreviewState.REQUESTED:
                on_progress(preview.done, preview.total)
    return the_end(last)


def show_badges(out: Console, preview: Preview) -> None:
    """The three badges, which add up to the BOMs selected, and the cells by class."""
    if (badges := preview.badges) is not None:
        boms = badges.with_discrepancies + badges.in_sync + badges.not_compared
        out.print(
            f"{boms} BOMs: {badges.with_discrepancies} with discrepancies, {badges.in_sync} already in sync, "
            f"{badges.not_compared} could not be compared"
        )
    kinds = [("", preview.classes), ("not compared: ", preview.not_compared), ("errors: ", preview.codes)]
    parts = [
        f"{label}{', '.join(f'{name} {cells}' for name, cells in sorted(counts.items()))}"
        for label, counts in kinds
        if counts
    ]
    out.print(f"{preview.total} cells: {'; '.join(parts)}")


def preview_table(out: Console, rows: Sequence[PreviewRow]) -> None:
    """Rows of a preview, and what their reasons and codes mean."""
    lines = [
        (
            row.bom_name or row.key.bom_id,
            row.location_name or row.key.location_id,
            number(None if row.row is None else row.row.shopify),
            number(None if row.row is None else row.row.local),
            signed(row.difference),
            str(row.cell_class or row.reason or row.code),
        )
        for row in rows
    ]
    if lines:
        show_table(out, COLUMNS, lines)
    for reason in sorted({str(row.reason) for row in rows if row.reason}):
        out.print(f"{reason}: {reason_text(reason)}")
    for code in sorted({str(row.code) for row in rows if row.code}):
        message, remedy = explanation(code)
        out.print(f"{code}: {message} {remedy}")


async def all_rows(
    client: Client, shop: str, preview_id: str, classes: Sequence[CellClass]
) -> AsyncIterator[PreviewRow]:
    """Rows in order, those of some classes or all."""
    async for row in client.previews.all_rows(shop, preview_id):
        if not classes or row.cell_class in classes:
            yield row


async def rows_worth_a_line(
    client: Client, shop: str, preview_id: str, classes: Sequence[CellClass]
) -> AsyncIterator[PreviewRow]:
    """Rows worth a line: those that differ, then the failed ones, then those left out. Of some classes: those."""
    if classes:
        async for row in all_rows(client, shop, preview_id, classes):
            yield row
        return
    for is_next in (_differs, _failed, _not_compared):
        async for row in client.previews.all_rows(shop, preview_id):
            if is_next(row):
                yield row


def _differs(row: PreviewRow) -> bool:
    return row.cell_class not in {None, CellClass.IN_SYNC}


def _failed(row: PreviewRow) -> bool:
    return row.code is not None


def _not_compared(row: PreviewRow) -> bool:
    return row.reason is not None


async def _shown_while_taken(
    client: Client, shop: str, selection: SelectionBody, *, quietly: bool, out: Console
) -> Preview:
    """Take a preview, with a line that shows how far it is unless something else is to be printed."""
    if quietly:
        return await take_preview(client, shop, selection)
    with out.status("waiting until a preview service takes the request") as status:

        def on_progress(done: int, total: int | None) -> None:
            status.update(f"reading cells: {done}" + (f" of {total}" if total is not None else ""))

        return await take_preview(client, shop, selection, on_progress=on_progress)


async def run_preview(
    client: Client,
    shop: str,
    selection: SelectionBody,
    *,
    classes: Sequence[CellClass],
    limit: int,
    as_json: bool,
    out: Console,
) -> Exit:
    """The whole command; `limit` rows are shown (0: all)."""
    preview = await _shown_while_taken(client, shop, selection, quietly=as_json or not out.is_terminal, out=out)
    if as_json:

        async def rows() -> AsyncIterator[dict[str, Any]]:
            async for row in all_rows(client, shop, preview.preview_id, classes):
                yield preview_row(row)

        await print_with_lists({**preview_document(preview), "rows": rows()})
        return Exit.OK if preview.state is PreviewState.READY else Exit.UNREACHABLE
    if (failure := preview.failure) is not None:
        out.print(f"the preview failed, {failure.code}: {failure.message}", soft_wrap=True)
        return Exit.UNREACHABLE
    show_badges(out, preview)
    shown: list[PreviewRow] = []
    more = 0
    async for row in rows_worth_a_line(client, shop, preview.preview_id, classes):
        if limit and len(shown) == limit:
            more += 1
        else:
            shown.append(row)
    preview_table(out, shown)
    if more:
        out.print(f"… and {more} more: --rows 0 shows all, --json too")
    out.print(f"preview {preview.preview_id}", soft_wrap=True)
    return Exit.OK
