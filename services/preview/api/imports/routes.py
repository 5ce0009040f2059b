"""/api/imports: BOMs from a file, or of every variant. Nothing is made before it was looked at and approved."""

from __future__ import annotations

import asyncio
import hashlib
import io
from http import HTTPStatus

from aiohttp import web

from services.preview.api.http.responses.csv import table
from services.preview.api.http.responses.pages import Paged, read_cursor, write_cursor
from services.preview.api.http.responses.problem import FieldProblem, conflict, invalid, unknown
from services.preview.api.http.route import Answer, AnyRoute, Call, Media, NoParameters, Route
from services.preview.api.imports.models import (
    LONGEST_BODY,
    MAX_FILE,
    ImportIn,
    ImportLines,
    ImportList,
    ImportOut,
    ImportPath,
    ImportRow,
    ImportRows,
    Kind,
)
from services.preview.api.imports.view import import_out, item_row, line_row
from shared.importing.bom_file import kept_line, parse_boms, parse_json_boms
from shared.importing.table_file import WrongFile
from shared.mongodb.catalogue.import_records import AskedOnPage, Import, ImportLine, Made
from shared.mongodb.lists.listings import Page, Start


async def post_import(call: Call[NoParameters, ImportIn]) -> Answer:
    """POST /api/imports."""
    body = call.body
    content = body.content
    if content is not None and len(content) > MAX_FILE:
        message = f"The file is larger than {MAX_FILE // 1024 // 1024} MiB."
        raise invalid([FieldProblem(field="body.content", message=message, remedy="Split it into several files.")])
    name = body.file_name or "the file"
    lines: list[ImportLine] = []
    if content is not None:
        try:
            # Seconds for a large file: others have their turn meanwhile.
            lines = await asyncio.to_thread(_lines, content, name)
        except WrongFile as wrong:
            remedy = "Correct the file as the message says, and send it again."
            raise invalid([FieldProblem(field="body.content", message=f"{wrong}.", remedy=remedy)]) from None
    digest = hashlib.sha256(b"all variants" if content is None else content).hexdigest()
    page = AskedOnPage(
        file=None if content is None else name, lines=len(lines), tracks=body.tracks, by=call.caller.user
    )
    async with call.deps.locks.of(call.shop):
        asked = await call.deps.imports.ask(call.shop, f"page|{digest}|{body.tracks}", page, lines)
    call.deps.wake_imports()
    location = {"Location": f"/api/imports/{asked.import_id}"}
    return Answer(import_out(asked), HTTPStatus.ACCEPTED, headers=location)


def _lines(content: bytes, name: str) -> list[ImportLine]:
    is_json = name.lower().endswith(".json") or content.lstrip()[:1] == b"["
    parsed = parse_json_boms(content, name) if is_json else parse_boms(io.BytesIO(content), name)
    return [kept_line(line) for line in parsed]


async def list_imports(call: Call[Paged, None]) -> Answer:
    """GET /api/imports."""
    asked = call.params
    keys = read_cursor(asked.cursor, str)
    listed, last = await call.deps.imports.page(call.shop, None if keys is None else str(keys[0]), asked.limit)
    cursor = write_cursor(None if last is None else [last])
    return Answer(ImportList(items=[import_out(one) for one in listed], next_cursor=cursor))


async def get_import(call: Call[ImportPath, None]) -> Answer:
    """GET /api/imports/{import_id}."""
    return Answer(import_out(await _the_import(call, call.params.import_id)))


async def _the_import(call: Call[ImportPath, None] | Call[ImportLines, None], import_id: str) -> Import:
    kept = await call.deps.imports.get(call.shop, import_id)
    if kept is None:
        raise unknown("path.import_id", f"There is no import {import_id}.", "Take an id from the list of imports.")
    return kept


async def apply_import(call: Call[ImportPath, None]) -> Answer:
    """POST /api/imports/{import_id}/apply."""
    kept = await _the_import(call, call.params.import_id)
    if (kept.page is not None and kept.page.approved_by is not None) or kept.finished_at is not None:
        return Answer(import_out(kept))  # asked again
    approved = await call.deps.imports.approve(call.shop, kept.import_id, call.caller.user)
    if approved is None:
        raise _not_open()
    call.deps.wake_imports()
    return Answer(import_out(approved))


def _not_open() -> Exception:
    return conflict(
        "import-not-open",
        "path.import_id",
        "This import does not wait for your decision: it is still being checked, was discarded or replaced, or was "
        "checked more than a day ago.",
        "Check the file again.",
    )


async def discard_import(call: Call[ImportPath, None]) -> Answer:
    """POST /api/imports/{import_id}/discard."""
    kept = await _the_import(call, call.params.import_id)
    discarded = await call.deps.imports.discard(call.shop, kept.import_id)
    if discarded is None:
        raise _not_open()
    return Answer(import_out(discarded))


