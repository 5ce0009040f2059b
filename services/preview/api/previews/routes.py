"""/api/previews: ask for a preview, watch it, read its rows."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from services.preview.api.http.responses.csv import table
from services.preview.api.http.responses.pages import MAX_PAGE, Paged, read_cursor, write_cursor
from services.preview.api.http.responses.problem import conflict, invalid, too_many, unknown
from services.preview.api.http.responses.sse import State, stream
from services.preview.api.http.route import Answer, AnyRoute, Call, Media, NoParameters, Route
from services.preview.api.previews.changes import changes_of, effort_of
from services.preview.api.previews.models import (
    ROW_COLUMNS,
    ChangesIn,
    ChangesOut,
    PreviewIn,
    PreviewOut,
    PreviewPage,
    PreviewPath,
    RowPage,
    RowSearch,
    RowTable,
)
from services.preview.api.previews.view import changes_out, preview_out, row_out
from services.preview.api.selection_check import selection_problems
from services.preview.computing.requests import TooManyOpen
from shared.contract.messages import PreviewRequest
from shared.domain.comparison import CellClass
from shared.mongodb.previews.preview import Preview, PreviewState, RowsWanted


async def post_preview(call: Call[NoParameters, PreviewIn]) -> Answer:
    """POST /api/previews."""
    body = call.body
    request = PreviewRequest(
        shop=call.shop,
        preview_id=body.preview_id or call.made_id,
        selection=body.selection,
        requested_by=call.caller.user,
    )
    stored = await call.deps.previews.get(call.shop, request.preview_id)
    if stored is None:
        problems = await selection_problems(call.deps, call.shop, body.selection, "body.selection")
        if problems:
            raise invalid(problems)
        try:
            await call.deps.requests.ask(request)
        except TooManyOpen as error:
            remedy = "Wait until one has ended; their event streams tell."
            raise too_many("previews", "body.selection", f"{error}.", remedy, seconds=10) from None
        stored = await call.deps.previews.get(call.shop, request.preview_id)
    if stored is None or not call.deps.previews.is_asked(stored, request):
        raise conflict(
            "id-used",
            "body.preview_id",
            f"{request.preview_id} is the id of another preview.",
            "Make a new ULID for each preview.",
        )
    if stored.state is PreviewState.REQUESTED:
        call.deps.requests.tell(request)
    location = {"Location": f"/api/previews/{request.preview_id}"}
    return Answer(preview_out(stored), HTTPStatus.ACCEPTED, location)


async def list_previews(call: Call[Paged, None]) -> Answer:
    """GET /api/previews."""
    asked = call.params
    before = read_cursor(asked.cursor, datetime, str)
    page = await call.deps.listings.previews(call.shop, before, asked.limit)
    shop = await call.deps.shops.get(call.shop)
    items = [preview_out(preview, shop) for preview in page.items]
    return Answer(PreviewPage(items=items, next_cursor=write_cursor(page.after)))


async def _known(call: Call[Any, None], preview_id: str) -> Preview:
    preview = await call.deps.listings.preview(call.shop, preview_id)
    if preview is None:
        raise unknown("path.preview_id", f"There is no preview {preview_id}.", "Take a new preview.")
    return preview


async def get_preview(call: Call[PreviewPath, None]) -> Answer:
    """GET /api/previews/{preview_id}."""
    preview = await _known(call, call.params.preview_id)
    return Answer(preview_out(preview, await call.deps.shops.get(call.shop)))


async def list_rows(call: Call[RowSearch, None]) -> Answer:
    """GET /api/previews/{preview_id}/rows."""
    asked = call.params
    preview = await _known(call, asked.preview_id)
    wanted, listings = asked.wanted(), call.deps.listings
    start = asked.start(*_keys(asked))
    page = await listings.preview_rows(call.shop, asked.preview_id, wanted, start, asked.limit, sort=asked.sort)
    total = _total(preview, asked)
    if total is None:
        total = await listings.count_preview_rows(call.shop, asked.preview_id, wanted)
    allowed = await _allows_negative(call)
    items = [row_out(row, allow_negative=allowed) for row in page.items]
    return Answer(RowPage(items=items, next_cursor=write_cursor(page.after), total=total))


async def _allows_negative(call: Call[Any, Any]) -> bool:
    shop = await call.deps.shops.get(call.shop)
    return shop is not None and shop.allow_negative


def _keys(asked: RowSearch) -> list[type[str | int]]:
    """The kinds of a cursor's sort keys."""
    if asked.sort != "size":
        return [int]
    return [int, int] if asked.only is not None or asked.cell_class is not None else [str, int, int]


