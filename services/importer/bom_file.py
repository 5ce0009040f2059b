"""The CSV of BOMs: one line per BOM, naming its variant by id or by SKU. Nothing in it is guessed.

A file is read twice, as a stream: once to see that it can be used at all, and once to be kept line by line. It may be
as a spreadsheet writes it: UTF-8 or UTF-16, with or without a byte order mark; comma, semicolon or tab between cells,
or what a first line `sep=…` says; empty columns at its end.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contract.mistakes import cut, mistakes_of
from shared.contract.words import LONGEST_SKU, MAX_TAGS, Id, Name, Tag, VariantId, Words
from shared.errors import TrueupError
from shared.mongodb.catalogue.import_records import ImportLine, Refused, Why

COLUMNS = ("name", "variant", "sku", "tags", "tracks_pre_assembled", "bom_id")
"""The columns, in any order; `variant` or `sku` must be there. Tags are separated by commas or semicolons."""

LONGEST_LINE = 1_000_000
"""Characters of one line: more is no CSV of BOMs, and would be read into memory whole."""

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
_YES, _NO = {"yes", "true", "1", "y", "x"}, {"no", "false", "0", "n"}
_GID = "gid://shopify/ProductVariant/"


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


class _Cells(BaseModel):
    """What the cells of a line may say: what a message or a request may."""

    model_config = ConfigDict(frozen=True)

    name: Name | None
    variant: VariantId | None
    sku: Annotated[Words, Field(max_length=LONGEST_SKU)] | None
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)]
    bom_id: Id | None


class BomFile:
    """A file that can be used."""

    def __init__(self, path: Path) -> None:
        """Read it through once. Raises WrongFile."""
        self._path = path
        try:
            with path.open("rb") as file:
                self.digest = hashlib.file_digest(file, "sha256").hexdigest()
            for _ in self.lines():
                pass
        except OSError as error:
            raise WrongFile(f"{path}: {error.strerror}") from None

    def lines(self) -> Iterator[BomLine]:
        """Its lines one at a time, each with the number at which it begins. Raises WrongFile."""
        with self._path.open("rb") as file:
            yield from parse_boms(file, str(self._path))


def parse_boms(file: BinaryIO, name: str) -> Iterator[BomLine]:
    """The lines of a CSV; see the module. Raises WrongFile."""
    encoding = _encoding(file.read(4))
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        yield from _parsed(_texts(text, name), name)
    except UnicodeDecodeError as error:
        if encoding != _UTF8:
            raise WrongFile(f"{name}: not the {encoding.upper()} it begins as; save it as CSV UTF-8") from None
        place = "" if (byte := _not_utf8(file)) is None else f"byte {byte} "
        raise WrongFile(f"{name}: {place}is not UTF-8 ({error.reason}); save the file as CSV UTF-8") from None
    finally:
        text.detach()  # whoever opened the file closes it


def kept_line(line: BomLine) -> ImportLine:
    """A line as it is kept."""
    return ImportLine(
        line=line.line,
        name=line.name,
        variant_id=line.variant_id,
        sku=line.sku,
        tags=line.tags,
        tracks=line.tracks,
        bom_id=line.bom_id,
        refused=None if line.wrong is None else Refused(Why.WRONG_LINE, line.wrong),
    )


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


def _parsed(texts: Iterator[str], name: str) -> Iterator[BomLine]:
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
        _check_header(header, name)
        # What a line costs is its own length, however many empty columns a spreadsheet has left behind.
        places = {place: title for place, title in enumerate(header) if title}
        begins = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _line(before + begins, places, cells)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise WrongFile(f"{name}, line {before + reader.line_num}: {error}; correct the quotes there") from None


def _normal(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.strip().lower()).strip("_")


def _check_header(header: list[str], name: str) -> None:
    known = f"the columns are {', '.join(COLUMNS)}"
    # A spreadsheet leaves commas behind where there once were columns.
    if unknown := [title for title in header if title and title not in COLUMNS]:
        raise WrongFile(f"{name}: there is no column {cut(unknown[0])!r}; {known}")
    if double := [title for title in COLUMNS if header.count(title) > 1]:
        raise WrongFile(f"{name}: the column {double[0]} is there twice")
    if not {"variant", "sku"} & set(header):
        raise WrongFile(f"{name}: a column variant or sku is needed, to say which item each BOM is; {known}")


def _line(number: int, places: dict[int, str], cells: list[str]) -> BomLine:
    # The ends of lines within a cell of a spreadsheet are spaces here; no other control sign is.
    words = [" ".join(re.split(r"[ \t\r\n]+", cell)).strip() for cell in cells]
    if any(word and place not in places for place, word in enumerate(words)):
        return BomLine(number, wrong="It has more cells than the first line has columns.")
    given = {title: words[place] for place, title in places.items() if place < len(words)}
    tracks, wrong_tracks = _tracks(given.get("tracks_pre_assembled", ""))
    try:
        said = _Cells(
            name=given.get("name") or None,
            variant=given.get("variant", "").removeprefix(_GID) or None,
            sku=given.get("sku") or None,
            tags=list(dict.fromkeys(tag.strip() for tag in re.split("[,;]", given.get("tags", "")) if tag.strip())),
            bom_id=given.get("bom_id") or None,
        )
    except ValidationError as error:
        return BomLine(number, wrong=f"{mistakes_of(error)}.")
    if said.variant is None and said.sku is None:
        return BomLine(number, wrong="It names neither a variant nor a SKU.")
    return BomLine(
        line=number,
        name=said.name,
        variant_id=said.variant,
        sku=said.sku,
        tags=tuple(said.tags),
        tracks=tracks,
        bom_id=said.bom_id,
        wrong=wrong_tracks,
    )


def _tracks(text: str) -> tuple[bool | None, str | None]:
    word = text.lower()
    if not word:
        return None, None
    if word in _YES | _NO:
        return word in _YES, None
    return None, f"tracks_pre_assembled is {text[:20]!r}; it must be yes or no."
