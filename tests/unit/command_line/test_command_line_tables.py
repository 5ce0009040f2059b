"""Tables of the command line."""

from __future__ import annotations

import io
import json
import unicodedata

import pytest
from rich.console import Group
from rich.text import Text

from services.command_line.terminal.documents import encoded
from services.command_line.terminal.tables import Column, number, show_table, signed
from services.command_line.terminal.terminal import Terminal

COLUMNS = (
    Column("BOM", "name", 3),
    Column("Location", "name", 2),
    Column("Shopify", "number"),
    Column("Local", "number"),
    Column("Class"),
)


def shown(rows: list[tuple[str, ...]], width: int = 80) -> list[str]:
    """The lines of a table on a terminal of that width."""
    out = Terminal(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    show_table(out, COLUMNS, rows)
    assert isinstance(out.file, io.StringIO)
    return [line.rstrip() for line in out.file.getvalue().splitlines()]


def test_long_names_are_shortened_to_80_columns_and_numbers_stay_whole() -> None:
    """A row fits 80 columns by shortening its names alone."""
    name = "Refillable Leather Journal with an exceedingly long finish"
    lines = shown([(name, "The warehouse behind the old harbour", "-1000000000", "999999999", "shopify_moved")])
    assert max(len(line) for line in lines) <= 80
    assert "-1000000000" in lines[-1]
    assert "999999999" in lines[-1]
    assert "shopify_moved" in lines[-1]
    assert "…" in lines[-1]


def test_where_nobody_watches_every_row_is_whole() -> None:
    """Piped, no name is shortened and no row is broken, however long."""
    name = "Refillable Leather Journal " * 10
    out = Terminal(file=io.StringIO())
    show_table(out, COLUMNS, [(name.strip(), "The warehouse behind the old harbour", "1", "2", "in_sync")])
    assert isinstance(out.file, io.StringIO)
    last = out.file.getvalue().splitlines()[-1]
    assert name.strip() in last
    assert "in_sync" in last


def test_numbers_and_codes_win_over_the_width_of_the_terminal() -> None:
    """Where numbers alone need more than the terminal has, the table is wider; no figure is lost."""
    row = ("Oak Side Table", "Main Warehouse", "-1000000000", "-1000000000", "SHOPIFY_CHANGED_BEFORE_PREVIEW")
    lines = shown([row], width=40)
    for text in row[2:]:
        assert text in lines[-1]


def test_short_names_leave_their_room_to_long_ones() -> None:
    """A name is not shortened while another column has room to spare."""
    lines = shown([("Windowsill Herb Garden – Midnight", "Main", "1", "2", "in_sync")])
    assert "Windowsill Herb Garden – Midnight" in lines[-1]


def test_a_missing_value_is_no_zero() -> None:
    """A quantity that is not there is shown as –, a zero as 0, a difference with its sign."""
    assert (number(None), number(0), number(-3)) == ("–", "0", "-3")
    assert (signed(None), signed(0), signed(2), signed(-2)) == ("", "0", "+2", "-2")


HOSTILE = (
    "cron [/ops]",
    "[bold red]sale[/]",
    "[link=https://example.com]here[/link]",
    ":smile: mug",
    "\x1b[2J\x1b[H gone",
    "\x9b2J gone",
    "\x1b]0;title\x07",
    "bell\x07 back\x08 nul\x00",
    "two\nlines\r\x0bover\x0c",
    "gnp.\u202emoc",
    "line\u2028separator",
    "lone \ud800",
    "\\[escaped] \\",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_stored_text_is_text(text: str) -> None:
    """Markup, emoji names and control signs that somebody stored are shown, not obeyed, and make no second line."""
    out = Terminal(file=io.StringIO(), width=200, force_terminal=True, color_system=None)
    assert isinstance(out.file, io.StringIO)
    out.print(f"asked for by {text}, twice")
    out.print(f"asked for by {text}, twice", soft_wrap=True, style="bold")
    show_table(out, COLUMNS, [(text, text, "1", "2", text)])
    said = out.file.getvalue().encode().decode()
    assert len(said.splitlines()) == 2 + 3
    # Styles are rich's own and off here: nothing else may stand there but signs that are seen, and ends of lines.
    plain = said.replace("\x1b[1m", "").replace("\x1b[0m", "").replace("\n", "")
    assert {sign for sign in plain if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} == set()
    for sign in text:
        if sign.isprintable():
            assert sign in plain


def test_a_live_picture_obeys_nothing_either() -> None:
    """What a live display builds of stored texts goes through the same terminal."""
    out = Terminal(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    assert isinstance(out.file, io.StringIO)
    out.print(Group(Text("one\x1b[2J"), Text("two [/x]")))
    assert out.file.getvalue().splitlines() == ["one␛[2J", "two [/x]"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_json_says_the_same_without_acting(text: str) -> None:
    """`--json` is the same document, and no sign in it acts on a terminal."""
    said = encoded({"name": text})
    assert json.loads(said) == {"name": text}
    assert {sign for sign in said if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} <= {"\n"}
