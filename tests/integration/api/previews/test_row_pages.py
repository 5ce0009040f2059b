"""Pages of a preview's rows cost the same however many rows there are, and are those of a plain sort."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from shared.contract.messages import PreviewRequest
from shared.contract.selection import SelectionBody
from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, Reason, Row
from shared.domain.words.codes import Code
from shared.mongodb.connection import Mongo
from shared.mongodb.lists.pages import Start
from shared.mongodb.previews.preview import RowKind, RowsWanted, TakenRow
from shared.mongodb.previews.preview_form import rows_query
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.previews.row_order import BY_COLUMN
from shared.mongodb.previews.row_pages import RowPages, RowSort
from shared.mongodb.schema import Document
from tests.integration.shop_world import SHOP, new_id

AT = datetime(2026, 1, 1, tzinfo=UTC)
SORTS: tuple[RowSort, ...] = get_args(RowSort)
ROWS = 3_000
FEW = 20


@dataclass
class Stored:
    """A preview with its rows."""

    mongo: Mongo
    pages: RowPages
    preview_id: str
    rows: list[Document]

    def listed(self, wanted: RowsWanted, sort: RowSort) -> list[int]:
        """The numbers of the rows by a plain sort."""
        condition = rows_query(replace(wanted, text=None))
        rows = [row for row in self.rows if all(row[name] == value for name, value in condition.items())]
        if wanted.text is not None:
            text = wanted.text.lower()
            rows = [row for row in rows if text in row["bom_name"].lower() or text in row["bom_id"].lower()]
        if sort == "size":
            rows.sort(key=lambda row: (row["kind"], -row["size"], row["no"]))
        elif sort != "no":
            path = BY_COLUMN[sort.removeprefix("-")].split(".")
            rows.sort(key=lambda row: _rank(row, path), reverse=sort.startswith("-"))
        return [row["no"] for row in rows]


def _rank(row: Document, path: list[str]) -> tuple[bool, Any]:
    """What is missing comes before everything, as it does in MongoDB."""
    value: Any = row
    for name in path:
        value = None if value is None else value[name]
    return (value is not None, 0 if value is None else value)


async def made(mongo: Mongo, rows: list[TakenRow]) -> str:
    """Store a ready preview of these rows."""
    store, preview_id = PreviewStore(mongo.db, mongo.transactions), new_id()
    await store.request(PreviewRequest(shop=SHOP, preview_id=preview_id, selection=SelectionBody(bom_ids="all")))
    run = await store.begin(SHOP, preview_id)
    assert run is not None
    written = await store.keep(SHOP, preview_id, run, rows, {str(place): f"Place {9 - place}" for place in range(5)})
    assert written is not None
    await store.end(SHOP, preview_id, run.run_id, None, await store.counted(SHOP, preview_id, written))
    return preview_id


def some(chance: random.Random, key: CellKey) -> TakenRow:
    """A row of any kind, most of them in sync."""
    name = f"Bom {key.bom_id[::-1]}"
    return replace(_some(chance, key), bom_name=name)


def _some(chance: random.Random, key: CellKey) -> TakenRow:
    die = chance.random()
    if die < 0.03:
        return TakenRow(key, "n", "1", code=Code.ITEM_NOT_FOUND)
    if die < 0.1:
        return TakenRow(key, "n", "1", reason=Reason.NOT_STOCKED)
    shopify = 9 if die < 0.7 else 9 + chance.choice([-4, -2, 2, 2, 4, 8])
    base, local = (9, 9) if die < 0.9 else chance.choice([(9, 3), (None, None), (None, 3), (5, 3)])
    return TakenRow(key, "n", "1", row=Row(shopify, AT, AT, base, local, 0, 0, 0, 0))


@pytest.fixture
async def mongo(mongodb_uri: str, database_name: str) -> AsyncIterator[Mongo]:
    """A prepared database."""
    made_here = Mongo(mongodb_uri, database_name)
    await made_here.prepare()
    yield made_here
    made_here.close()


@pytest.fixture
async def stored(mongo: Mongo, monkeypatch: pytest.MonkeyPatch) -> Stored:
    """Three hundred rows of every kind, a milestone at each seventh; BOMs whose ids begin alike."""
    monkeypatch.setattr("shared.mongodb.previews.row_bookmarks.EVERY", 7)
    chance = random.Random(5)  # noqa: S311  # chance for a test, nothing secret
    keys = sorted(
        CellKey(f"{name}{tail}", str(place)) for name in range(30) for tail in ("", "-1") for place in range(5)
    )
    preview_id = await made(mongo, [some(chance, key) for key in keys])
    rows = [row async for row in mongo.db["preview_rows"].find({"preview_id": preview_id}).sort("no", 1)]
    return Stored(mongo, RowPages(mongo.db), preview_id, rows)


WANTED = (
    RowsWanted(),
    *(RowsWanted(kind=kind) for kind in RowKind),
    *(RowsWanted(cell_class=one) for one in CellClass),
    RowsWanted(kind=RowKind.DIFFERS, cell_class=CellClass.LOCAL_MOVED),
    RowsWanted(kind=RowKind.FAILED, cell_class=CellClass.LOCAL_MOVED),
    RowsWanted(reason=Reason.NOT_STOCKED),
    RowsWanted(code=Code.ITEM_NOT_FOUND),
    RowsWanted(bom_id="7"),
    RowsWanted(bom_id="7", kind=RowKind.DIFFERS),
    RowsWanted(location_id="3"),
    RowsWanted(location_id="3", kind=RowKind.IN_SYNC),
    RowsWanted(text="M 1", kind=RowKind.DIFFERS),
    RowsWanted(text="2-1", location_id="3", cell_class=CellClass.SHOPIFY_MOVED),
    RowsWanted(text=".*", kind=RowKind.DIFFERS),
    RowsWanted(text="bom"),
)


@pytest.mark.parametrize("sort", SORTS)
async def test_pages_are_those_of_a_plain_sort(stored: Stored, sort: RowSort) -> None:
    """By number and by size, of every search, page after page by cursor, and entered anywhere by offset."""
    for wanted in WANTED:
        whole = stored.listed(wanted, sort)
        assert await stored.pages.count(SHOP, stored.preview_id, wanted) == len(whole)

        async def page(start: Start, limit: int, wanted: RowsWanted = wanted) -> tuple[list[int], Any]:
            one = await stored.pages.page(SHOP, stored.preview_id, wanted, start, limit, sort=sort)
            return [row.no for row in one.items], one.after

        for place in {*range(0, len(whole) + 2, 13), max(0, len(whole) - 1)}:
            assert (await page(Start(skip=place), 5))[0] == whole[place : place + 5], (wanted, place)
        read: list[int] = []
        after: Any = None
        for _ in itertools.count():
            numbers, after = await page(Start(after), 17)
            read += numbers
            if after is None:
                break
        assert read == whole, wanted


@pytest.mark.parametrize("text", [None, "1", "absent"])
async def test_a_table_sorted_by_a_column_reads_no_row_but_those_it_shows(mongo: Mongo, text: str | None) -> None:
    """However many differ, and whether a search finds them: the order comes from an index alone."""
    rows = [
        TakenRow(CellKey(f"{no:05}", "1"), "n", "1", row=Row(no % 50, AT, AT, 9, no % 7, 0, 0, 0, 0))
        for no in range(ROWS)
    ]
    preview_id = await made(mongo, rows)
    await mongo.db.command({"profile": 2})
    pages, limit = RowPages(mongo.db), 10
    for sort in SORTS:
        for kind in (RowKind.DIFFERS, RowKind.IN_SYNC):
            await pages.page(SHOP, preview_id, RowsWanted(kind=kind, text=text), Start(), limit, sort=sort)
    await pages.count(SHOP, preview_id, RowsWanted(kind=RowKind.DIFFERS, text=text))
    await mongo.db.command({"profile": 0})
    read = Counter[str]()
    async for entry in mongo.db["system.profile"].find({"ns": mongo.db["preview_rows"].full_name}):
        read[str(entry["docsExamined"] <= limit + 1)] += 1
    assert read.keys() == {"True"}


@pytest.mark.parametrize("differing", ["few", "all"])
async def test_a_page_reads_no_more_than_it_shows(mongo: Mongo, differing: str) -> None:
    """First pages, and one deep in a table by size, of thousands of rows: whether few of them differ or all alike."""

    def one(no: int) -> TakenRow:
        # The few that differ stand at the end: who goes through all rows by number for them passes all others.
        shopify = 9 if differing == "few" and no < ROWS - FEW else 11
        return TakenRow(CellKey(f"{no:05}", "1"), "n", "1", row=Row(shopify, AT, AT, 9, 9, 0, 0, 0, 0))

    preview_id = await made(mongo, [one(no) for no in range(ROWS)])
    await mongo.db.command({"profile": 2})
    pages, limit = RowPages(mongo.db), 10
    for wanted in (RowsWanted(), RowsWanted(kind=RowKind.DIFFERS), RowsWanted(cell_class=CellClass.SHOPIFY_MOVED)):
        for sort in ("no", "size"):
            await pages.page(SHOP, preview_id, wanted, Start(), limit, sort=sort)
    await pages.page(SHOP, preview_id, RowsWanted(), Start(skip=ROWS - 5), limit, sort="size")
    await mongo.db.command({"profile": 0})
    read = [
        (entry["keysExamined"], entry["docsExamined"], entry["command"])
        async for entry in mongo.db["system.profile"].find({"ns": mongo.db["preview_rows"].full_name})
    ]
    assert len(read) >= 14
    dear = [entry for entry in read if entry[0] > 600 or entry[1] > 3 * (limit + 1)]
    assert not dear