def _total(preview: Preview, asked: RowSearch) -> int | None:
    """How many rows there are by the preview's own figures; None where these do not tell."""
    wanted = asked.wanted()
    if preview.state is not PreviewState.READY or wanted != RowsWanted(kind=wanted.kind):
        return None
    if asked.only is None:
        return preview.total
    in_sync = preview.classes.get(str(CellClass.IN_SYNC), 0)
    by_kind: dict[str, int] = {
        "differences": sum(preview.classes.values()) - in_sync,
        "in_sync": in_sync,
        "not_compared": sum(preview.not_compared.values()),
        "errors": sum(preview.codes.values()),
    }
    return by_kind[asked.only]


async def preview_events(call: Call[PreviewPath, None]) -> web.StreamResponse:
    """GET /api/previews/{preview_id}/events."""
    preview_id = call.params.preview_id
    await _known(call, preview_id)

    async def read() -> State | None:
        preview = await call.deps.listings.preview(call.shop, preview_id)
        if preview is None:
            return None
        return preview_out(preview, await call.deps.shops.get(call.shop)), preview.ended

    return await stream(call, (call.shop, preview_id), "preview", read)


async def _ready(call: Call[Any, Any], preview_id: str) -> Preview:
    preview = await _known(call, preview_id)
    if preview.state is not PreviewState.READY:
        raise conflict(
            "preview-not-ready",
            "path.preview_id",
            f"The preview is {preview.state}.",
            "Wait until it is ready; take a new one if it has failed.",
        )
    return preview


async def post_changes(call: Call[PreviewPath, ChangesIn]) -> Answer:
    """POST /api/previews/{preview_id}/changes."""
    body, preview_id = call.body, call.params.preview_id
    preview = await _ready(call, preview_id)
    changes = await changes_of(call, preview_id, body.direction, body.leave_out, body.options)
    return Answer(changes_out(changes, body.direction, preview, effort_of(call, changes, body.direction)))


async def export_preview(call: Call[RowTable, None]) -> web.StreamResponse:
    """GET /api/previews/{preview_id}/export.csv."""
    asked = call.params
    preview_id = asked.preview_id
    await _ready(call, preview_id)
    wanted, allowed = asked.wanted(), await _allows_negative(call)
    return await table(
        call.request,
        f"preview-{preview_id}",
        ROW_COLUMNS,
        call.deps.listings.every_preview_row(call.shop, preview_id, wanted, sort=asked.sort, at_once=MAX_PAGE),
        lambda row: row_out(row, allow_negative=allowed),
    )


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="POST",
        path="/api/previews",
        name="postPreview",
        tag="previews",
        summary="Ask for a preview",
        params=NoParameters,
        handler=post_preview,
        body=PreviewIn,
        answers={HTTPStatus.ACCEPTED: PreviewOut},
        answer_headers={"Location": "The preview."},
        problems=(HTTPStatus.CONFLICT,),
    ),
    Route(
        method="GET",
        path="/api/previews",
        name="listPreviews",
        tag="previews",
        summary="Previews of the last month, the newest first",
        params=Paged,
        handler=list_previews,
        answers={HTTPStatus.OK: PreviewPage},
    ),
    Route(
        method="GET",
        path="/api/previews/{preview_id}",
        name="getPreview",
        tag="previews",
        summary="A preview's state and figures",
        params=PreviewPath,
        handler=get_preview,
        answers={HTTPStatus.OK: PreviewOut},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/previews/{preview_id}/rows",
        name="listPreviewRows",
        tag="previews",
        summary="A preview's rows, one per cell",
        params=RowSearch,
        handler=list_rows,
        answers={HTTPStatus.OK: RowPage},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path="/api/previews/{preview_id}/changes",
        name="weighPreview",
        reads=True,
        tag="previews",
        summary="What a run over the preview would change; nothing is changed",
        params=PreviewPath,
        handler=post_changes,
        body=ChangesIn,
        answers={HTTPStatus.OK: ChangesOut},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Route(
        method="GET",
        path="/api/previews/{preview_id}/events",
        name="watchPreview",
        tag="previews",
        summary="A preview's states as they come",
        params=PreviewPath,
        handler=preview_events,
        lasts="stream",
        answers={
            HTTPStatus.OK: Media("text/event-stream", "Events `preview`; an ended one's state is the last.", PreviewOut)
        },
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/previews/{preview_id}/export.csv",
        name="exportPreview",
        tag="previews",
        summary="A preview's rows as a table, those that a search finds",
        params=RowTable,
        handler=export_preview,
        lasts="export",
        answers={HTTPStatus.OK: Media("text/csv", "One line per cell, with a head line.")},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)
