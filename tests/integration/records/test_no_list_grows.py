"""No document, no query and no answer of the database grows with a shop's records or with what is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import encode
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import monitoring

from shared.contract.messages import JobRequest, PreviewRequest
from shared.contract.selection import CellRef, LeaveOut, SelectionBody
from shared.domain.batches import batches
from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, Direction
from shared.domain.selection import Filtered
from shared.domain.stock import Stock
from shared.mongodb.catalogue import filters as bom_filter
from shared.mongodb.catalogue import selections
from shared.mongodb.catalogue.boms import BomStore, Location
from shared.mongodb.catalogue.facets import MAX_TAGS, BomFacets
from shared.mongodb.catalogue.selections import SelectionLost
from shared.mongodb.connection import Mongo
from shared.mongodb.inbox import dead_letters
from shared.mongodb.inbox.dead_letters import DeadLetterStore
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.jobs.totals.bom_progress import BomShare, JobBoms
from shared.mongodb.lists.listings import Listings
from shared.mongodb.lists.pages import FIRST, Start
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.schema import Database, Document, key_of
from shared.mongodb.stock.stock import new_stock
from tests.integration.shop_world import new_id

SHOP = "large.myshopify.com"
PLACE = "106318430514"
# Twice as many ids of the longest kind are more than a document can hold.
NUMBERS = [pytest.param(1_000, id="short"), pytest.param(40_000, marks=pytest.mark.full, id="full")]
KB = 1024


def long_id(number: int) -> str:
    """An id of 64 signs, each of four bytes but the number's."""
    return f"{number:08}" + "\N{OLD ITALIC LETTER A}" * 56


class Sizes(monitoring.CommandListener):
    """The largest command that was sent, and the largest answer, in bytes."""

    def __init__(self) -> None:
        self.largest = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """A command is sent."""
        self.largest = max(self.largest, len(encode(event.command)))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """An answer has come."""
        self.largest = max(self.largest, len(encode(event.reply)))

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """None has."""


@dataclass
class LargeShop:
    """A shop whose number of BOMs is doubled; what is read of it goes through a watched connection."""

    mongo: Mongo
    watched: Database
    sizes: Sizes
    boms: int = 0

    async def add(self, number: int) -> None:
        """So many BOMs, each with a tag of its own and a cell that was never read, in a job of them all."""
        for part in batches(range(self.boms, self.boms + number), 1000):
            await self.mongo.db["boms"].insert_many([_bom(number) for number in part])
            keys = [CellKey(long_id(number), PLACE) for number in part]
            await self.mongo.db["stock"].insert_many([new_stock(SHOP, key, "1", Stock()) for key in keys])
            await self.mongo.db["cells"].insert_many([_cell(number) for number in part])
        self.boms += number

    async def largest(self, work: Callable[[Database], Awaitable[None]]) -> int:
        """The largest command or answer of the work."""
        self.sizes.largest = 0
        await work(self.watched)
        return self.sizes.largest

    async def must_not_grow(self, number: int, work: Callable[[Database], Awaitable[None]]) -> None:
        """Twice the BOMs are no larger a command or answer."""
        await self.add(number)
        before = await self.largest(work)
        await self.add(number)
        assert await self.largest(work) < before + 2 * KB


def _bom(number: int) -> Document:
    bom_id = long_id(number)
    return {
        "_id": key_of(SHOP, bom_id),
        "shop": SHOP,
        "bom_id": bom_id,
        "inventory_item_id": str(number + 1),
        "name": f"BOM {number:08}",
        "name_lower": f"bom {number:08}",
        "tags": [f"{number:08}".ljust(200, "x")],
        "tracks_pre_assembled": False,
        "externally_managed": False,
    }


def _cell(number: int) -> Document:
    bom_id = long_id(number)
    # Of four BOMs one is at work, one has failed, and two have ended well.
    state = ("pending", "error", "updated", "updated")[number % 4]
    open_or_not = {"open": True} if state == "pending" else {}
    return {
        "_id": key_of(SHOP, "j", bom_id, PLACE),
        "shop": SHOP,
        "job_id": "j",
        "bom_id": bom_id,
        "location_id": PLACE,
        "no": number,
        "bom_name": f"BOM {number:08}",
        "state": state,
        "code": "CONFLICT" if state == "error" else None,
        **open_or_not,
    }


@pytest.fixture
async def mongo(mongodb_uri: str, database_name: str) -> AsyncIterator[Mongo]:
    """An empty database."""
    opened = Mongo(mongodb_uri, database_name)
    await opened.make()
    yield opened
    opened.close()


