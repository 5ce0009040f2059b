"""The bodies of every message on RabbitMQ. All are JSON, carry `schema` = 1 and name their shop."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from shared.contract.selection import LeaveOut, SelectionBody
from shared.contract.words import BomFields, Id, LocationId, RequestedBy, Words
from shared.domain.cell import CellState
from shared.domain.comparison import CellClass, Direction
from shared.domain.job import JobSource, JobState
from shared.domain.shop import LONGEST_SHOP_DOMAIN, SHOP_DOMAIN
from shared.domain.words.codes import Code

ShopDomain = Annotated[
    str,
    Field(
        pattern=SHOP_DOMAIN,
        max_length=LONGEST_SHOP_DOMAIN,
        description="The shop's myshopify.com domain in lower case.",
    ),
]
Ulid = Annotated[str, Field(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$", description="A ULID in upper case.")]
Quantity = Annotated[int, Field(strict=True, ge=-1_000_000_000, le=1_000_000_000)]


class Message(BaseModel):
    """What every body has."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)

    schema_version: Literal[1] = Field(1, alias="schema", description="The version of the message's form.")
    shop: ShopDomain

    def to_json(self) -> bytes:
        """The body's bytes."""
        return self.model_dump_json(by_alias=True).encode()


class JobOptions(BaseModel):
    """Choices of one job; what is not given follows the shop's settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow_negative: bool | None = Field(
        None, strict=True, description="Push targets below zero; none: the shop's setting."
    )
    activate: bool | None = Field(
        None,
        strict=True,
        description="Towards Shopify: stock what is not stocked at its location, then push; none: the shop's setting.",
    )


class PreviewRequest(Message):
    """Compute a preview. `preview_id` is the client's ULID, unique per shop: a repeat has no second effect."""

    preview_id: Ulid
    selection: SelectionBody
    requested_by: RequestedBy = ""


class JobRequest(Message):
    """Start a job. `job_id` is the client's ULID and the idempotency key, unique per shop; its time is when the job was
    asked for."""

    job_id: Ulid
    direction: Direction
    selection: SelectionBody
    preview_id: Ulid | None = None
    source: JobSource = JobSource.API
    requested_by: RequestedBy = ""
    options: JobOptions = JobOptions()
    of_job_id: Ulid | None = Field(None, description="The job that a retry or an undo refers to.")
    # Left away where it is not so: an earlier build beside this one knows it as `left_out`, and says it so.
    with_not_compared: bool = Field(
        False,
        strict=True,
        validation_alias=AliasChoices("with_not_compared", "left_out"),
        exclude_if=lambda also: not also,
        description="A retry also takes the cells that were skipped since they could not be compared.",
    )
    leave_out: LeaveOut | None = Field(None, description="Rows of the preview that are no part of the job.")
    without_codes: list[Code] | None = Field(
        None,
        min_length=1,
        max_length=len(Code),
        description="A retry leaves out the cells that failed with these codes.",
    )

    @model_validator(mode="after")
    def _of_a_preview(self) -> JobRequest:
        if self.leave_out is not None and self.preview_id is None:
            raise ValueError("leave_out names rows of a preview; give its preview_id")
        return self


class JobCancel(Message):
    """Cancel what a job has not begun."""

    job_id: Ulid


class BomUpsert(BomFields, Message):
    """Create or change a BOM. Fields not given stay as they are; a new BOM starts with their defaults."""


class BomRemove(Message):
    """Remove a BOM and the stock records of its cells; its ledger stays."""

    bom_id: Id


class CountAdjust(Message):
    """A hand adjustment of one cell's count. The idempotency key makes a repeat harmless."""

    bom_id: Id
    location_id: LocationId
    delta: Quantity
    idempotency_key: Annotated[Words, Field(min_length=1, max_length=200)]
    cause: Literal["counted", "built", "imported", "corrected"] = "corrected"
    actor: RequestedBy = ""


class CellWork(Message):
    """One cell of a job. Only the documents say what is to be done."""

    job_id: Ulid
    bom_id: Id
    location_id: LocationId


class FinishedCell(BaseModel):
    """The end of one cell, as told by an event."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bom_id: str
    location_id: str
    state: CellState
    code: str | None = None


MAX_FINISHED_CELLS = 10_000
"""Cells of one `cells.finished`; a batch has 250."""


class CellsFinished(Message):
    """Some cells of a job have ended; the documents hold the truth."""

    job_id: Ulid
    cells: list[FinishedCell] = Field(fail_fast=True, max_length=MAX_FINISHED_CELLS)


class JobProgress(Message):
    """The figures of a job as they stand."""

    job_id: Ulid
    state: JobState
    totals: dict[str, int]
    waits_for: str | None = None


class JobFinished(JobProgress):
    """A job has ended, told exactly once in an undisturbed run and at least once otherwise."""


class PreviewProgress(Message):
    """Cells of a preview computed so far."""

    preview_id: Ulid
    done: int
    total: int


class PreviewReady(Message):
    """A preview has ended; `state` tells how."""

    preview_id: Ulid
    state: Literal["ready", "failed"]


class DriftDetected(Message):
    """A missed webhook: the cell's base, what Shopify holds, and since when that was seen."""

    bom_id: str
    location_id: str
    base: int | None
    shopify_value: int
    cell_class: CellClass
    since: AwareDatetime


class NoticesChanged(Message):
    """What the shop is told has changed: something new, or something settled. The records say what."""


def parse_time(text: str) -> datetime:
    """An ISO 8601 time with its zone. Raises ValueError where the zone is missing: it is never guessed."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"a time without its zone: {text!r}")
    return time
