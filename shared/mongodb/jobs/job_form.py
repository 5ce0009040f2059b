"""How a `Job` stands in a document, and how a document becomes one."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from shared.contract.selection import LeaveOut
from shared.domain.comparison import CellClass, Direction
from shared.domain.job import JobSource, JobState, Totals
from shared.domain.words.waits import WaitReason
from shared.mongodb.catalogue.selections import as_held
from shared.mongodb.jobs.job import (
    Approved,
    ChosenOptions,
    FinishedEvent,
    FirstError,
    Held,
    Job,
    JobFailure,
    JobsWanted,
    LeftOut,
    MadeOf,
    RunNote,
    WholeJob,
)
from shared.mongodb.schema import Document
from shared.mongodb.stored_words import StoredWords

if TYPE_CHECKING:
    from shared.contract.messages import JobRequest

BUT_THE_LONG = {"selection": 0, "leave_out.cells": 0, "leave_out.bom_ids": 0, "leave_out.keep": 0}
"""The projection for a `Job`."""

OF_MADE_OF = {"job_id": 1, "no": 1, "of_job_id": 1, "source": 1, "state": 1}
"""The projection for a `MadeOf`."""


_WAITS = StoredWords(WaitReason)
_ASKED = ("direction", "preview_id", "source", "options", "of_job_id", "left_out", "without_codes")


def asked_document(message: JobRequest) -> Document:
    """What a job is asked to do, as it is stored: the part of its document that a repeat must have alike."""
    return {
        "direction": str(message.direction),
        "selection": message.selection.model_dump(exclude_none=True),
        "preview_id": message.preview_id,
        "source": str(message.source),
        "options": message.options.model_dump(exclude_none=True),
        "of_job_id": message.of_job_id,
        "left_out": message.with_not_compared,
        "leave_out": _leave_out_document(message.leave_out),
        "without_codes": None if message.without_codes is None else sorted(str(code) for code in message.without_codes),
    }


def _leave_out_document(leave_out: LeaveOut | None) -> Document | None:
    if leave_out is None:
        return None
    # How many is stored beside them: lists of jobs leave the cells themselves out.
    numbers = {"cells_no": len(leave_out.cells or ()), "boms_no": len(leave_out.bom_ids or ())}
    return {**leave_out.model_dump(mode="json"), **numbers}


def totals_document(totals: Totals) -> Document:
    """The figures of a job."""
    return asdict(totals)


def job_of(document: Document) -> Job:
    """The job of a document; its long parts may be left out of that."""
    return Job(**_fields(document))


def whole_job_of(document: Document) -> WholeJob:
    """The job of a whole document."""
    return WholeJob(**_fields(document), held_selection=document["selection"], held_leave_out=document.get("leave_out"))


def leave_out_of(stored: Document) -> LeaveOut:
    """The rows left out, of the whole of what is stored. Raises ValidationError for what only an older build took."""
    return LeaveOut.model_validate({name: stored.get(name) for name in LeaveOut.model_fields})


def held_document(document: Document) -> Document:
    """Of a job's document, or of what it is asked to do: the part that a repeat must have alike, as it is held.

    An older build has stored long lists as they came.
    """
    leave_out = document.get("leave_out")
    return {
        **{name: document.get(name) for name in _ASKED},
        "selection": as_held(document["selection"]),
        # What is not given is absent where an older build has stored it.
        "leave_out": None
        if leave_out is None
        else {name: value for name, value in as_held(leave_out).items() if value},
    }


def approved_document(approved: Approved) -> Document:
    """What was told before the start."""
    return asdict(approved)


def _fields(document: Document) -> Document:
    # What an older build may not have written must not make the job, and every list with it, unreadable.
    held, failure, event = document.get("held"), document.get("failure"), document.get("finished_event")
    leave_out, approved = document.get("leave_out"), document.get("approved")
    return {
        "shop": document["shop"],
        "job_id": document["job_id"],
        "no": document["no"],
        "direction": Direction(document["direction"]),
        "preview_id": document.get("preview_id"),
        "source": JobSource(document["source"]),
        "requested_by": document.get("requested_by", ""),
        "options": _options(document.get("options") or {}),
        "of_job_id": document.get("of_job_id"),
        "with_not_compared": document.get("left_out", False),
        "leave_out": None if leave_out is None else _left_out(leave_out),
        "without_codes": tuple(document.get("without_codes") or ()),
        "notes": tuple([RunNote(**note) for note in document.get("notes") or ()]),
        "approved": None if approved is None else Approved(**approved),
        "state": JobState(document["state"]),
        "waits_for": document.get("waits_for"),
        "planned": document.get("planned"),
        "totals": Totals(**document["totals"]),
        "codes": document.get("codes") or {},
        "reasons": document.get("reasons") or {},
        "first_errors": tuple([_first_error(entry) for entry in document.get("first_errors") or ()]),
        "requested_at": document["requested_at"],
        "started_at": document.get("started_at"),
        "finished_at": document.get("finished_at"),
        "held": None if held is None else Held(_WAITS[held["reason"]], held["since"], held["until"]),
        "cancel_requested": document.get("cancel_requested", False),
        "failure": None if failure is None else JobFailure(failure["code"], failure["message"]),
        "finished_event": None if event is None else FinishedEvent(event),
        "trace": document.get("trace"),
        "plan_failures": document.get("plan_failures", 0),
    }


def _options(stored: Document) -> ChosenOptions:
    return ChosenOptions(allow_negative=stored.get("allow_negative"), activate=stored.get("activate"))


def _left_out(stored: Document) -> LeftOut:
    classes = tuple([CellClass(name) for name in stored["classes"] or ()])
    return LeftOut(classes, stored.get("cells_no", 0), stored.get("boms_no", 0))


def _first_error(entry: Document) -> FirstError:
    return FirstError(
        bom_id=entry["bom_id"],
        location_id=entry["location_id"],
        bom_name=entry.get("bom_name"),
        code=entry["code"],
        detail=entry.get("detail"),
    )


def made_of(document: Document) -> MadeOf:
    """The retry or undo of a document with the fields of `OF_MADE_OF`."""
    return MadeOf(
        document["job_id"],
        document["no"],
        document["of_job_id"],
        JobSource(document["source"]),
        JobState(document["state"]),
    )


def jobs_query(wanted: JobsWanted) -> Document:
    """The condition for the jobs that are wanted."""
    equal = {
        "direction": wanted.direction,
        "source": wanted.source,
        "of_job_id": wanted.of_job_id,
        "requested_by": wanted.requested_by,
    }
    query: Document = {name: str(value) for name, value in equal.items() if value is not None}
    if wanted.states is not None and len(wanted.states) < len(JobState):
        query["state"] = {"$in": sorted(str(state) for state in wanted.states)}
    moments = {"$gte": wanted.since, "$lt": wanted.until}
    if given := {name: moment for name, moment in moments.items() if moment is not None}:
        query["requested_at"] = given
    return query
