"""The tables of a benchmark's run find their place in docs/performance.md, and nothing else of it changes."""

from __future__ import annotations

import re

import pytest

from benchmarks.measuring.report import BEGIN, END, PAGE, with_tables
from benchmarks.measuring.tables import table
from benchmarks.scenes.programme import SCENES


def test_tables_take_the_place_of_the_last_ones() -> None:
    """Before and after them the page stays as it is, however often they are put there."""
    page = PAGE.read_text()
    head, tail = page.partition(BEGIN)[0], page.partition(END)[2]
    assert head
    assert tail
    once = with_tables(page, "| a |")
    assert once == f"{head}{BEGIN}\n\n| a |\n\n{END}{tail}"
    assert with_tables(once, "| a |") == once


def test_a_page_without_a_place_is_left_alone() -> None:
    """Tables are not appended somewhere: the error says what to put back."""
    with pytest.raises(ValueError, match="put them back"):
        with_tables("# Performance", "| a |")


def test_the_page_names_every_scene() -> None:
    """Before the tables, with its size and goal: who reads them finds what they are of."""
    head = PAGE.read_text().partition(BEGIN)[0]
    assert re.findall(r"^\| `(\w+)` ", head, re.MULTILINE) == [scene.name for scene in SCENES]


def test_the_tables_are_those_of_the_scenes() -> None:
    """Recorded by this benchmark, not by an older one: a heading for each scene that was measured, and no other."""
    measured = PAGE.read_text().partition(BEGIN)[2].partition(END)[0]
    headings = re.findall(r"^### (.+)$", measured, re.MULTILINE)
    assert headings[:2] == ["On what", "What was measured"]
    assert headings[2:] == [scene.name for scene in SCENES if scene.name in headings]


def test_columns_stand_below_each_other() -> None:
    """A table is read in a terminal, too."""
    assert table(["×", "what"], [[1.5, "a"], ["–", "longer"]]).splitlines() == [
        "| ×   | what   |",
        "| --- | ------ |",
        "| 1.5 | a      |",
        "| –   | longer |",
    ]
