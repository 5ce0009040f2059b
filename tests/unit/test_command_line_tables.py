"""Tables of the command line."""

from __future__ import annotations

import io

from rich.console import Console

from services.command_line.tables import Column, number, show_table, signed

COLUMNS = (
    Column("BOM", "name", 3),
    Column("Location", "name", 2),
    Column("Shopify", "number"),
    Column("Local", "number"),
    Column("Class"),
)


def shown(rows: list[tuple[str, ...]], width: int = 80) -> list[str]:
    """The lines of a table on a terminal of that width."""
    out = Console(file=io.StringIO(), width=width, highlight=False)
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
    """A quantity that is not there is shown as nothing, a zero as 0, a difference with its sign."""
    assert (number(None), number(0), number(-3)) == ("", "0", "-3")
    assert (signed(None), signed(0), signed(2), signed(-2)) == ("", "0", "+2", "-2")
