"""Whether two jobs share a cell: exactly where the other has cells, carefully where it only has a selection."""

from __future__ import annotations

from pydantic import ValidationError

from shared.domain.selection import Selection, may_overlap
from shared.mongodb.catalogue.selections import SelectionLost
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.job import WholeJob
from shared.mongodb.jobs.jobs import JobStore


async def shares_a_cell(job: WholeJob, other: WholeJob, cells: CellStore, jobs: JobStore) -> bool:
    """Whether `job`, which has no cells yet, shares one with `other`, ended cells of it included."""
    wanted = (await jobs.selection(job)).to_domain()
    theirs = await _readable(other, jobs)
    if theirs is not None and not may_overlap(wanted, theirs):
        return False
    if other.planned is None:
        return True
    return await cells.any_of(job.shop, other.job_id, wanted)


async def _readable(other: WholeJob, jobs: JobStore) -> Selection | None:
    """The other's selection; None where only an older build took it: that is the other's trouble, not this job's."""
    try:
        return (await jobs.selection(other)).to_domain()
    except (ValidationError, SelectionLost):
        return None
