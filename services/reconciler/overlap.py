"""Whether two jobs share a cell: exactly where the other has cells, carefully where it only has a selection."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from shared.contract.selection import SelectionBody
from shared.domain.batches import batches
from shared.domain.selection import Grid, Picked, Selection, may_overlap
from shared.mongodb.cells import CellStore
from shared.mongodb.collections import Document
from shared.mongodb.jobs import JobStore
from shared.mongodb.selections import SelectionLost

_BOMS_PER_QUERY = 1000
_CELLS_PER_QUERY = 500


async def shares_a_cell(job: Document, other: Document, cells: CellStore, jobs: JobStore) -> bool:
    """Whether `job`, which has no cells yet, shares one with `other`, ended cells of it included."""
    wanted = SelectionBody(**await jobs.selection(job)).to_domain()
    theirs = await _readable(other, jobs)
    if theirs is not None and not may_overlap(wanted, theirs):
        return False
    if other["planned"] is None:
        return True
    return await cells.any_in(job["shop"], other["job_id"], _conditions(wanted))


async def _readable(other: Document, jobs: JobStore) -> Selection | None:
    """The other's selection; None where only an older build took it: that is the other's trouble, not this job's."""
    try:
        return SelectionBody(**await jobs.selection(other)).to_domain()
    except (ValidationError, SelectionLost):
        return None


def _conditions(wanted: Selection) -> Iterator[Document]:
    """The selection as conditions on cells, in parts that fit one query."""
    if isinstance(wanted, Picked):
        for part in batches(sorted(wanted.cells), _CELLS_PER_QUERY):
            yield {"$or": [{"bom_id": cell.bom_id, "location_id": cell.location_id} for cell in part]}
        return
    places: Document = {}
    if wanted.location_ids is not None:
        places = {"location_id": {"$in": sorted(wanted.location_ids)}}
    if isinstance(wanted, Grid) and wanted.bom_ids is not None:
        for boms in batches(sorted(wanted.bom_ids), _BOMS_PER_QUERY):
            yield {"bom_id": {"$in": boms}, **places}
        return
    yield places
