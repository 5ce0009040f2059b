"""A table in a file, as spreadsheets write them: UTF-8 or UTF-16, with or without a byte order mark; comma, semicolon
or tab between cells, or what a first line `sep=…` says; empty columns at its end.

It is read as a stream. What cannot be used at all is told with its line and the remedy; a line's own mistakes are the
caller's to tell.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from shared.contract.mistakes import cut
from shared.errors import TrueupError

LONGEST_LINE = 1_000_000
"""Characters of one line: more is no such table, and would be read into memory whole."""

_CHUNK = 65_536
_UTF8 = "utf-8-sig"
_BEGINNINGS = (
    # UTF-32's little-endian mark begins with UTF-16's. Without a mark the NUL beside a Latin letter tells.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS = (",", ";", "\t")
_SAID_SEPARATOR = re.compile(r"sep=([^\r\n])[\r\n]*", re.IGNORECASE)


class WrongFile(TrueupError):
    """The file cannot be used at all; the message names the line or column and the remedy."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What columns a table may have, in any order. `needed`: of each group one must be there, to say what it says."""

    known: Sequence[str]
    needed: Sequence[tuple[Collection[str], str]]


@dataclass(frozen=True, slots=True)
class TableLine:
    """A line, by the number at which it begins: its cells by column; None: it has more cells than there are columns."""

    line: int
    cells: dict[str, str] | None


def table_lines(file: BinaryIO, name: str, columns: Columns) -> Iterator[TableLine]:
    """The lines below the head that hold anything. Raises WrongFile."""
    encoding = _encoding(file.read(4))
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        yield from _parsed(_texts(text, name), name, columns)
    except UnicodeDecodeError as error:
        if encoding != _UTF8:
            raise WrongFile(f"{name}: not the {encoding.upper()} it begins as; save it as CSV UTF-8") from None
        place = "" if (byte := _not_utf8(file)) is None else f"byte {byte} "
        raise WrongFile(f"{name}: {place}is not UTF-8 ({error.reason}); save the file as CSV UTF-8") from None
    finally:
        text.detach()  # whoever opened the file closes it


def _encoding(beginning: bytes) -> str:
    for mark, encoding in _BEGINNINGS:
        if beginning.startswith(mark):
            return encoding
    match [byte == 0 for byte in beginning[:2]]:
        case [False, True]:
            return "utf-16-le"
        case [True, False]:
            return "utf-16-be"
    return _UTF8


def _not_utf8(file: BinaryIO) -> int | None:
    """Where the first byte is that is none of UTF-8: a decoder knows its place in the last piece only."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    begins = 0
    while True:
        piece = file.read(_CHUNK)
        kept = len(decoder.getstate()[0])
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            return begins - kept + error.start
        if not piece:
            return None
        begins += len(piece)


def _texts(file: io.TextIOWrapper, name: str) -> Iterator[str]:
    """Lines with their ends as they stand; a cell may go over several."""
    for number in itertools.count(1):
        text = file.readline(LONGEST_LINE + 1)
        if not text:
            return
        if len(text) > LONGEST_LINE:
            raise WrongFile(f"{name}, line {number}: it is longer than {LONGEST_LINE:,} characters; is it a CSV?")
        yield text


def _parsed(texts: Iterator[str], name: str, columns: Columns) -> Iterator[TableLine]:
    first, before = next(texts, ""), 0
    if said := _SAID_SEPARATOR.fullmatch(first):
        separator, first, before = said[1], next(texts, ""), 1
        if separator != "\t" and (separator.isalnum() or separator == '"' or not separator.isprintable()):
            raise WrongFile(
                f"{name}, line 1: {separator!r} cannot separate cells; write a comma, semicolon or tab there"
            )
    else:
        separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(itertools.chain([first], texts), delimiter=separator, strict=True)
    try:
        header = [_normal(title) for title in next(reader, [])]
        _check_header(header, name, columns)
        # What a line costs is its own length, however many empty columns a spreadsheet has left behind.
        places = {place: title for place, title in enumerate(header) if title}
        begins = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield TableLine(before + begins, _cells(places, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise WrongFile(f"{name}, line {before + reader.line_num}: {error}; correct the quotes there") from None


def _normal(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.strip().lower()).strip("_")


def _check_header(header: list[str], name: str, columns: Columns) -> None:
    known = f"the columns are {', '.join(columns.known)}"
    # A spreadsheet leaves commas behind where there once were columns.
    if unknown := [title for title in header if title and title not in columns.known]:
        raise WrongFile(f"{name}: there is no column {cut(unknown[0])!r}; {known}")
    if double := [title for title in columns.known if header.count(title) > 1]:
        raise WrongFile(f"{name}: the column {double[0]} is there twice")
    for group, why in columns.needed:
        if not set(group) & set(header):
            raise WrongFile(f"{name}: a column {' or '.join(group)} is needed, to say {why}; {known}")


def _cells(places: dict[int, str], cells: list[str]) -> dict[str, str] | None:
    # The ends of lines within a cell of a spreadsheet are spaces here; no other control sign is.
    words = [" ".join(re.split(r"[ \t\r\n]+", cell)).strip() for cell in cells]
    if any(word and place not in places for place, word in enumerate(words)):
        return None
    return {title: words[place] for place, title in places.items() if place < len(words)}
