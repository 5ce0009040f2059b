"""One cell in a worker's hands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ulid import ULID

from shared.domain.cell import CellKey
from shared.domain.comparison import Direction, Row
from shared.domain.job import JobSource
from shared.domain.plan import allows_negative
from shared.domain.undo import UndoRow
from shared.mongodb.cells import cell_id, key_in
from shared.mongodb.collections import Document
from shared.mongodb.row_form import row_of


@dataclass(slots=True)
class Task:
    """A cell of a job, its row (or what is to be undone), and how its pushes have fared in this process."""

    shop: str
    job_id: str
    key: CellKey
    item_id: str
    direction: Direction
    source: str
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


def task_of(cell: Document, job: Document, *, allow_negative: bool) -> Task:
    """A task from the cell's and its job's documents; the job's own option goes before the shop's setting."""
    undo = cell.get("undo")
    return Task(
        shop=cell["shop"],
        job_id=cell["job_id"],
        key=key_in(cell),
        item_id=cell["item_id"],
        direction=Direction(job["direction"]),
        source=job["source"],
        allow_negative=allows_negative(job["options"].get("allow_negative"), of_shop=allow_negative),
        row=None if cell["row"] is None else row_of(cell["row"]),
        undo=None
        if undo is None
        else UndoRow(
            Direction(undo["direction"]),
            undo["d"],
            undo["settle_no"],
            undo["tracks_rev"],
            first=undo["first"],
            first_count=undo["first_count"],
        ),
        push_id=cell["push_id"],
        pushes_made=cell["pushes_made"],
        created=cell,
        asked_at=_asked_at(job),
        activate=bool(job["options"].get("activate")),
    )


def _asked_at(job: Document) -> datetime:
    """When somebody wanted the job: its id was made then. The document may be younger: the message had to wait."""
    requested_at: datetime = job["requested_at"]
    return min(requested_at, ULID.from_str(job["job_id"]).datetime)
