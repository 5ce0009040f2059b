"""What the API shows of jobs."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.preview.api.explained import (
    CodeCount,
    Failure,
    Pause,
    ReasonCount,
    code_counts,
    explanation,
    failure_of,
    pause_of,
    reason_counts,
    reason_text,
)
from services.preview.api.pages import Paged
from shared.contract.messages import JobOptions, Ulid
from shared.contract.selection import Id, SelectionBody
from shared.domain.cell import CellState
from shared.domain.codes import Code
from shared.domain.comparison import Direction, Reason
from shared.domain.job import UNFINISHED_JOB_STATES, JobSource, JobState, Totals
from shared.mongodb.listings import BomProgress
from shared.mongodb.shops import Shop


class JobIn(BaseModel):
    """A job to start: over a selection, or over a preview as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    direction: Direction
    selection: SelectionBody | None = Field(None, description="None: all cells of the preview.")
    preview_id: Ulid | None = Field(None, description="The approved preview; none: values are taken at the start.")
    job_id: Ulid | None = Field(None, description="Your own ULID, the idempotency key: a repeat starts nothing new.")
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
    code: str | None
    message: str | None
    remedy: str | None
    detail: str | None


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
    left_out: bool
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
    paused: Pause | None = Field(description="Why an unfinished job does not go on now; none: nothing holds it.")

    @classmethod
    def of(cls, document: dict[str, Any], shop: Shop | None = None) -> JobOut:
        """From the stored document; with its shop, an unfinished one tells of the shop's pause."""
        unfinished = document["state"] in UNFINISHED_JOB_STATES
        return cls(
            job_id=document["job_id"],
            no=document["no"],
            direction=document["direction"],
            preview_id=document["preview_id"],
            source=document["source"],
            requested_by=document["requested_by"],
            options=JobOptions(**document["options"]),
            of_job_id=document["of_job_id"],
            left_out=document["left_out"],
            state=document["state"],
            waits_for=document["waits_for"],
            totals=TotalsOut(**document["totals"]),
            codes=code_counts(document["codes"]),
            reasons=reason_counts(document["reasons"]),
            first_errors=[_error(entry) for entry in document["first_errors"]],
            requested_at=document["requested_at"],
            started_at=document["started_at"],
            finished_at=document["finished_at"],
            cancel_requested=document["cancel_requested"],
            failure=failure_of(document["failure"]),
            paused=pause_of(shop) if unfinished else None,
        )

    @property
    def ended(self) -> bool:
        """Whether it changes no more."""
        return self.state not in UNFINISHED_JOB_STATES


def _error(entry: dict[str, Any]) -> JobError:
    message, remedy = explanation(entry["code"])
    return JobError(
        bom_id=entry["bom_id"],
        bom_name=entry.get("bom_name"),
        location_id=entry["location_id"],
        code=entry["code"],
        message=message,
        remedy=remedy,
        detail=entry.get("detail"),
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


class JobCellOut(BaseModel):
    """A cell of a job; an ended one with what happened."""

    no: int
    bom_id: str
    bom_name: str | None
    location_id: str
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
    def of(cls, document: dict[str, Any]) -> JobCellOut:
        """From the stored cell."""
        message, remedy = explanation(document["code"])
        return cls(
            no=document["no"],
            bom_id=document["bom_id"],
            bom_name=document["bom_name"],
            location_id=document["location_id"],
            inventory_item_id=document["item_id"],
            state=document["state"],
            shopify_before=document.get("shopify_before"),
            shopify_after=document.get("shopify_after"),
            local_before=document.get("local_before"),
            local_after=document.get("local_after"),
            reason=document["reason"],
            code=document["code"],
            message=message or reason_text(document["reason"]),
            remedy=remedy,
            detail=document["detail"],
            attempts=document["attempts"],
            ended_at=document.get("ended_at"),
        )


class JobCellPage(BaseModel):
    """Cells in the order of the job."""

    items: list[JobCellOut]
    next_cursor: str | None


class JobPath(BaseModel):
    """One job."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    job_id: Ulid


class JobSearch(Paged):
    """Which jobs."""

    state: JobState | None = None
    direction: Direction | None = None
    source: JobSource | None = None
    of_job_id: Ulid | None = None

    def wanted(self) -> dict[str, str]:
        """The stored values asked for."""
        asked = {
            "state": self.state,
            "direction": self.direction,
            "source": self.source,
            "of_job_id": self.of_job_id,
        }
        return {name: str(value) for name, value in asked.items() if value is not None}


class JobBomSearch(Paged, JobPath):
    """Which BOMs of a job."""


class JobCellSearch(Paged, JobPath):
    """Which cells of a job."""

    state: CellState | None = None
    code: Code | None = None
    reason: Reason | None = None
    bom_id: Id | None = None

    def wanted(self) -> dict[str, str]:
        """The stored values asked for."""
        asked = {"state": self.state, "code": self.code, "reason": self.reason, "bom_id": self.bom_id}
        return {name: str(value) for name, value in asked.items() if value is not None}
