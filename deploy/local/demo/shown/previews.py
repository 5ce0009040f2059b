"""Taking a preview as any client does, waiting for it, and showing where the two sides differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from ulid import ULID

from deploy.local.demo.shown.asking import ask_for_preview
from deploy.local.demo.shown.watch import follow, listening, preview_has_ended, the_end
from services.command_line.connections.client import Client
from services.command_line.terminal.tables import Column, number, show_table, signed
from shared.contract.messages import PreviewRequest
from shared.contract.selection import SelectionBody
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
