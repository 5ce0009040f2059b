"""Whether two jobs share a cell: exactly where the other has cells, carefully where it only has a selection."""

from __future__ import annotations

from pydantic import ValidationError

from shared.contract.selection import SelectionBody
from shared.domain.selection import Selection, may_overlap
from shared.mongodb.jobs.cells import CellStore
from shared.mongodb.schema import Document


async def shares_a_cell(job: Document, other: Document, cells: CellStore) -> bool:
    """Whether `job`, which has no cells yet, shares one with `other`, ended cells of it included."""
    wanted = SelectionBody(**job["selection"]).to_domain()
    theirs = _readable(other)
    if theirs is not None and not may_overlap(wanted, theirs):
        return False
    if other["planned"] is None:
        return True
    return await cells.any_of(job["shop"], other["job_id"], wanted)


def _readable(other: Document) -> Selection | None:
    """The other's selection; None where only an older build took it: that is the other's trouble, not this job's."""
    try:
        return SelectionBody(**other["selection"]).to_domain()
    except ValidationError:
        return None
