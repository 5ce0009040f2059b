"""What the API shows of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.preview.api.http.explained import (
    CodeCount,
    Failure,
    Pause,
    ReasonCount,
    Wait,
    code_counts,
    failed,
    pause_of,
    reason_counts,
    wait_of,
)
from services.preview.api.http.pages import Anywhere, Moment, Paged, QueryBool
from shared.contract.messages import JobOptions, Ulid
from shared.contract.selection import LeaveOut, SelectionBody
from shared.contract.words import Id, LocationId, Words
from shared.domain.cell import CellState
from shared.domain.codes import Code, explanation
from shared.domain.comparison import CellClass, Direction, Reason
from shared.domain.job import UNFINISHED_JOB_STATES, JobSource, JobState, Totals
from shared.domain.reasons import reason_text
from shared.mongodb.jobs.bom_progress import BomProgress, BomShare
from shared.mongodb.jobs.cell import Cell, CellsWanted
from shared.mongodb.jobs.job import FirstError, Job, JobsWanted
from shared.mongodb.shops.shops import Shop


class JobIn(BaseModel):
    """A job to start: over a selection, or over a preview as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    direction: Direction
    selection: SelectionBody | None = Field(None, description="None: all cells of the preview.")
    preview_id: Ulid | None = Field(None, description="The approved preview; none: values are taken at the start.")
    job_id: Ulid | None = Field(None, description="Your own ULID, the idempotency key: a repeat starts nothing new.")
    leave_out: LeaveOut | None = Field(None, description="Rows of the preview that are no part of the job.")
    options: JobOptions = JobOptions()


class TotalsOut(BaseModel):
    """Cells: total = pending + applying + updated + skipped + errors + cancelled."""

    total: int
    pending: int
    applying: int
    updated: int
    skipped: int
    errors: int
    cancelled: int

    @classmethod
    def of(cls, totals: Totals) -> TotalsOut:
        """From the domain's."""
        return cls.model_validate(totals, from_attributes=True)


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


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around jobs: their shop, its locations' names, and which jobs have retried or undone them."""

    shop: Shop | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    retried_by: Mapping[str, str] = field(default_factory=dict)
    undone_by: Mapping[str, str] = field(default_factory=dict)


NOTHING_AROUND = Around()


class JobOut(BaseModel):
    """A job and its figures."""

    job_id: str
    no: int | None = Field(description="Its place in the shop's order; none until it is planned.")
    direction: Direction
    preview_id: str | None
    source: JobSource
    requested_by: str
    options: JobOptions
    of_job_id: str | None = Field(description="The job that this one retries or undoes.")
    left_out: bool = Field(description="A retry that also took the cells left out for a reason.")
    leave_out_classes: list[CellClass] = Field(description="Classes of the preview that are no part of the job.")
    leave_out_cells: int = Field(description="How many rows were left out one by one.")
    retried_by: str | None = Field(description="The newest retry of this job.")
    undone_by: str | None = Field(description="The newest undo of this job that was not refused.")
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

    @classmethod
    def of(cls, job: Job, around: Around = NOTHING_AROUND) -> JobOut:
        """From the record, and what is known around it."""
        paused = None if job.ended else pause_of(around.shop)
        return cls(
            job_id=job.job_id,
            no=job.no,
            direction=job.direction,
            preview_id=job.preview_id,
            source=job.source,
            requested_by=job.requested_by,
            options=options_of(job),
            of_job_id=job.of_job_id,
            left_out=job.left_out,
            leave_out_classes=[] if job.leave_out is None else list(job.leave_out.classes),
            leave_out_cells=0 if job.leave_out is None else job.leave_out.cells_no,
            retried_by=around.retried_by.get(job.job_id),
            undone_by=around.undone_by.get(job.job_id),
            state=job.state,
            waits_for=job.waits_for,
            totals=TotalsOut.of(job.totals),
            codes=code_counts(job.codes),
            reasons=reason_counts(job.reasons),
            first_errors=[_error(one, around.places) for one in job.first_errors],
            requested_at=job.requested_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            cancel_requested=job.cancel_requested,
            failure=None if job.failure is None else failed(job.failure.code, job.failure.message),
            paused=paused,
            held=None if job.ended or paused is not None else wait_of(job),
        )

    @property
    def ended(self) -> bool:
        """Whether it changes no more."""
        return self.state not in UNFINISHED_JOB_STATES


def options_of(job: Job) -> JobOptions:
    """What was chosen for the job, as it is asked for."""
    return JobOptions(allow_negative=job.options.allow_negative, activate=job.options.activate)


def _error(one: FirstError, places: Mapping[str, str]) -> JobError:
    message, remedy = explanation(one.code)
    return JobError(
        bom_id=one.bom_id,
        bom_name=one.bom_name,
        location_id=one.location_id,
        location_name=places.get(one.location_id),
        code=one.code,
        message=message,
        remedy=remedy,
        detail=one.detail,
    )


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

    @classmethod
    def of(cls, progress: BomProgress) -> BomProgressOut:
        """From the derived figures."""
        return cls(
            bom_id=progress.bom_id,
            bom_name=progress.name,
            totals=TotalsOut.of(progress.totals),
            codes=code_counts(progress.codes),
        )


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

    @classmethod
    def of(cls, cell: Cell, places: Mapping[str, str]) -> JobCellOut:
        """From the cell and the names of the locations."""
        message, remedy = explanation(cell.code)
        return cls(
            no=cell.no,
            bom_id=cell.key.bom_id,
            bom_name=cell.bom_name,
            location_id=cell.key.location_id,
            location_name=places.get(cell.key.location_id),
            inventory_item_id=cell.item_id,
            state=cell.state,
            shopify_before=cell.shopify_before,
            shopify_after=cell.shopify_after,
            local_before=cell.local_before,
            local_after=cell.local_after,
            reason=cell.reason,
            code=cell.code,
            message=message or reason_text(cell.reason),
            remedy=remedy,
            detail=cell.detail,
            attempts=cell.attempts,
            ended_at=cell.ended_at,
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
)


class HistoryLine(BaseModel):
    """A job in the table of the history."""

    job_id: str
    requested_at: AwareDatetime
    finished_at: AwareDatetime | None
    requested_by: str
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

    @classmethod
    def of(cls, job: Job) -> HistoryLine:
        """From the record."""
        return cls(
            job_id=job.job_id,
            requested_at=job.requested_at,
            finished_at=job.finished_at,
            requested_by=job.requested_by,
            direction=job.direction,
            source=job.source,
            of_job_id=job.of_job_id,
            preview_id=job.preview_id,
            state=job.state,
            total=job.totals.total,
            updated=job.totals.updated,
            skipped=job.totals.skipped,
            errors=job.totals.errors,
            cancelled=job.totals.cancelled,
        )


class JobPath(BaseModel):
    """One job."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    job_id: Ulid


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
