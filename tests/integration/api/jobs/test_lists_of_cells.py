"""Lists of a job's cells are read from an index, whatever they are filtered by: not the whole job for a page of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.domain.cell import CellState
from shared.domain.comparison import Reason
from shared.domain.words.codes import Code
from shared.mongodb.connection import Mongo
from shared.mongodb.jobs.cells.cell import CellsWanted
from shared.mongodb.jobs.totals.bom_progress import JobBoms
from shared.mongodb.lists.listings import Listings
from shared.mongodb.lists.pages import FIRST
from tests.integration.planner.job_of_cells import JobOfCells
from tests.integration.shop_world import SHOP

CELLS, PAGE = 2000, 10

EVERY_FILTER = [
    (CellsWanted(), CELLS),
    (CellsWanted(state=CellState.UPDATED), 960),
    (CellsWanted(state=CellState.SKIPPED), 480),
    (CellsWanted(state=CellState.ERROR), 60),
    (CellsWanted(state=CellState.ERROR, code=Code.CONFLICT), 20),
    (CellsWanted(state=CellState.PENDING), 490),
    (CellsWanted(state=CellState.APPLYING), 10),
    (CellsWanted(state=CellState.CANCELLED), 0),
    (CellsWanted(code=Code.CONFLICT), 20),
    (CellsWanted(reason=Reason.UNTRACKED), 480),
    (CellsWanted(reason=Reason.NOT_STOCKED), 0),
    (CellsWanted(bom_id="BOM"), 4),
    (CellsWanted(bom_id="BOM", location_id="1"), 1),
    (CellsWanted(bom_id="none"), 0),
]


@pytest.fixture
async def job(mongodb_uri: str, database_name: str) -> AsyncIterator[JobOfCells]:
    """A job in its midst: most of its cells have ended, a few as errors."""
    mongo = Mongo(mongodb_uri, database_name)
    await mongo.prepare()
    made = JobOfCells(mongo)
    await made.start(CELLS)
    keys = made.keys
    await made.end(keys[:960])
    await made.end(keys[960:1440], CellState.SKIPPED, reason=Reason.UNTRACKED)
    await made.end(keys[1440:1460], CellState.ERROR, code=Code.CONFLICT)
    await made.end(keys[1460:1500], CellState.ERROR, code=Code.NEGATIVE_TARGET)
    await made.cells.begin(SHOP, await made.cells.load(SHOP, made.ids(keys[1500:1510])))
    yield made
    await mongo.db.command({"profile": 0})
    mongo.close()


async def _read(job: JobOfCells) -> tuple[int, int]:
    """The most documents of cells, and index entries, that a statement has read since the last look."""
    await job.mongo.db.command({"profile": 0})
    profile = job.mongo.db["system.profile"]
    seen = [entry async for entry in profile.find({"ns": job.mongo.db["cells"].full_name})]
    await profile.drop()
    assert seen
    return max(entry["docsExamined"] for entry in seen), max(entry["keysExamined"] for entry in seen)


@pytest.mark.parametrize(("wanted", "number"), EVERY_FILTER)
async def test_a_page_reads_a_page(job: JobOfCells, wanted: CellsWanted, number: int) -> None:
    """A page costs documents of about its length, and a number no document at all that is not of the filter."""
    if wanted.bom_id == "BOM":
        wanted = CellsWanted(bom_id=job.keys[8].bom_id, location_id=wanted.location_id)
    listings = Listings(job.mongo.db)
    await job.mongo.db.command({"profile": 2})
    page = await listings.cells(SHOP, job.job_id, wanted, FIRST, PAGE)
    documents, entries = await _read(job)
    assert len(page.items) == min(number, PAGE)
    assert [cell.no for cell in page.items] == sorted(cell.no for cell in page.items)
    # Open ones are looked through for those at work, and those of one state for a code or a reason.
    of_the_state = {CellState.APPLYING: 500, CellState.PENDING: 10, CellState.ERROR: 60}.get(
        wanted.state or CellState.UPDATED, 0
    )
    of_the_state = 60 if wanted.code else 480 if wanted.reason else of_the_state
    assert documents <= (500 if wanted.state is CellState.APPLYING else 3 * PAGE)
    assert entries <= 3 * PAGE + of_the_state
    await job.mongo.db.command({"profile": 2})
    assert await listings.count_cells(SHOP, job.job_id, wanted) == number
    documents, entries = await _read(job)
    assert entries <= 4 + number + of_the_state
    assert documents <= entries


async def test_progress_by_bom_reads_its_page(job: JobOfCells) -> None:
    """BOMs are told from the index; only the cells of the page are read."""
    boms = JobBoms(job.mongo.db)
    for share, number in ((None, 500), ("open", 125), ("errors", 15), ("ended", 375)):
        await job.mongo.db.command({"profile": 2})
        page = await boms.page(SHOP, job.job_id, share, after=None, skip=0, limit=PAGE)  # type: ignore[arg-type]  # of the tuple above
        documents, _ = await _read(job)
        assert (page.total, len(page.boms)) == (number, PAGE)
        assert sum(bom.totals.total for bom in page.boms) == 4 * PAGE
        assert [bom.bom_id for bom in page.boms] == sorted(bom.bom_id for bom in page.boms)
        assert documents <= (60 if share == "errors" else 4 * PAGE)


async def test_a_bom_whose_id_holds_the_sign_of_ids_is_told_apart(job: JobOfCells) -> None:
    """ "a" and "a|1" begin alike; each has its own cells."""
    collection = job.mongo.db["cells"]
    document = await collection.find_one({"job_id": job.job_id, "no": 0})
    assert document is not None
    for n, bom_id in enumerate(("a", "a|1", "a|1|1")):
        twin = {**document, "_id": f"{SHOP}|{job.job_id}|{bom_id}|1", "bom_id": bom_id, "no": 5000 + n}
        await collection.insert_one(twin)
    listings = Listings(job.mongo.db)
    for bom_id in ("a", "a|1", "a|1|1"):
        page = await listings.cells(SHOP, job.job_id, CellsWanted(bom_id=bom_id), FIRST, PAGE)
        assert [cell.key.bom_id for cell in page.items] == [bom_id]
