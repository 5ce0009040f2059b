"""A job as all but its store see it: frozen records, made of the documents by `job_form`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.domain.comparison import CellClass, Direction
from shared.domain.job import UNFINISHED_JOB_STATES, JobSource, JobState, Totals
from shared.domain.words.waits import JobWait, WaitReason, job_wait


class FinishedEvent(StrEnum):
    """Whether `job.finished` of an ended job has been confirmed by the broker."""

    DUE = "due"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class ChosenOptions:
    """Choices of one job; None: nothing was chosen, so the shop's setting counts."""

    allow_negative: bool | None = None
    activate: bool | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows of the preview that are no part of the job: of whole classes, how many one by one, and of how many BOMs."""

    classes: tuple[CellClass, ...]
    cells_no: int
    boms_no: int = 0


@dataclass(frozen=True, slots=True)
class Approved:
    """What whoever started the job was told that it will change: places and their BOMs, what is left out of what
    differs, and what cannot be changed, by code or reason."""

    cells: int
    boms: int
    left_out: int
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Held:
    """What a running job waits for, since when, and when it is tried again."""

    reason: WaitReason | str
    """A plain word only where a newer build has written it: its sentence is not known here."""
    since: datetime
    until: datetime

    def wait(self, now: datetime) -> JobWait | None:
        """The wait with its sentence, None where it is over by `now`."""
        return job_wait(self.reason, self.since, self.until, now)


@dataclass(frozen=True, slots=True)
class JobFailure:
    """Why a job as a whole failed."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class RunNote:
    """What a person has written about a job."""

    note_id: str
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FirstError:
    """One of the first cells that failed."""

    bom_id: str
    location_id: str
    bom_name: str | None
    code: str | None
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job and its figures, without what may be long (`WholeJob`)."""

    shop: str
    job_id: str
    no: int | None
    direction: Direction
    preview_id: str | None
    source: JobSource
    requested_by: str
    options: ChosenOptions
    of_job_id: str | None
    with_not_compared: bool
    leave_out: LeftOut | None
    without_codes: tuple[str, ...]
    notes: tuple[RunNote, ...]
    approved: Approved | None
    state: JobState
    waits_for: str | None
    planned: int | None
    totals: Totals
    codes: Mapping[str, int]
    reasons: Mapping[str, int]
    first_errors: tuple[FirstError, ...]
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    held: Held | None
    cancel_requested: bool
    failure: JobFailure | None
    finished_event: FinishedEvent | None
    trace: str | None
    plan_failures: int

    @property
    def ended(self) -> bool:
        """Whether it changes no more."""
        return self.state not in UNFINISHED_JOB_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeJob(Job):
    """A job with what its document holds of its selection and of the rows left out one by one.

    What is long is kept elsewhere: `JobStore.selection` and `JobStore.leave_out` put it together when it is needed. One
    that cannot be read is the trouble of its own job, not of a list's.
    """

    held_selection: Mapping[str, Any] = field(repr=False)
    held_leave_out: Mapping[str, Any] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class MadeOf:
    """A retry or an undo of an earlier job."""

    job_id: str
    no: int | None
    of_job_id: str
    source: JobSource
    state: JobState


@dataclass(frozen=True, slots=True)
class JobsWanted:
    """Which jobs a list is to show; None: any. `since` is in it, `until` is not."""

    states: frozenset[JobState] | None = None
    direction: Direction | None = None
    source: JobSource | None = None
    of_job_id: str | None = None
    requested_by: str | None = None
    since: datetime | None = None
    until: datetime | None = None


ANY_JOB = JobsWanted()
