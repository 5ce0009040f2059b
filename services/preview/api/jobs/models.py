"""What the API takes and shows of jobs and of their cells."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from services.preview.api.http.reference.explained import CodeCount, CodeMeaning, Failure, Pause, ReasonCount, Wait
from services.preview.api.http.responses.pages import Anywhere, Moment, Paged, QueryBool
from shared.contract.messages import JobOptions, Ulid
from shared.contract.selection import LeaveOut, SelectionBody
from shared.contract.words import Id, LocationId, Words
from shared.domain.cell import CellState
from shared.domain.comparison import CellClass, Direction, Reason
from shared.domain.job import UNFINISHED_JOB_STATES, JobSource, JobState
from shared.domain.words.codes import Code
from shared.mongodb.jobs.cells.cell import CellsWanted
from shared.mongodb.jobs.job import JobsWanted
from shared.mongodb.jobs.totals.bom_progress import BomShare

BOMS_SOUGHT = 20
"""BOMs of which a search looks for the jobs."""


def _written(text: str) -> str:
    """Without what no text holds. Raises ValueError for nothing but blanks."""
    if any(sign < " " and sign not in "\n\t" for sign in text):
        raise ValueError("must hold no control characters")
    if not (cut := text.strip()):
        raise ValueError("must say something")
    return cut


class JobIn(BaseModel):
    """A job to start: over a selection, or over a preview as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    direction: Direction
    selection: SelectionBody | None = Field(None, description="None: all cells of the preview.")
    preview_id: Ulid | None = Field(None, description="The approved preview; none: values are taken at the start.")
    job_id: Ulid | None = Field(None, description="Your own ULID, the idempotency key: a repeat starts nothing new.")
    leave_out: LeaveOut | None = Field(None, description="Rows of the preview that are no part of the job.")
    options: JobOptions = JobOptions()


class AgainIn(BaseModel):
    """A new job made from an earlier one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    job_id: Ulid | None = Field(None, description="Your own ULID for the new job: a repeat starts nothing new.")


class TotalsOut(BaseModel):
    """Cells: total = pending + applying + updated + skipped + errors + cancelled."""

    total: int
    pending: int
    applying: int
    updated: int
    skipped: int
    errors: int
    cancelled: int


class JobError(BaseModel):
    """One failed cell, with what to do about it."""

    bom_id: str
    bom_name: str | None
    location_id: str
    location_name: str | None
    code: str | None
    message: str | None
    remedy: str | None
    detail: str | None


class RunNoteOut(BaseModel):
    """What a person has written about a job."""

    note_id: str
    text: str
    by: str
    who: str = Field(description="Who wrote it, in words.")
    at: AwareDatetime


class EarlierRun(BaseModel):
    """The job that a retry or an undo is made of."""

    job_id: str
    no: int | None
    direction: Direction
    source: JobSource
    requested_at: AwareDatetime


class Approved(BaseModel):
    """What whoever started a job was told that it will change."""

    cells: int = Field(description="Cells that were to change.")
    boms: int = Field(description="BOMs with such a cell.")
    left_out: int = Field(description="Cells that differ and were left out.")
    refused: list[CodeCount] = Field(description="Cells that could not be changed, by why.")


class JobOut(BaseModel):
    """A job and its figures."""

    job_id: str
    no: int | None = Field(description="Its place in the shop's order; none until it is planned.")
    direction: Direction
    preview_id: str | None
    source: JobSource
    requested_by: str
    who: str = Field(description="Who asked for it, in words: a staff member, Trueup (automatic), another program.")
    options: JobOptions
    of_job_id: str | None = Field(description="The job that this one retries or undoes.")
    of_job: EarlierRun | None = Field(description="That job, as far as it is still there.")
    with_not_compared: bool = Field(description="A retry that also took the cells that could not be compared.")
    leave_out_classes: list[CellClass] = Field(description="Classes of the preview that are no part of the job.")
    leave_out_cells: int = Field(description="How many rows were left out one by one.")
    leave_out_boms: int = Field(description="How many BOMs were left out with all their rows.")
    approved: Approved | None = Field(
        description="What was told before the start; none: it was not asked for over a preview here."
    )
    retried_by: str | None = Field(description="The newest retry of this job.")
    undone_by: str | None = Field(description="The newest undo of this job that was not refused.")
    undone_state: JobState | None = Field(description="How far that undo is.")
    may_be_undone: bool = Field(
        description="It has ended, has changed something, is no undo itself, and was not undone without errors yet."
    )
    without_codes: list[CodeMeaning] = Field(description="A retry: what failed so is no part of it.")
    notes: list[RunNoteOut]
    state: JobState
    waits_for: str | None = Field(description="The job that has to end first.")
    totals: TotalsOut
    codes: list[CodeCount]
    reasons: list[ReasonCount]
    first_errors: list[JobError]
    requested_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    cancel_requested: bool
    failure: Failure | None
    paused: Pause | None = Field(description="The pause of the shop that an unfinished job waits for.")
    held: Wait | None = Field(description="What else an unfinished job waits for now; none: nothing holds it.")

    @property
    def ended(self) -> bool:
        """Whether it changes no more."""
        return self.state not in UNFINISHED_JOB_STATES


class JobPage(BaseModel):
    """Jobs, the newest first."""

    items: list[JobOut]
    next_cursor: str | None


class BomProgressOut(BaseModel):
    """A BOM of a job with the figures of its cells."""

    bom_id: str
    bom_name: str | None
    totals: TotalsOut
    codes: list[CodeCount]


class BomProgressPage(BaseModel):
    """BOMs by id."""

    items: list[BomProgressOut]
    next_cursor: str | None
    total: int = Field(description="How many BOMs the search finds in all.")


class JobCellOut(BaseModel):
    """A cell of a job; an ended one with what happened."""

    no: int
    bom_id: str
    bom_name: str | None
    location_id: str
    location_name: str | None
    inventory_item_id: str | None
    state: CellState
    shopify_before: int | None
    shopify_after: int | None
    local_before: int | None
    local_after: int | None
    reason: str | None
    code: str | None
    message: str | None = Field(description="What the reason or code means.")
    remedy: str | None
    detail: str | None = Field(description="Shopify's own words.")
    attempts: int
    ended_at: AwareDatetime | None


CELL_COLUMNS = (
    "bom_id",
    "bom_name",
    "location_id",
    "location_name",
    "inventory_item_id",
    "state",
    "shopify_before",
    "shopify_after",
    "local_before",
    "local_after",
    "reason",
    "code",
    "message",
    "remedy",
    "detail",
    "ended_at",
)


class JobCellPage(BaseModel):
    """Cells in the order of the job."""

    items: list[JobCellOut]
    next_cursor: str | None
    total: int = Field(description="How many cells the search finds in all.")


HISTORY_COLUMNS = (
    "job_id",
    "requested_at",
    "finished_at",
    "requested_by",
    "who",
    "direction",
    "source",
    "of_job_id",
    "preview_id",
    "state",
    "total",
    "updated",
    "skipped",
    "errors",
    "cancelled",
    "notes",
)


class HistoryLine(BaseModel):
    """A job in the table of the history."""

    job_id: str
    requested_at: AwareDatetime
    finished_at: AwareDatetime | None
    requested_by: str
    who: str
    direction: Direction
    source: JobSource
    of_job_id: str | None
    preview_id: str | None
    state: JobState
    total: int
    updated: int
    skipped: int
    errors: int
    cancelled: int
    notes: str | None


class JobPath(BaseModel):
    """One job."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    job_id: Ulid


