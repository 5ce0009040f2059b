"""Whether two jobs share a cell: exactly where the other has cells, carefully where it only has a selection."""

from __future__ import annotations

from pydantic import ValidationError

from shared.domain.selection import Selection, may_overlap
from shared.mongodb.jobs.cells import CellStore
from shared.mongodb.jobs.job import WholeJob


async def shares_a_cell(job: WholeJob, other: WholeJob, cells: CellStore) -> bool:
    """Whether `job`, which has no cells yet, shares one with `other`, ended cells of it included."""
    wanted = job.selection.to_domain()
    theirs = _readable(other)
    if theirs is not None and not may_overlap(wanted, theirs):
        return False
    if other.planned is None:
        return True
    return await cells.any_of(job.shop, other.job_id, wanted)


def _readable(other: WholeJob) -> Selection | None:
    """The other's selection; None where only an older build took it: that is the other's trouble, not this job's."""
    try:
        return other.selection.to_domain()
    except ValidationError:
        return None