@pytest.fixture
async def large(mongo: Mongo, mongodb_uri: str, database_name: str) -> AsyncIterator[LargeShop]:
    """A shop that has no BOMs yet."""
    sizes = Sizes()
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(mongodb_uri, tz_aware=True, event_listeners=[sizes])
    await BomStore(mongo.db, mongo.transactions).keep_locations(SHOP, [Location(PLACE, "A", True, False)])
    yield LargeShop(mongo, client[database_name], sizes)
    client.close()


@pytest.mark.parametrize("number", NUMBERS)
async def test_facets_name_some_tags_and_count_the_others(large: LargeShop, number: int) -> None:
    """However many tags and classes there are, the answer is as long, and says how many it leaves out."""

    async def facets(database: Database) -> None:
        found = await BomFacets(database).of(SHOP)
        assert (found.total, len(found.tags), found.more_tags) == (large.boms, MAX_TAGS, large.boms - MAX_TAGS)
        assert (found.classes[CellClass.NO_BASE], found.classes[CellClass.IN_SYNC]) == (large.boms, 0)

    await large.must_not_grow(number, facets)


@pytest.mark.parametrize("number", NUMBERS)
async def test_a_class_of_very_many_is_listed_page_by_page(
    large: LargeShop, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A list by class is right at its begin and far down, and so is what a run takes of it."""
    monkeypatch.setattr(bom_filter, "MAX_NAMED", min(bom_filter.MAX_NAMED, number // 2))
    never_read = Filtered(cell_class=CellClass.NO_BASE)

    async def listed(database: Database) -> None:
        listings = Listings(database)
        for wanted in (never_read, Filtered(differs=False)):
            page, total = await listings.boms(SHOP, wanted, FIRST, 50)
            assert (total, [document.bom_id for document in page.items]) == (large.boms, _ids(range(50)))
        page, _ = await listings.boms(SHOP, never_read, Start(skip=large.boms - 7), 50)
        assert [document.bom_id for document in page.items] == _ids(range(large.boms - 7, large.boms))
        for wanted in (Filtered(cell_class=CellClass.IN_SYNC), Filtered(differs=True)):
            page, total = await listings.boms(SHOP, wanted, FIRST, 50)
            assert (total, page.items) == (0, [])
        tagged = Filtered(cell_class=CellClass.NO_BASE, text="bom 0000000")
        assert await listings.count_boms(SHOP, tagged) == 10

    async def selected(database: Database) -> None:
        boms = BomStore(database, large.mongo.transactions)
        assert await boms.size(SHOP, never_read) == large.boms
        cells = 0
        async for part in boms.select(SHOP, never_read, size=250):
            cells += len(part)
        assert cells == large.boms

    async def work(database: Database) -> None:
        await listed(database)
        await selected(database)

    await large.must_not_grow(number, work)


def _ids(numbers: Iterable[int]) -> list[str]:
    return [long_id(number) for number in numbers]


@pytest.mark.parametrize("number", NUMBERS)
async def test_the_boms_of_a_job_are_read_page_by_page(large: LargeShop, number: int) -> None:
    """Each share of them pages without gap or repeat, and is counted."""
    shares: dict[BomShare | None, Sequence[int]] = {
        None: (0, 1, 2, 3),
        "open": (0,),
        "errors": (1,),
        "ended": (1, 2, 3),
    }

    async def work(database: Database) -> None:
        boms = JobBoms(database)
        for share, kinds in shares.items():
            every = [number for number in range(large.boms) if number % 4 in kinds]
            page = await boms.page(SHOP, "j", share, after=None, skip=0, limit=20)
            assert ([bom.bom_id for bom in page.boms], page.total) == (_ids(every[:20]), len(every))
            page = await boms.page(SHOP, "j", share, after=page.after, skip=0, limit=20)
            assert [bom.bom_id for bom in page.boms] == _ids(every[20:40])
            page = await boms.page(SHOP, "j", share, after=None, skip=len(every) - 5, limit=20)
            assert ([bom.bom_id for bom in page.boms], page.after) == (_ids(every[-5:]), None)

    await large.must_not_grow(number, work)


def _cells(number: int) -> SelectionBody:
    return SelectionBody(cells=[CellRef(bom_id=long_id(n), location_id=PLACE) for n in range(number)])


@pytest.mark.parametrize("number", [3_000, pytest.param(100_000, marks=pytest.mark.full, id="full")])
async def test_a_long_selection_is_no_part_of_the_document(mongo: Mongo, number: int) -> None:
    """A preview's and a job's document is small whatever was selected and left out; each part of a list is bounded, and
    what is read again is what was given."""
    previews, jobs = PreviewStore(mongo.db, mongo.transactions), JobStore(mongo.db, mongo.transactions)
    selection = _cells(number)
    bom_ids = SelectionBody(bom_ids=[long_id(n) for n in range(min(number, 50_000))], location_ids=[PLACE])
    leave_out = LeaveOut(cells=(_cells(3_000).cells or [])[:2_000])
    preview = PreviewRequest(shop=SHOP, preview_id=new_id(), selection=selection)
    assert await previews.request(preview)
    for wanted in (selection, bom_ids):
        job = JobRequest(
            shop=SHOP,
            job_id=new_id(),
            direction=Direction.TO_LOCAL,
            selection=wanted,
            preview_id=preview.preview_id,
            leave_out=leave_out,
        )
        assert await jobs.request(job)
        document = await mongo.db["jobs"].find_one({"shop": SHOP, "job_id": job.job_id})
        assert document is not None
        assert len(encode(document)) < 4 * KB
        stored = await jobs.get_whole(SHOP, job.job_id)
        assert stored is not None
        assert await jobs.selection(stored) == wanted
        left_out = await jobs.leave_out(stored)
        assert left_out is not None
        assert left_out.cells == leave_out.cells
    document = await mongo.db["previews"].find_one({"shop": SHOP, "preview_id": preview.preview_id})
    assert document is not None
    assert len(encode(document)) < 4 * KB
    taken = await previews.get(SHOP, preview.preview_id)
    assert taken is not None
    assert await previews.selection(taken) == selection
    async for part in mongo.db["selections"].find():
        assert len(encode(part)) < 512 * KB
        assert ("at" in part) == part["owner"].startswith("preview:")


async def test_a_selection_of_which_a_part_is_lost_is_not_taken_for_a_smaller_one(mongo: Mongo) -> None:
    """Nothing is run with a part of what was selected."""
    jobs = JobStore(mongo.db, mongo.transactions)
    job = JobRequest(shop=SHOP, job_id=new_id(), direction=Direction.TO_LOCAL, selection=_cells(2_500))
    await jobs.request(job)
    # Asked for once more, with other cells: the first stays as it was.
    assert not await jobs.request(job.model_copy(update={"selection": _cells(300)}))
    assert len(await jobs.unfinished(SHOP)) == 1
    assert await mongo.db["selections"].count_documents({"shop": SHOP}) == 3
    await mongo.db["selections"].delete_one({"shop": SHOP, "no": 1})
    stored = await jobs.get_whole(SHOP, job.job_id)
    assert stored is not None
    with pytest.raises(SelectionLost, match="1500 of 2500"):
        await jobs.selection(stored)


def test_what_an_older_build_has_stored_is_the_same_selection() -> None:
    """A long list in a document and the same one beside it are equal in the form that is compared."""
    given: dict[str, Any] = {"bom_ids": [str(n) for n in range(selections.SHORT + 1)]}
    held = selections.as_held(given)
    assert selections.as_held(held) == held != selections.as_held({"bom_ids": given["bom_ids"][1:]})
    short = {"bom_ids": given["bom_ids"][1:]}
    assert selections.as_held(short) == short


async def test_dead_letters_come_page_by_page(mongo: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, those of a shop, and those of some ids, each once and the oldest first."""
    monkeypatch.setattr(dead_letters, "_PAGE", 2)
    letters = DeadLetterStore(mongo.db)
    shops = [SHOP, None, SHOP, SHOP, None, SHOP, SHOP]
    kept = [
        await letters.keep(
            shop=shop, key="job.request", body=b"{}", size=2, altered=False, headers={}, reason="r", cause=None
        )
        for shop in shops
    ]
    assert [letter.letter_id async for letter in letters.list()] == sorted(kept)
    theirs = [letter_id for letter_id, shop in zip(kept, shops, strict=True) if shop is not None]
    assert [letter.letter_id async for letter in letters.list(shop=SHOP)] == sorted(theirs)
    some = kept[1:6]
    assert [letter.letter_id async for letter in letters.list(letter_ids=some)] == sorted(some)
    # Those that were sent again go while the list is read.
    async for letter in letters.list():
        await letters.remove(letter)
    assert [letter async for letter in letters.list()] == []


async def test_of_many_retries_the_last_ones_are_read(mongo: Mongo) -> None:
    """What is shown around a job does not grow with how often it was retried."""
    at = datetime.now(UTC)
    await mongo.db["jobs"].insert_many(
        [
            {
                "_id": key_of(SHOP, f"{number:03}"),
                "shop": SHOP,
                "job_id": f"{number:03}",
                "of_job_id": "first",
                "source": "undo" if number % 2 else "retry",
                "no": number + 1,
                "state": "failed" if number % 3 else "completed",
                "requested_at": at,
            }
            for number in range(120)
        ]
    )
    made = await Listings(mongo.db).made_of(SHOP, ["first"])
    assert len(made) == 4
