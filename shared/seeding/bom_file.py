"""The CSV of BOMs: one line per BOM, naming its variant by id or by SKU. Nothing in it is guessed."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from shared.errors import TrueupError

COLUMNS = ("name", "variant", "sku", "tags", "tracks_pre_assembled", "bom_id")
"""The columns, in any order; `variant` or `sku` must be there. Tags are separated by commas or semicolons."""

LONGEST_NAME, LONGEST_ID, LONGEST_TAG, MOST_TAGS = 500, 64, 200, 100

_YES, _NO = {"yes", "true", "1", "y", "x"}, {"no", "false", "0", "n"}
_VARIANT = re.compile(r"(?:gid://shopify/ProductVariant/)?([0-9]{1,20})", re.ASCII)


class WrongFile(TrueupError):
    """The file cannot be used at all; the message names the line or column and the remedy."""


@dataclass(frozen=True, slots=True)
class BomLine:
    """One line. None: it does not say. `wrong`: why it cannot be used."""

    line: int
    name: str | None = None
    variant_id: str | None = None
    sku: str | None = None
    tags: tuple[str, ...] = ()
    tracks: bool | None = None
    bom_id: str | None = None
    wrong: str | None = None


def read_bom_file(path: Path) -> tuple[bytes, list[BomLine]]:
    """The file's bytes and its lines. Raises WrongFile."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise WrongFile(f"{path}: {error.strerror}") from None
    return raw, parse_boms(raw, str(path))


def parse_boms(raw: bytes, name: str) -> list[BomLine]:
    """The lines of a CSV in UTF-8, with or without a byte order mark; comma or semicolon between cells."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongFile(f"{name}: byte {error.start} is not UTF-8; save the file as CSV UTF-8") from None
    first = text.split("\n", 1)[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [_normal(title) for title in next(reader, [])]
        _check_header(header, name)
        lines: list[BomLine] = []
        begins = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append(_line(begins, header, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise WrongFile(f"{name}, line {reader.line_num}: {error}; correct the quotes there") from None
    return lines


def _normal(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.strip().lower()).strip("_")


def _check_header(header: list[str], name: str) -> None:
    known = f"the columns are {', '.join(COLUMNS)}"
    if unknown := [title for title in header if title not in COLUMNS]:
        raise WrongFile(f"{name}: there is no column {unknown[0]!r}; {known}")
    if double := [title for title in COLUMNS if header.count(title) > 1]:
        raise WrongFile(f"{name}: the column {double[0]} is there twice")
    if not {"variant", "sku"} & set(header):
        raise WrongFile(f"{name}: a column variant or sku is needed, to say which item each BOM is; {known}")


def _line(number: int, header: list[str], cells: list[str]) -> BomLine:
    if len(cells) > len(header):
        return BomLine(number, wrong="It has more cells than the first line has columns.")
    given = {title: cell.strip() for title, cell in zip(header, cells, strict=False)}
    variant_id, wrong = _variant(given.get("variant", ""))
    tracks, bad_tracks = _tracks(given.get("tracks_pre_assembled", ""))
    tags = tuple(dict.fromkeys(tag.strip() for tag in re.split("[,;]", given.get("tags", "")) if tag.strip()))
    line = BomLine(
        line=number,
        name=given.get("name") or None,
        variant_id=variant_id,
        sku=given.get("sku") or None,
        tags=tags,
        tracks=tracks,
        bom_id=given.get("bom_id") or None,
        wrong=wrong or bad_tracks,
    )
    return line if line.wrong else _checked(line)


def _checked(line: BomLine) -> BomLine:
    wrong = None
    if line.variant_id is None and line.sku is None:
        wrong = "It names neither a variant nor a SKU."
    elif len(line.name or "") > LONGEST_NAME:
        wrong = f"Its name is longer than {LONGEST_NAME} characters."
    elif len(line.bom_id or "") > LONGEST_ID or "|" in (line.bom_id or ""):
        wrong = f"Its bom_id must be at most {LONGEST_ID} characters, without |."
    elif len(line.tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in line.tags):
        wrong = f"It may have {MOST_TAGS} tags of {LONGEST_TAG} characters."
    return line if wrong is None else BomLine(line.line, line.name, line.variant_id, line.sku, wrong=wrong)


def _variant(text: str) -> tuple[str | None, str | None]:
    if not text:
        return None, None
    match = _VARIANT.fullmatch(text)
    return (match[1], None) if match else (None, f"{text[:40]!r} is no variant id: it must be a number.")


def _tracks(text: str) -> tuple[bool | None, str | None]:
    word = text.lower()
    if not word:
        return None, None
    if word in _YES | _NO:
        return word in _YES, None
    return None, f"tracks_pre_assembled is {text[:20]!r}; it must be yes or no."
