"""One cell in a worker's hands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ulid import ULID

from shared.domain.cell import CellKey
from shared.domain.comparison import Direction, Row
from shared.domain.job import JobSource
from shared.domain.plan import activates, allows_negative
from shared.domain.undo import UndoRow
from shared.mongodb.jobs.cells.cell import Cell
from shared.mongodb.jobs.job import Job


@dataclass(slots=True, eq=False)
class Task:
    """A cell of a job as it was found, its row (or what is to be undone), and how its pushes have fared since."""

    cell: Cell
    item_id: str
    direction: Direction
    source: JobSource
    allow_negative: bool
    row: Row | None
    push_id: str | None
    pushes_made: int
    asked_at: datetime
    activate: bool = False
    stale: int = 0
    split: int = 0

    @property
    def job_id(self) -> str:
        """The cell's job."""
        return self.cell.job_id

    @property
    def key(self) -> CellKey:
        """The cell's BOM and location."""
        return self.cell.key

    @property
    def cell_id(self) -> str:
        """The cell's name in the store."""
        return self.cell.cell_id

    @property
    def undo(self) -> UndoRow | None:
        """What is to be undone, where the job is an undo."""
        return self.cell.undo

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


def task_of(cell: Cell, job: Job, *, allow_negative: bool, activate: bool = False) -> Task:
    """A task from the cell and its job; the job's own options go before the shop's settings."""
    if cell.item_id is None:
        raise ValueError(f"{cell.cell_id} has no item: it ended when it was made")
    return Task(
        cell=cell,
        item_id=cell.item_id,
        direction=job.direction,
        source=job.source,
        allow_negative=allows_negative(job.options.allow_negative, of_shop=allow_negative),
        row=cell.row,
        push_id=cell.push_id,
        pushes_made=cell.pushes_made,
        asked_at=_asked_at(job),
        activate=activates(job.options.activate, of_shop=activate),
    )


def _asked_at(job: Job) -> datetime:
    """When somebody wanted the job: its id was made then. The document may be younger: the message had to wait."""
    return min(job.requested_at, ULID.from_str(job.job_id).datetime)
