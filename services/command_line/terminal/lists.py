"""Lists of the API: page by page as they are read, as one JSON document or as a table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any

from services.command_line.outcome import Exit
from services.command_line.terminal.documents import print_with_lists
from services.command_line.terminal.tables import Column, console, show_table

if TYPE_CHECKING:
    from services.command_line.api.client import Api, Json

_PAGE = 250
_TABLE = 1000
"""Lines of one table, whose columns are as wide as these need."""


class Listed:
    """The first items of a list; `rows` 0: all of them."""

    def __init__(self, api: Api, path: str, rows: int, query: dict[str, object]) -> None:
        self._api = api
        self._path = path
        self._query = query
        self._left = rows
        self._all = rows == 0
        self._first: Json = {}
        self.next_cursor: str | None = None

    @classmethod
    async def read(cls, api: Api, path: str, rows: int, **query: object) -> Listed:
        """Read its first page."""
        listed = cls(api, path, rows, query)
        listed._first = await listed._page(None)
        return listed

    @property
    def head(self) -> Json:
        """What the list says beside its items."""
        return {name: value for name, value in self._first.items() if name not in {"items", "next_cursor"}}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not self._first["items"]

    async def _page(self, cursor: str | None) -> Json:
        limit = _PAGE if self._all else min(_PAGE, self._left)
        page = await self._api.get(self._path, **self._query, limit=limit, cursor=cursor)
        self._left -= len(page["items"])
        self.next_cursor = page["next_cursor"]
        return page

    async def items(self) -> AsyncIterator[Json]:
        """One after the other."""
        page = self._first
        while True:
            for item in page["items"]:
                yield item
            if self.next_cursor is None or (not self._all and self._left <= 0):
                return
            page = await self._page(self.next_cursor)

    async def print_json(self) -> None:
        """The page that the API would answer, were it as long."""
        await print_with_lists({"items": self.items(), "next_cursor": lambda: self.next_cursor, **self.head})

    async def tables(self, columns: Sequence[Column], line: Callable[[Json], Sequence[str]]) -> None:
        """Print the items as lines; of very many each thousand for itself."""
        out, lines = console(), list[Sequence[str]]()
        async for item in self.items():
            lines.append(line(item))
            if len(lines) == _TABLE:
                show_table(out, columns, lines)
                lines.clear()
        if lines:
            show_table(out, columns, lines)


async def show_listed(
    listed: Listed,
    columns: Sequence[Column],
    line: Callable[[Json], Sequence[str]],
    *,
    nothing: str,
    as_json: bool,
) -> Exit:
    """Print the list, or the sentence that says why it is empty; and that there is more."""
    if as_json:
        await listed.print_json()
        return Exit.OK
    out = console()
    if listed.is_empty:
        out.print(nothing)
        return Exit.OK
    await listed.tables(columns, line)
    if listed.next_cursor is not None:
        out.print("… and more: --rows N shows more, --rows 0 all")
    return Exit.OK


def short_time(at: Any) -> str:
    """A moment of the API without its year and seconds, in UTC; a dash where there is none."""
    return "–" if at is None else f"{at[5:10]} {at[11:16]}"
