"""Tables for a terminal of 80 columns: names are shortened with …, numbers never."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_BETWEEN = 2
"""Columns between two cells of a row."""

_SHORTEST_NAME = 6


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `name` ones share what the others leave; `number` ones stand to the right."""

    title: str
    kind: str = "text"
    share: int = 1


def console() -> Console:
    """Standard output, as wide as the terminal or as COLUMNS says, else 80."""
    return Console(highlight=False)


def shorten(text: str, width: int) -> str:
    """At most `width` characters."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int) -> Table:
    """A table not wider than `width` as long as its numbers and texts leave room for names."""
    longest = [max([len(column.title), *(len(row[n]) for row in rows)]) for n, column in enumerate(columns)]
    fixed = sum(size for size, column in zip(longest, columns, strict=True) if column.kind != "name")
    room = width - fixed - _BETWEEN * (len(columns) - 1)
    widths = _name_widths(columns, longest, room)
    # The box adds a divider of one column to the padding.
    padding = (0, _BETWEEN - 1, 0, 0)
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=padding)
    for column in columns:
        made.add_column(column.title, justify="right" if column.kind == "number" else "left", no_wrap=True)
    for row in rows:
        cells = [shorten(text, widths[n]) if n in widths else text for n, text in enumerate(row)]
        made.add_row(*(Text(cell) for cell in cells))
    return made


def _name_widths(columns: Sequence[Column], longest: Sequence[int], room: int) -> dict[int, int]:
    """How wide each name may be: its share of the room, and what shorter ones leave of theirs."""
    names = [n for n, column in enumerate(columns) if column.kind == "name"]
    widths: dict[int, int] = {}
    for n in sorted(names, key=lambda n: longest[n] / columns[n].share):
        shares = sum(columns[m].share for m in names if m not in widths)
        mine = max(_SHORTEST_NAME, room * columns[n].share // shares)
        widths[n] = min(longest[n], mine)
        room -= widths[n]
    return widths


def number(value: int | None) -> str:
    """A quantity as it is; nothing where there is none: missing is never zero."""
    return "" if value is None else str(value)


def signed(value: int | None) -> str:
    """A difference with its sign."""
    return "" if value is None else f"{value:+d}" if value else "0"