async def list_rows(call: Call[ImportLines, None]) -> Answer:
    """GET /api/imports/{import_id}/lines."""
    asked = call.params
    await _the_import(call, asked.import_id)
    kinds: list[type[str | int]] = [int, str] if asked.kind == "refused" else [str]
    keys = read_cursor(asked.cursor, *kinds)
    page = await _rows(call, asked.kind, keys, asked.limit)
    return Answer(ImportRows(items=page.items, next_cursor=write_cursor(page.after)))


async def _rows(
    call: Call[ImportLines, None] | Call[ImportPath, None], kind: Kind, keys: list[str | int] | None, limit: int
) -> Page[ImportRow]:
    """Those of one kind. Of refused ones the file's lines come first, then items that no line has asked for."""
    pages, shop, import_id = call.deps.imports, call.shop, call.params.import_id
    if kind != "refused":
        after = "" if keys is None else str(keys[0])
        items, last = await pages.foreseen(shop, import_id, Made(kind), after, limit)
        return Page([item_row(item, kind) for item in items], None if last is None else [last])
    line, after = (0, "") if keys is None else (int(keys[0]), str(keys[1]))
    rows: list[ImportRow] = []
    if line >= 0:
        lines, more = await pages.refused(shop, import_id, line, limit)
        rows = [line_row(one) for one in lines]
        if more is not None:
            return Page(rows, [more, ""])
    items, last = await pages.foreseen(shop, import_id, Made.REFUSED, after, limit)
    rows += [item_row(item, kind) for item in items if item.asked is None or item.asked.line is None]
    return Page(rows, None if last is None else [-1, last])


async def export_import(call: Call[ImportPath, None]) -> web.StreamResponse:
    """GET /api/imports/{import_id}/report.csv."""
    await _the_import(call, call.params.import_id)
    kinds: list[Kind] = ["refused", "new", "changed", "known"]

    async def read(start: Start, limit: int) -> Page[ImportRow]:
        place, keys = 0, None
        if start.after is not None:
            place, keys = int(start.after[0]), list(start.after[1:]) or None
        page = await _rows(call, kinds[place], keys, limit)
        if page.after is not None:
            return Page(page.items, [place, *page.after])
        return Page(page.items, [place + 1] if place + 1 < len(kinds) else None)

    columns = ("kind", "line", "bom_id", "name", "sku", "variant", "why", "message", "remedy")
    return await table(call.request, f"import-{call.params.import_id}", columns, read, lambda row: row)


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="POST",
        path="/api/imports",
        name="postImport",
        act="import.check",
        tag="imports",
        summary="Look what a file of BOMs, or every variant, would make",
        description=(
            "It is read in the background, and so are Shopify's items; nothing is made. The same file again, while its "
            "import is not done, is that import."
        ),
        params=NoParameters,
        handler=post_import,
        body=ImportIn,
        max_body=LONGEST_BODY,
        answers={HTTPStatus.ACCEPTED: ImportOut},
        answer_headers={"Location": "Where the import is."},
    ),
    Route(
        method="GET",
        path="/api/imports",
        name="listImports",
        tag="imports",
        summary="The imports of the last week, the newest first",
        params=Paged,
        handler=list_imports,
        answers={HTTPStatus.OK: ImportList},
    ),
    Route(
        method="GET",
        path="/api/imports/{import_id}",
        name="getImport",
        tag="imports",
        summary="An import: how far it is, what it would make, what it has made",
        params=ImportPath,
        handler=get_import,
        answers={HTTPStatus.OK: ImportOut},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path="/api/imports/{import_id}/apply",
        name="applyImport",
        act="import.apply",
        tag="imports",
        summary="Make what was foreseen, then read Shopify's values",
        description="In the background; it goes on wherever it was cut off. No count moves.",
        params=ImportPath,
        handler=apply_import,
        answers={HTTPStatus.OK: ImportOut},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Route(
        method="POST",
        path="/api/imports/{import_id}/discard",
        name="discardImport",
        act="import.discard",
        tag="imports",
        summary="Make nothing of it",
        params=ImportPath,
        handler=discard_import,
        answers={HTTPStatus.OK: ImportOut},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Route(
        method="GET",
        path="/api/imports/{import_id}/lines",
        name="listImportLines",
        tag="imports",
        summary="Lines of an import by what would become of them",
        params=ImportLines,
        handler=list_rows,
        answers={HTTPStatus.OK: ImportRows},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/imports/{import_id}/report.csv",
        name="exportImport",
        tag="imports",
        summary="All of them as a table",
        params=ImportPath,
        handler=export_import,
        lasts="export",
        answers={HTTPStatus.OK: Media("text/csv", "One line per line or item, refused ones first, with a head line.")},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
