"""The CSV of BOMs: what is read of it, and what makes the whole file or one line of it useless."""

from __future__ import annotations

import io
from pathlib import Path
from time import process_time

import pytest

from shared.importing.bom_file import BomFile, BomLine
from shared.importing.bom_file import parse_boms as parsed
from shared.importing.table_file import LONGEST_LINE, WrongFile


def parse_boms(raw: bytes, name: str) -> list[BomLine]:
    """All lines of a file with this content."""
    return list(parsed(io.BytesIO(raw), name))


def test_lines_keep_their_numbers_across_line_breaks_in_cells() -> None:
    """A line's number is that at which it begins in the file, so that a person finds it; empty lines make nothing."""
    text = 'name,variant\n"A\nB",1\n\n,\nC,2\n'
    assert [(line.line, line.name) for line in parse_boms(text.encode(), "f")] == [(2, "A B"), (6, "C")]


def test_columns_in_any_order_and_spelling() -> None:
    """Titles are compared without case, spaces and hyphens; tags may be separated by comma or semicolon."""
    text = "Tracks Pre-Assembled;SKU;TAGS;Bom ID\nYES; x ;a, b;m\nno;y;;\n;z;b;\n"
    assert parse_boms(text.encode(), "f") == [
        BomLine(2, sku="x", tags=("a", "b"), tracks=True, bom_id="m"),
        BomLine(3, sku="y", tracks=False),
        BomLine(4, sku="z", tags=("b",)),
    ]


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b"", "variant or sku"),
        (b"name\nA\n", "variant or sku"),
        (b"sku,colour\nA,red\n", "'colour'"),
        (b"sku,sku\nA,B\n", "sku is there twice"),
        (b"sku\n\xff\n", "byte 4 is not UTF-8"),
        (b'sku\n"a"b\n', "line 2"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(raw: bytes, named: str) -> None:
    """The message names the column, the byte or the line."""
    with pytest.raises(WrongFile, match=named):
        parse_boms(raw, "f")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("A,,", "neither a variant nor a SKU"),
        ("A,x12,", "variant: must be an id as Shopify writes it"),
        ("A,gid://shopify/Product/1,", "variant: must be an id as Shopify writes it"),
        ("A,0,", "variant: must be an id as Shopify writes it"),
        ("A,091002,", "not beginning with 0"),
        ("A,12345678901234567890,", "variant: must be an id as Shopify writes it"),
        ("A\x1b[2J,1,", "name: must be text of one line, without control signs"),
        ("A\x00,1,", "name: must be text of one line, without control signs"),
        ("A,,x\x9b", "sku: must be text of one line, without control signs"),
        ("A,1,,maybe", "more cells"),
        (f"{'n' * 501},1,", "name: String should have at most 500 characters"),
    ],
)
def test_a_wrong_line_does_not_stop_the_others(line: str, wrong: str) -> None:
    """It is kept with its reason; the next one is read."""
    first, second = parse_boms(f"name,variant,sku\n{line}\nB,2,\n".encode(), "f")
    assert wrong in (first.wrong or "")
    assert (second.variant_id, second.wrong) == ("2", None)


def test_ids_beyond_two_to_the_53rd_stay_exact() -> None:
    """A variant's id is a string of digits from end to end."""
    (line,) = parse_boms(b"variant\ngid://shopify/ProductVariant/820982911946154508\n", "f")
    assert line.variant_id == "820982911946154508"


TEXT = "name,sku\nMäßig,A\nB,C\n"
SAME = [BomLine(2, name="Mäßig", sku="A"), BomLine(3, name="B", sku="C")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_as_a_spreadsheet_saves_it_is_read(encoding: str, separator: str, end: str) -> None:
    """Whatever the encoding, the separator and the ends of lines: the same lines."""
    assert parse_boms(TEXT.replace(",", separator).replace("\n", end).encode(encoding), "f") == SAME


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_first_line_may_name_the_separator(separator: str) -> None:
    """`sep=…`, as Excel reads it; the numbers of lines are still those of the file."""
    text = f"sep={separator}\r\n" + TEXT.replace(",", separator)
    assert [(line.line, line.name, line.sku) for line in parse_boms(text.encode(), "f")] == [
        (3, "Mäßig", "A"),
        (4, "B", "C"),
    ]


def test_a_line_costs_its_own_length() -> None:
    """Not that of the first line: 2,000 short lines below 200,000 empty columns cost no more than the columns do."""

    def cost(raw: bytes) -> float:
        began = process_time()
        parse_boms(raw, "f")
        return process_time() - began

    columns = b"name,sku" + b"," * 200_000 + b"\n"
    assert cost(columns + b"A,B\n" * 2_000) < 10 * cost(columns)


def test_empty_columns_at_the_end_say_nothing() -> None:
    """Commas that a spreadsheet left behind are no columns; what stands under them is told."""
    assert parse_boms(b"name,sku,,\nA,B,,,,\nC,D\nE,F,,x\n", "f") == [
        BomLine(2, name="A", sku="B"),
        BomLine(3, name="C", sku="D"),
        BomLine(4, wrong="It has more cells than the first line has columns."),
    ]


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b"\xff\xfen\x00\xd8\xd8\xd8\xd8", "not the UTF-16 it begins as"),
        (b"sku\n" + b"x" * (LONGEST_LINE + 1), "line 2: it is longer than"),
        (b"sku\n" + b"x" * 70_000 + b"\n\xe4\n", "byte 70005 is not UTF-8"),
        (b"sku\nA\xe4", "byte 5 is not UTF-8"),
        (b'sku\n"A\n', "unexpected end of data"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "byte 0 is not UTF-8"),
        (b"PK\x03\x04\x14\x00\x06\x00", "there is no column"),
        (b"sep=\x00\nsku\x00name\n", "line 1: .* cannot separate cells"),
        (b"sep=\x1b\nsku\n", "line 1: .* cannot separate cells"),
        (b"sep=s\nsku\n", "line 1: 's' cannot separate cells"),
        (b'sep="\nsku\n', "cannot separate cells"),
        (b"\xff\xfes\x00k\x00u\x00\n", "not the UTF-16 it begins as"),
        (b"sku,SKU \nA,B\n", "the column sku is there twice"),
        (b'sku\rA\x00\r"B', "unexpected end of data"),
    ],
)
def test_what_is_no_csv_is_told_with_its_place(raw: bytes, named: str) -> None:
    """A byte, a line or a column; memory does not grow with a line that never ends."""
    with pytest.raises(WrongFile, match=named):
        parse_boms(raw, "f")


def test_a_file_is_read_as_a_stream_and_known_by_its_content(tmp_path: Path) -> None:
    """Its lines can be asked for again; its digest changes with any byte."""
    path = tmp_path / "boms.csv"
    path.write_text(TEXT, encoding="utf-8")
    file = BomFile(path)
    assert list(file.lines()) == list(file.lines()) == SAME
    path.write_text(TEXT.replace("C", "D"), encoding="utf-8")
    assert BomFile(path).digest != file.digest
    with pytest.raises(WrongFile, match="No such file"):
        BomFile(tmp_path / "none.csv")
