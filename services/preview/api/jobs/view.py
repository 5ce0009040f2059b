"""Jobs and their cells as they are shown, with what is known around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from services.preview.api.http.dependencies import Dependencies
from services.preview.api.http.reference.explained import (
    code_counts,
    code_meaning,
    failed,
    pause_of,
    reason_counts,
    wait_of,
)
from services.preview.api.http.route import Answer
from services.preview.api.jobs.models import (
    Approved,
    BomProgressOut,
    EarlierRun,
    HistoryLine,
    JobCellOut,
    JobError,
    JobOut,
    RunNoteOut,
    TotalsOut,
)
from shared.contract.messages import JobOptions
from shared.domain.job import JobSource, JobState
from shared.domain.words.codes import explanation
from shared.domain.words.people import shown_name
from shared.domain.words.reasons import reason_text
from shared.mongodb.jobs.cells.cell import Cell
from shared.mongodb.jobs.job import Approved as Told
from shared.mongodb.jobs.job import FirstError, Job, MadeOf, RunNote
from shared.mongodb.jobs.totals.bom_progress import BomProgress
from shared.mongodb.shops.shops import Shop

_CAME_TO_NOTHING = frozenset({JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around jobs: their shop, its locations' names, and which jobs have retried or undone them."""

    shop: Shop | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    retried_by: Mapping[str, str] = field(default_factory=dict)
    undone_by: Mapping[str, MadeOf] = field(default_factory=dict)
    first: Mapping[str, Job] = field(default_factory=dict)


async def jobs_out(deps: Dependencies, shop: str, jobs: Sequence[Job]) -> list[JobOut]:
    """These jobs."""
    around = await _around(deps, shop, jobs)
    return [job_with(job, around) for job in jobs]


async def job_out(deps: Dependencies, shop: str, job: Job) -> JobOut:
    """One job."""
    return (await jobs_out(deps, shop, [job]))[0]


async def accepted(deps: Dependencies, shop: str, job: Job) -> Answer:
    """202 with the job."""
    shown = await job_out(deps, shop, job)
    return Answer(shown, HTTPStatus.ACCEPTED, {"Location": f"/api/jobs/{job.job_id}"})


async def place_names(deps: Dependencies, shop: str) -> Mapping[str, str]:
    """The names of the shop's locations by id."""
    return {location_id: location.name for location_id, location in (await deps.boms.locations(shop)).items()}


async def _around(deps: Dependencies, shop: str, jobs: Sequence[Job]) -> Around:
    retried: dict[str, str] = {}
    undone: dict[str, MadeOf] = {}
    for made in await deps.listings.made_of(shop, [job.job_id for job in jobs]):
        if made.source is JobSource.RETRY:
            retried[made.of_job_id] = made.job_id
        elif made.source is JobSource.UNDO and made.state not in _CAME_TO_NOTHING:
            undone[made.of_job_id] = made
    earlier = {job.of_job_id for job in jobs if job.of_job_id is not None}
    first = await deps.jobs.get_many(shop, earlier) if earlier else {}
    places = await place_names(deps, shop) if any(job.first_errors for job in jobs) else {}
    return Around(await deps.shops.get(shop), places, retried, undone, first)


def job_with(job: Job, around: Around) -> JobOut:
    """From the record, and what is known around it."""
    paused = None if job.ended else pause_of(around.shop)
    undone = around.undone_by.get(job.job_id)
    return JobOut(
        job_id=job.job_id,
        no=job.no,
        direction=job.direction,
        preview_id=job.preview_id,
        source=job.source,
        requested_by=job.requested_by,
        who=shown_name(job.requested_by, job.source),
        options=options_of(job),
        of_job_id=job.of_job_id,
        of_job=_earlier(around.first.get(job.of_job_id or "")),
        with_not_compared=job.with_not_compared,
        leave_out_classes=[] if job.leave_out is None else list(job.leave_out.classes),
        leave_out_cells=0 if job.leave_out is None else job.leave_out.cells_no,
        leave_out_boms=0 if job.leave_out is None else job.leave_out.boms_no,
        approved=None if job.approved is None else _approved(job.approved),
        retried_by=around.retried_by.get(job.job_id),
        undone_by=None if undone is None else undone.job_id,
        undone_state=None if undone is None else undone.state,
        may_be_undone=may_be_undone(job, undone),
        without_codes=[code_meaning(code) for code in job.without_codes],
        notes=[note_out(note) for note in job.notes],
        state=job.state,
        waits_for=job.waits_for,
        totals=TotalsOut.model_validate(job.totals, from_attributes=True),
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


def may_be_undone(job: Job, undone: MadeOf | None) -> bool:
    """Whether an undo may take something back: what an undo could not take back it may try once more."""
    changed = job.ended and job.totals.updated > 0 and job.source is not JobSource.UNDO
    return changed and (undone is None or undone.state is JobState.COMPLETED_WITH_ERRORS)


def note_out(note: RunNote) -> RunNoteOut:
    """A note."""
    return RunNoteOut(note_id=note.note_id, text=note.text, by=note.by, who=shown_name(note.by), at=note.at)


def _earlier(job: Job | None) -> EarlierRun | None:
    if job is None:
        return None
    return EarlierRun(
        job_id=job.job_id, no=job.no, direction=job.direction, source=job.source, requested_at=job.requested_at
    )


def _approved(told: Told) -> Approved:
    refused = code_counts(told.refused)
    return Approved(cells=told.cells, boms=told.boms, left_out=told.left_out, refused=refused)


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


def bom_progress_out(progress: BomProgress) -> BomProgressOut:
    """A BOM of a job, with the derived figures."""
    return BomProgressOut(
        bom_id=progress.bom_id,
        bom_name=progress.name,
        totals=TotalsOut.model_validate(progress.totals, from_attributes=True),
        codes=code_counts(progress.codes),
    )


def job_cell_out(cell: Cell, places: Mapping[str, str]) -> JobCellOut:
    """From the cell and the names of the locations."""
    message, remedy = explanation(cell.code)
    return JobCellOut(
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


def history_line(job: Job) -> HistoryLine:
    """A job in the table of the history."""
    return HistoryLine(
        job_id=job.job_id,
        requested_at=job.requested_at,
        finished_at=job.finished_at,
        requested_by=job.requested_by,
        who=shown_name(job.requested_by, job.source),
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
        notes="\n".join(note.text for note in job.notes) or None,
    )
