"""The CSV of BOMs: what is read of it, and what makes the whole file or one line of it useless."""

from __future__ import annotations

import pytest

from shared.seeding.bom_file import BomLine, WrongFile, parse_boms


def test_lines_keep_their_numbers_across_line_breaks_in_cells() -> None:
    """A line's number is that at which it begins in the file, so that a person finds it; empty lines make nothing."""
    text = 'name,variant\n"A\nB",1\n\n,\nC,2\n'
    assert [(line.line, line.name) for line in parse_boms(text.encode(), "f")] == [(2, "A\nB"), (6, "C")]


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
        ("A,x12,", "'x12' is no variant id"),
        ("A,gid://shopify/Product/1,", "is no variant id"),
        ("A,1,,maybe", "more cells"),
        (f"{'n' * 501},1,", "longer than 500"),
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
