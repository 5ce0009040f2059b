"""/api/cells/{bom_id}/{location_id}/history."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

from services.preview.api.http.responses.csv import table
from services.preview.api.http.responses.pages import read_cursor, write_cursor
from services.preview.api.http.responses.problem import unknown
from services.preview.api.http.route import Answer, AnyRoute, Call, Media, Route
from services.preview.api.stories.models import STORY_COLUMNS, StoryFilter, StoryPage, StorySearch
from services.preview.api.stories.view import story_event, story_line
from shared.mongodb.lists.pages import Page, Start
from shared.mongodb.story.cell_story import KEYS
from shared.mongodb.story.happened import Happened


async def _known(call: Call[Any, None]) -> None:
    key = call.params.key
    if await call.deps.story.known(call.shop, key):
        return
    if key.bom_id in await call.deps.boms.get(call.shop, [key.bom_id]):
        if key.location_id in await call.deps.boms.locations(call.shop):
            return  # nothing has happened there yet
        raise unknown(
            "path.location_id",
            f"There is no location {key.location_id}.",
            "Use an id from the list of locations; a new one is known after the next preview.",
        )
    raise unknown(
        "path.bom_id",
        f"There is no BOM {key.bom_id}.",
        "Check the id in the list of BOMs; a removed one had no history.",
    )


async def get_story(call: Call[StorySearch, None]) -> Answer:
    """GET /api/cells/{bom_id}/{location_id}/history."""
    asked = call.params
    after = read_cursor(asked.cursor, *KEYS)
    await _known(call)
    page = await call.deps.story.page(call.shop, asked.key, asked.wanted(), Start(after), asked.limit)
    return Answer(StoryPage(items=[story_event(one) for one in page.items], next_cursor=write_cursor(page.after)))


async def export_story(call: Call[StoryFilter, None]) -> web.StreamResponse:
    """GET /api/cells/{bom_id}/{location_id}/history/export.csv."""
    asked = call.params
    await _known(call)

    async def read(start: Start, limit: int) -> Page[Happened]:
        return await call.deps.story.page(call.shop, asked.key, asked.wanted(), start, limit)

    return await table(call.request, "place-history", STORY_COLUMNS, read, story_line)


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/cells/{bom_id}/{location_id}/history",
        name="getCellHistory",
        tag="cells",
        summary="Everything that has happened to a cell, the newest first",
        description=(
            "Every change of its count and of Shopify's value as known, with who and why, by the ledger; and what left "
            "both as they were: runs that failed here, counts that agreed, changes found without a message. Told from "
            "its beginning, the story ends at the present values."
        ),
        params=StorySearch,
        handler=get_story,
        answers={HTTPStatus.OK: StoryPage},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/cells/{bom_id}/{location_id}/history/export.csv",
        name="exportCellHistory",
        tag="cells",
        summary="Everything that has happened to a cell as a table",
        params=StoryFilter,
        handler=export_story,
        lasts="export",
        answers={HTTPStatus.OK: Media("text/csv", "One line per event, the newest first, with a head line.")},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