class NoteIn(BaseModel):
    """A note to write."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_written)]
    note_id: Ulid | None = Field(None, description="Your own ULID: a repeat writes nothing more.")


class JobFilter(BaseModel):
    """Which jobs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: JobState | None = None
    direction: Direction | None = None
    source: JobSource | None = None
    of_job_id: Ulid | None = None
    open: QueryBool | None = Field(None, description="Only jobs that have not ended (or that have).")
    requested_by: Annotated[Words, Field(max_length=200)] | None = None
    since: Moment | None = Field(None, description="Only jobs requested then or later.")
    until: Moment | None = Field(None, description="Only jobs requested before then.")
    bom_id: Id | None = Field(None, description="Only jobs that had to do with this BOM.")
    bom: Annotated[Words, Field(min_length=1, max_length=200)] | None = Field(
        None, description=f"The same of the first {BOMS_SOUGHT} BOMs with this in their name or id."
    )

    def wanted(self) -> JobsWanted:
        """As the store takes it."""
        return JobsWanted(
            states=frozenset(state for state in JobState if self._has(state)),
            direction=self.direction,
            source=self.source,
            of_job_id=self.of_job_id,
            requested_by=self.requested_by,
            since=self.since,
            until=self.until,
        )

    def _has(self, state: JobState) -> bool:
        is_open = state in UNFINISHED_JOB_STATES
        return (self.state is None or state is self.state) and (self.open is None or is_open is self.open)


class JobSearch(JobFilter, Paged):
    """Which jobs of the history."""


class JobBomSearch(Anywhere, JobPath):
    """Which BOMs of a job."""

    only: BomShare | None = Field(
        None, description="BOMs with an open cell, with a failed one, or without open ones any more."
    )


class JobCellSearch(Anywhere, JobPath):
    """Which cells of a job."""

    state: CellState | None = None
    code: Code | None = None
    reason: Reason | None = None
    bom_id: Id | None = None
    location_id: LocationId | None = None

    def wanted(self) -> CellsWanted:
        """What the cells must have."""
        return CellsWanted(self.state, self.code, self.reason, self.bom_id, self.location_id)
