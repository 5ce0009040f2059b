"""One cell in a worker's hands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ulid import ULID

from shared.domain.cell import CellKey
from shared.domain.comparison import Direction, Row
from shared.domain.job import JobSource
from shared.domain.undo import UndoRow
from shared.mongodb.jobs.cells import cell_id, key_in
from shared.mongodb.jobs.job import Job
from shared.mongodb.previews.row_form import row_of
from shared.mongodb.schema import Document


@dataclass(slots=True)
class Task:
    """A cell of a job, its row (or what is to be undone), and how its pushes have fared in this process."""

    shop: str
    job_id: str
    key: CellKey
    item_id: str
    direction: Direction
    source: JobSource
    allow_negative: bool
    row: Row | None
    undo: UndoRow | None
    push_id: str | None
    pushes_made: int
    created: Document = field(repr=False)
    asked_at: datetime
    activate: bool = False
    stale: int = 0
    split: int = 0

    @property
    def cell_id(self) -> str:
        """The `_id` of the cell's document."""
        return cell_id(self.shop, self.job_id, self.key)

    @property
    def unattended(self) -> bool:
        """Whether no person has asked for the job."""
        return self.source in {JobSource.DRIFT, JobSource.SCHEDULE}

    @property
    def pair(self) -> tuple[str, str]:
        """What Shopify takes only once in one call."""
        return self.item_id, self.key.location_id

    @property
    def reference(self) -> str:
        """What the ledger names as the origin of the change."""
        return f"job:{self.job_id}"


def task_of(cell: Document, job: Job, *, allow_negative: bool) -> Task:
    """A task from the cell's document and its job; the job's own option goes before the shop's setting."""
    option = job.options.allow_negative
    undo = cell.get("undo")
    return Task(
        shop=cell["shop"],
        job_id=cell["job_id"],
        key=key_in(cell),
        item_id=cell["item_id"],
        direction=job.direction,
        source=job.source,
        allow_negative=allow_negative if option is None else option,
        row=None if cell["row"] is None else row_of(cell["row"]),
        undo=None
        if undo is None
        else UndoRow(
            Direction(undo["direction"]),
            undo["d"],
            undo["settle_no"],
            undo["tracks_rev"],
            first=undo.get("first", False),
            first_count=undo.get("first_count", False),
        ),
        push_id=cell["push_id"],
        pushes_made=cell["pushes_made"],
        created=cell,
        asked_at=_asked_at(job),
        activate=bool(job.options.activate),
    )


def _asked_at(job: Job) -> datetime:
    """When somebody wanted the job: its id was made then. The document may be younger: the message had to wait."""
    return min(job.requested_at, ULID.from_str(job.job_id).datetime)
