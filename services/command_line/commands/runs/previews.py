"""`trueup previews`: where the two sides differ, as it is or as it was seen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ulid import ULID

from services.command_line.commands.runs.selections import must_exist
from services.command_line.commands.runs.watching import followed
from services.command_line.outcome import Exit
from services.command_line.terminal.documents import print_with_lists
from services.command_line.terminal.downloads import saved
from services.command_line.terminal.lists import Listed, short_time, show_listed
from services.command_line.terminal.tables import Column, console, number, show_table, signed

if TYPE_CHECKING:
    from pathlib import Path

    from services.command_line.api.client import Api, Json

PREVIEWS = (
    Column("Preview"),
    Column("Requested"),
    Column("State"),
    Column("BOMs", "number"),
    Column("Differ", "number"),
    Column("In sync", "number"),
    Column("Not compared", "number"),
)
ROWS = (
    Column("BOM", "name", 3),
    Column("Location", "name", 2),
    Column("Shopify", "number"),
    Column("Local", "number"),
    Column("Diff", "number"),
    Column("Class"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """Which rows of a preview are shown: those that differ, and which besides; `limit` 0: all of them."""

    classes: Sequence[str] = ()
    not_compared: bool = False
    in_sync: bool = False
    limit: int = 200

    def kinds(self) -> list[dict[str, object]]:
        """What the rows are asked for by, in the order in which they are shown."""
        if self.classes:
            return [{"class": one} for one in self.classes]
        besides = [*(("errors", "not_compared") if self.not_compared else ()), *(("in_sync",) if self.in_sync else ())]
        return [{"only": "differences", "sort": "size"}, *({"only": one} for one in besides)]


async def list_previews(api: Api, *, rows: int, as_json: bool) -> Exit:
    """The newest first."""
    listed = await Listed.read(api, "/api/previews", rows)
    return await show_listed(listed, PREVIEWS, _line, nothing=f"{api.shop} has no previews", as_json=as_json)


def _line(preview: Json) -> Sequence[str]:
    badges: dict[str, int] = preview["badges"] or {}
    total = sum(badges.values()) if badges else None
    boms = (badges.get(name) for name in ("with_discrepancies", "in_sync", "not_compared"))
    figures = (number(value) for value in (total, *boms))
    return (preview["preview_id"], short_time(preview["requested_at"]), preview["state"], *figures)


async def take(api: Api, selection: Json) -> Json:
    """Ask for a preview and wait for its end; returns how it ended."""
    preview_id = str(ULID())
    await api.post("/api/previews", {"selection": selection, "preview_id": preview_id})
    states = api.states(f"/api/previews/{preview_id}/events", has_ended)
    return await followed(states, _how_far, look_again=f"trueup previews show {preview_id}")


def has_ended(preview: Json) -> bool:
    """Whether a preview is over."""
    return preview["state"] in {"ready", "failed"}


def _how_far(preview: Json) -> str:
    if preview["state"] == "requested":
        return "waiting until a preview service takes the request"
    total = preview["total"]
    return f"reading cells: {preview['done']}" + ("" if total is None else f" of {total}")


async def take_preview(
    api: Api, selection: Json, shown: Shown, *, but: Sequence[str] = (), exit_code: bool, as_json: bool
) -> Exit:
    """Take a preview and show it."""
    await must_exist(api, but)
    return await _show(api, await take(api, selection), shown, exit_code=exit_code, as_json=as_json)


async def show_preview(api: Api, preview_id: str, shown: Shown, *, exit_code: bool, as_json: bool) -> Exit:
    """Show a preview as it was taken."""
    preview = await api.get(f"/api/previews/{preview_id}")
    return await _show(api, preview, shown, exit_code=exit_code, as_json=as_json)


async def _show(api: Api, preview: Json, shown: Shown, *, exit_code: bool, as_json: bool) -> Exit:
    differs = bool(preview["badges"] and preview["badges"]["with_discrepancies"])
    code = Exit.DIFFERS if exit_code and differs else Exit.OK
    if as_json:
        await print_with_lists({**preview, "rows": rows_of(api, preview, shown)})
        return Exit.UNREACHABLE if preview["state"] == "failed" else code
    out = console()
    if (failure := preview["failure"]) is not None:
        out.print(f"the preview failed, {failure['code']}: {failure['message']}")
        return Exit.UNREACHABLE
    if preview["state"] != "ready":
        out.print(f"preview {preview['preview_id']}: {_how_far(preview)}")
        return Exit.OK
    show_badges(preview)
    await _show_rows(api, preview, shown)
    out.print(f"preview {preview['preview_id']}")
    return code


def show_badges(preview: Json) -> None:
    """The three badges, which add up to the BOMs selected, and the cells by class."""
    out = console()
    if (badges := preview["badges"]) is not None:
        boms = sum(badges.values())
        out.print(
            f"{boms} BOMs: {badges['with_discrepancies']} with discrepancies, {badges['in_sync']} already in sync, "
            f"{badges['not_compared']} could not be compared"
        )
    kinds: list[tuple[str, dict[str, int]]] = [
        ("", preview["classes"]),
        ("not compared: ", {one["reason"]: one["count"] for one in preview["not_compared"]}),
        ("errors: ", {one["code"]: one["count"] for one in preview["codes"]}),
    ]
    parts = [
        f"{label}{', '.join(f'{name} {cells}' for name, cells in sorted(counts.items()))}"
        for label, counts in kinds
        if counts
    ]
    out.print(f"{preview['total']} cells: {'; '.join(parts)}")


async def rows_of(api: Api, preview: Json, shown: Shown) -> AsyncIterator[Json]:
    """The rows to show, in order, as many as are wanted."""
    left = shown.limit
    for kind in shown.kinds():
        listed = await Listed.read(api, f"/api/previews/{preview['preview_id']}/rows", left, **kind)
        async for row in listed.items():
            yield row
            left -= 1
            if shown.limit and left == 0:
                return


async def _show_rows(api: Api, preview: Json, shown: Shown) -> None:
    rows = [row async for row in rows_of(api, preview, shown)]
    out = console()
    if rows:
        show_table(out, ROWS, [_row(row) for row in rows])
    means = {row["reason"] or row["code"]: row for row in rows if row["reason"] or row["code"]}
    for name, row in sorted(means.items()):
        out.print(f"{name}: {row['message'] or ''} {row['remedy'] or ''}".rstrip())
    if shown.limit and len(rows) == shown.limit:
        out.print("… and perhaps more: --rows 0 shows all")


def _row(row: Json) -> Sequence[str]:
    return (
        row["bom_name"] or row["bom_id"],
        row["location_name"] or row["location_id"],
        number(row["shopify_value"]),
        number(row["local_value"]),
        signed(row["difference"]),
        str(row["cell_class"] or row["reason"] or row["code"]),
    )


async def export_preview(api: Api, preview_id: str, file: Path | None) -> Exit:
    """The rows of a preview as CSV."""
    with saved(file) as write:
        await api.download(f"/api/previews/{preview_id}/export.csv", write)
    return Exit.OK
