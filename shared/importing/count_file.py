"""The CSV of counts: one line per place, naming its BOM by SKU or id, its location, and what was counted there."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared.importing.table_file import Columns, WrongFile, table_lines

MAX_LINES = 10_000
"""Lines of one file: what a person can look through, and one request can answer."""

MOST = 1_000_000_000
"""The largest magnitude of a count."""

COLUMNS = ("sku", "bom_id", "count", "location", "name", "now")
"""The columns, in any order. `name` and `now` are for the person who counts and are not read."""

_TABLE = Columns(COLUMNS, [(("sku", "bom_id"), "what was counted"), (("count",), "how many")])
_COUNT = re.compile(r"[-−]?[0-9]{1,12}", re.ASCII)
"""Digits only: 1.500 is one and a half to one person and fifteen hundred to another."""


@dataclass(frozen=True, slots=True)
class CountLine:
    """One line. `count` None: nothing was written there. `wrong`: why it cannot be used."""

    line: int
    bom_id: str | None = None
    sku: str | None = None
    location: str | None = None
    count: int | None = None
    wrong: str | None = None


def parse_counts(text: str, name: str) -> Iterator[CountLine]:
    """The lines of a CSV. Raises WrongFile for one that cannot be used at all, or has more than `MAX_LINES`."""
    lines = table_lines(io.BytesIO(text.encode("utf-8", "replace")), name, _TABLE)
    for number, line in enumerate(lines, start=1):
        if number > MAX_LINES:
            raise WrongFile(f"{name}: it has more than {MAX_LINES:,} lines; count in several files")
        yield _line(line.line, line.cells)


def _line(number: int, cells: dict[str, str] | None) -> CountLine:
    if cells is None:
        return CountLine(number, wrong="It has more cells than the first line has columns.")
    bom_id, sku = cells.get("bom_id") or None, cells.get("sku") or None
    location, written = cells.get("location") or None, cells.get("count", "")
    if written == "":
        return CountLine(number, bom_id, sku, location)
    if _COUNT.fullmatch(written) is None:
        return CountLine(
            number,
            bom_id,
            sku,
            location,
            wrong=f"Its count is {written[:20]!r}; it must be a whole number, in digits only.",
        )
    count = int(written.replace("−", "-"))
    if abs(count) > MOST:
        return CountLine(number, bom_id, sku, location, wrong=f"Its count {written[:20]} is larger than {MOST:,}.")
    if bom_id is None and sku is None:
        return CountLine(number, wrong="It names neither a SKU nor a BOM.")
    return CountLine(number, bom_id, sku, location, count)
