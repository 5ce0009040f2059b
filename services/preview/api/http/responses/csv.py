"""Tables as CSV, streamed page by page, so that memory does not grow with them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel

from services.preview.api.http.responses.pages import MAX_PAGE
from shared.mongodb.lists.listings import FIRST, Page, Start

_FORMULA = re.compile(r"(^|[,;|\t\r\n])([\s\"']*)(?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")
"""Where a spreadsheet may find a formula in a text: at its beginning, and after what separates cells somewhere (comma,
semicolon, tab, bar, line), blanks and quotes passed over; with the wide forms that some take for the signs."""


T = TypeVar("T")

Read = Callable[[Start, int], Awaitable[Page[T]]]
"""Reads a page of a listing from somewhere on."""


async def pages_of(read: Read[T]) -> AsyncIterator[list[T]]:
    """Every page of a listing."""
    start = FIRST
    while True:
        page = await read(start, MAX_PAGE)
        yield page.items
        if page.after is None:
            return
        start = Start(page.after)


async def table(
    request: web.Request,
    name: str,
    columns: Sequence[str],
    read: Read[T] | AsyncIterator[list[T]],
    form: Callable[[T], BaseModel],
) -> web.StreamResponse:
    """Answer all rows of a listing as CSV with a head line. A failure on the way breaks the answer off."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}.csv"',
            "Cache-Control": "no-store",
        }
    )
    await response.prepare(request)
    await response.write(_lines([columns]))
    async for items in pages_of(read) if callable(read) else read:
        rows = [[_cell(getattr(form(item), column)) for column in columns] for item in items]
        if rows:
            await response.write(_lines(rows))
    await response.write_eof()
    return response


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (int, float)):
        return str(value)
    return defused(str(value))


def defused(text: str) -> str:
    """The text as a cell that no spreadsheet runs: an apostrophe stands before whatever could begin a formula.

    Only texts need it: numbers are written as numbers, negative ones included.
    """
    return _FORMULA.sub(r"\1\2'", text)
