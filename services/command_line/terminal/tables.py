"""Tables: on a terminal as wide as it is, names shortened with …, numbers never; elsewhere whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.command_line.terminal.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

_GAPS = (2, 1)
"""Columns between two cells of a row; the narrower one where it helps."""

_SHORTEST_NAME = 6


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `name` ones share what the others leave; `number` ones stand to the right."""

    title: str
    kind: str = "text"
    share: int = 1


def console() -> Console:
    """Standard output, as wide as the terminal or as COLUMNS says."""
    from services.command_line.terminal.terminal import results

    return results()


def shorten(text: str, width: int) -> str:
    """At most `width` characters."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def show_table(out: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print a table as wide as the terminal; wider only where numbers and codes alone need more, or nobody watches."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from services.command_line.terminal.terminal import Terminal

    longest = [max([len(column.title), *(len(row[n]) for row in rows)]) for n, column in enumerate(columns)]
    gap, widths = _fit(columns, longest, out.width) if out.is_terminal else (_GAPS[0], longest)
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, gap - 1, 0, 0))
    for column in columns:
        made.add_column(column.title, justify="right" if column.kind == "number" else "left", no_wrap=True)
    for row in rows:
        made.add_row(*(Text(shorten(printable(text), width)) for text, width in zip(row, widths, strict=True)))
    needed = sum(widths) + gap * len(columns)
    # On a console of its own width rich would shorten the figures; and where nobody watches, every row is one line.
    target = out if needed <= out.width and out.is_terminal else Terminal(file=out.file, width=max(needed, 1))
    target.print(made, soft_wrap=False)


def _fit(columns: Sequence[Column], longest: Sequence[int], width: int) -> tuple[int, list[int]]:
    """The gap between columns, and how wide each is. The box's divider is part of the gap."""
    fixed = sum(size for size, column in zip(longest, columns, strict=True) if column.kind != "name")
    names = sum(column.kind == "name" for column in columns)
    for gap in _GAPS:
        room = width - fixed - gap * len(columns)
        if room >= names * 2 * _SHORTEST_NAME or gap == _GAPS[-1]:
            return gap, _widths(columns, longest, room)
    raise AssertionError("unreachable: the last gap is taken")


def _widths(columns: Sequence[Column], longest: Sequence[int], room: int) -> list[int]:
    """Each name gets its share of the room, and what shorter ones leave of theirs."""
    widths = list(longest)
    left = {n for n, column in enumerate(columns) if column.kind == "name"}
    for n in sorted(left, key=lambda n: longest[n] / columns[n].share):
        shares = sum(columns[m].share for m in left)
        # A title is never shortened, so its column is never narrower.
        shortest = max(_SHORTEST_NAME, len(columns[n].title))
        widths[n] = min(longest[n], max(shortest, room * columns[n].share // shares))
        room -= widths[n]
        left.remove(n)
    return widths


def number(value: int | None) -> str:
    """A quantity as it is; a dash where there is none: missing is never zero."""
    return "–" if value is None else str(value)


def signed(value: int | None) -> str:
    """A difference with its sign."""
    return "" if value is None else f"{value:+d}" if value else "0"
