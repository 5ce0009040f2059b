"""The CSV of BOMs: one line per BOM, naming its variant by id or by SKU. Nothing in it is guessed.

A file is read twice, as a stream: once to see that it can be used at all, and once to be kept line by line.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contract.mistakes import cut, mistakes_of
from shared.contract.words import LONGEST_SKU, MAX_TAGS, Id, Name, Tag, VariantId, Words
from shared.importing.table_file import Columns, TableLine, WrongFile, table_lines
from shared.mongodb.catalogue.import_records import ImportLine, Refused, Why

COLUMNS = ("name", "variant", "sku", "tags", "tracks_pre_assembled", "bom_id")
"""The columns, in any order; `variant` or `sku` must be there. Tags are separated by commas or semicolons."""

_TABLE = Columns(COLUMNS, [(("variant", "sku"), "which item each BOM is")])

_YES, _NO = {"yes", "true", "1", "y", "x"}, {"no", "false", "0", "n"}
_GID = "gid://shopify/ProductVariant/"


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
    return map(_line, table_lines(file, name, _TABLE))


def parse_json_boms(data: bytes, name: str) -> Iterator[BomLine]:
    """The same from a JSON list of objects with the columns as their names; lines are its entries. Raises WrongFile."""
    try:
        entries = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise WrongFile(f"{name}: it is not JSON ({error})") from None
    if not isinstance(entries, list):
        raise WrongFile(f"{name}: it must be a list of objects, one for each BOM")
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            yield BomLine(number, wrong="It is no object.")
        elif unknown := [key for key in entry if key not in COLUMNS]:
            yield BomLine(
                number, wrong=f"There is no column {cut(unknown[0])!r}; the columns are {', '.join(COLUMNS)}."
            )
        else:
            yield _line(TableLine(number, {key: _as_cell(value) for key, value in entry.items()}))


def _as_cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ";".join(map(str, value))
    return "" if value is None else " ".join(str(value).split())


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


def _line(table_line: TableLine) -> BomLine:
    number, given = table_line.line, table_line.cells
    if given is None:
        return BomLine(number, wrong="It has more cells than the first line has columns.")
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
