"""`trueup counts`: what somebody has counted, one place or a file of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ulid import ULID

from services.command_line.api.client import path_of
from services.command_line.commands.stock.places import location_id
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.confirmation import confirm
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.downloads import saved
from services.command_line.terminal.tables import Column, console, number, shorten, show_table
from services.command_line.terminal.terminal import progress

if TYPE_CHECKING:
    from services.command_line.api.client import Api, Json

CHECKED = (
    Column("Line", "number"),
    Column("BOM", "name", 3),
    Column("Location", "name", 2),
    Column("Count"),
)
REFUSED = (Column("Line", "number"), Column("What is wrong", "name"))
DONE = (Column("BOM", "name", 3), Column("Location", "name", 2), Column("Count"), Column("Outcome"))

_AT_ONCE = 250
_SHOWN = 200
_GOOD = frozenset({"counted", "unchanged"})


async def set_count(
    api: Api, bom_id: str, place: str, count: int, *, seen: int | None, note: str | None, as_json: bool
) -> Exit:
    """Write down a count. Without `seen`, the count that is known now is the one that was seen."""
    where = await location_id(api, place)
    if seen is None:
        seen = (await api.get(path_of("cells", bom_id, where)))["local_value"]
    counts = [{"bom_id": bom_id, "location_id": where, "count": count, "seen": seen}]
    return _told(await _count(api, counts, note, key=str(ULID())), as_json=as_json)


async def _count(api: Api, counts: list[Json], note: str | None, *, key: str) -> Json:
    body = {"counts": counts, **({} if note is None else {"note": note})}
    return await api.post("/api/counts", body, key=key)


def _told(done: Json, *, as_json: bool, refused: int = 0) -> Exit:
    items = done["items"]
    bad = [item for item in items if item["outcome"] not in _GOOD]
    if as_json:
        print_json(done)
    else:
        out = console()
        if len(items) <= _SHOWN:
            show_table(out, DONE, [_outcome(item) for item in items])
        for item in bad[:_SHOWN]:
            out.print(f"{item['bom_id']} at {item['location_id']}: {item['message']} {item['remedy']}".rstrip())
        out.print(f"{len(items) - len(bad)} counted, {len(bad) + refused} not")
    return Exit.CELLS_FAILED if bad or refused else Exit.OK


def _outcome(item: Json) -> Sequence[str]:
    step = f"{number(item['before'])} -> {number(item['after'])}"
    return (item["bom_id"], item["location_id"], step, item["outcome"])


def text_of(file: Path) -> str:
    """A file's text; - reads standard input. Raises WrongUseError."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text; save it as CSV in UTF-8"
        raise WrongUseError(f"FILE {file}: {why}") from None


async def import_counts(api: Api, text: str, *, place: str | None, note: str | None, yes: bool, as_json: bool) -> Exit:
    """Check a file of counts, show what it would change, ask, and count."""
    where = None if place is None else await location_id(api, place, argument="--location")
    checked = await api.post("/api/counts/check", {"text": text, **({} if where is None else {"location_id": where})})
    changes = [line for line in checked["items"] if line["kind"] != "same"]
    _show_checked(checked, changes)
    done: Json = {"items": []}
    if changes:
        confirm(f"Count {len(changes)} places of {api.shop}?", yes=yes)
        key = str(ULID())
        for number_of, start in enumerate(range(0, len(changes), _AT_ONCE)):
            part = [
                {name: line[name] for name in ("bom_id", "location_id", "count", "seen")}
                for line in changes[start : start + _AT_ONCE]
            ]
            done["items"] += (await _count(api, part, note, key=f"{key}-{number_of}"))["items"]
    return _told(
        {**done, "refused": checked["refused"]} if as_json else done, as_json=as_json, refused=len(checked["refused"])
    )


def _show_checked(checked: Json, changes: list[Json]) -> None:
    err = progress()
    lines = [
        (
            str(line["line"]),
            line["bom_name"] or line["bom_id"],
            line["location_name"],
            f"{number(line['seen'])} -> {line['count']}",
        )
        for line in changes[:_SHOWN]
    ]
    if lines:
        show_table(err, CHECKED, lines)
    if len(changes) > len(lines):
        err.print(f"… and {len(changes) - len(lines)} more")
    if checked["refused"]:
        wrong = [(str(one["line"]), f"{one['message']} {one['remedy']}") for one in checked["refused"][:_SHOWN]]
        show_table(err, REFUSED, [(line, shorten(words, 200)) for line, words in wrong])
    same = len(checked["items"]) - len(changes)
    err.print(
        f"{len(changes)} counts differ, {same} are as they were, {len(checked['refused'])} lines cannot be counted, "
        f"{checked['passed_over']} say no count"
    )


async def export_sheet(api: Api, place: str, file: Path | None) -> Exit:
    """A sheet to count with, as CSV."""
    where = await location_id(api, place)
    with saved(file) as write:
        await api.download("/api/counts/sheet.csv", write, location_id=where)
    return Exit.OK
