"""A table may be opened by any spreadsheet, in any country: none runs what is in it."""

import csv
import io
import re
from itertools import product

import pytest

from services.preview.api.http.responses.csv import _cell, _lines, defused

SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
STARTS = (*SIGNS, "\t", "\r")
CUTS = (",", ";", "\t", r"\|", "\n", "\r", "[,;\t|\r\n]")
SEPARATORS = ("", ",", ";", "\t", "|", "\n", "\r", "\r\n")


@pytest.mark.parametrize("separator", SEPARATORS)
def test_no_cell_begins_like_a_formula(separator: str) -> None:
    """However the text is cut into cells, by the separators of any locale, none of them begins like a formula."""
    for start, before, between in product(STARTS, ["", "Red", 'a "b"'], ["", " ", '"', "' ", "\u00a0"]):
        text = defused(f"{before if separator else ''}{separator}{between}{start}SUM(A1)")
        for cell in [cell for cut in CUTS for cell in re.split(cut, text)]:
            assert not cell.lstrip(' \u00a0"').startswith(SIGNS), (text, cell)


@pytest.mark.parametrize("text", ["Red-blue", "a=b", "size 5-6", "x@example.com", "1+1", "ok; fine", ""])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    """Signs within a text are not touched."""
    assert defused(text) == text


def test_numbers_stay_numbers() -> None:
    """A negative count is written as a number, which a spreadsheet adds up and an import reads back."""
    [row] = csv.reader(io.StringIO(_lines([[_cell(-5), _cell(0), _cell(-1.5), _cell(None)]]).decode()))
    assert row == ["-5", "0", "-1.5", ""]
    assert [int(row[0]), float(row[2])] == [-5, -1.5]


def test_a_text_that_looks_like_a_number_is_a_text() -> None:
    """An id or a name is a text, also one of digits after a sign."""
    assert _cell("-5") == "'-5"
