"""What a client is shown of a job: made from its record, to the byte what its document has always given."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.demo.shown.documents import job_document
from services.command_line.terminal.documents import encoded
from services.preview.api.jobs.view import Around, history_line, job_with
from shared.domain.words.waits import WaitReason
from shared.mongodb.jobs.job import JobsWanted
from shared.mongodb.jobs.job_form import job_of, jobs_query, whole_job_of

SHOP = "tests.myshopify.com"
AT = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)
JOB, PREVIEW, OTHER = "01K0000000000000000000000A", "01K0000000000000000000000B", "01K0000000000000000000000C"
INSIDE = {"_id", "selection", "finished_event", "planning_batches"}
"""Fields that no client is shown."""

ENDED: dict[str, Any] = {
    "_id": f"{SHOP}|{JOB}",
    "shop": SHOP,
    "job_id": JOB,
    "no": 7,
    "direction": "toShopify",
    "selection": {"bom_ids": ["b", "c"], "location_ids": ["1", "2"]},
    "preview_id": PREVIEW,
    "source": "admin",
    "requested_by": "user:42",
    "options": {"activate": True},
    "of_job_id": None,
    "left_out": False,
    "leave_out": {
        "classes": ["both_moved", "no_base"],
        "cells": [{"bom_id": "b", "location_id": "2"}, {"bom_id": "c", "location_id": "2"}],
        "cells_no": 2,
    },
    "state": "completed_with_errors",
    "waits_for": None,
    "planned": 6,
    "totals": {"total": 6, "pending": 0, "applying": 0, "updated": 2, "skipped": 1, "errors": 3, "cancelled": 0},
    "codes": {"NEGATIVE_TARGET": 1, "ITEM_NOT_FOUND": 1, "OF_A_NEWER_BUILD": 1},
    "reasons": {"in_sync": 1},
    "first_errors": [
        {"bom_id": "b", "location_id": "1", "bom_name": "Bee \x85", "code": "NEGATIVE_TARGET", "detail": None},
        {"bom_id": "c", "location_id": "2", "bom_name": None, "code": "OF_A_NEWER_BUILD", "detail": "said Shopify"},
    ],
    "requested_at": AT,
    "started_at": AT + timedelta(seconds=1),
    "finished_at": AT + timedelta(seconds=9),
    "held": None,
    "cancel_requested": False,
    "failure": None,
    "finished_event": "sent",
    "trace": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "planning_batches": 1,
}
_UNTRACED = {name: value for name, value in ENDED.items() if name not in {"trace", "finished_event"}}
HELD: dict[str, Any] = {
    **_UNTRACED,
    "source": "schedule",
    "preview_id": None,
    "options": {},
    "leave_out": {"classes": None, "cells": [{"bom_id": "b", "location_id": "2"}], "cells_no": 1},
    "state": "running",
    "codes": {},
    "reasons": {},
    "first_errors": [],
    "finished_at": None,
    "held": {"reason": "throttled", "since": AT, "until": datetime(2999, 1, 1, tzinfo=UTC)},
    "cancel_requested": True,
}
FAILED: dict[str, Any] = {
    **_UNTRACED,
    "no": 8,
    "source": "retry",
    "options": {"allow_negative": False, "activate": True},
    "of_job_id": OTHER,
    "left_out": True,
    "leave_out": None,
    "state": "failed",
    "planned": None,
    "totals": dict.fromkeys(ENDED["totals"], 0),
    "codes": {},
    "reasons": {},
    "first_errors": [],
    "started_at": None,
    "failure": {"code": "NOT_PLANNED", "message": "This job could not be planned."},
    "finished_event": "sent",
    "plan_failures": 5,
}
JOBS = {"ended": ENDED, "held": HELD, "failed": FAILED}

SHOWN = Path(__file__).with_name("shown_jobs.jsonl").read_text(encoding="utf-8").split("\n")
"""The three jobs in turn: what the HTTP API answers, and the line of the history."""

AROUND = Around(places={"1": "Berlin"}, retried_by={JOB: OTHER})


@pytest.mark.parametrize("name", JOBS)
def test_the_json_of_the_command_line_is_the_document_without_what_is_inside(name: str) -> None:
    """Field by field in their order; what may be long is left out, what an earlier build had not stored is null."""
    stored: dict[str, Any] = {}
    for field, value in JOBS[name].items():
        if field not in INSIDE:
            stored["with_not_compared" if field == "left_out" else field] = value
        if field == "leave_out":
            stored |= {"without_codes": None, "approved": None}
    if stored["leave_out"] is not None:
        stored["leave_out"] = {field: value for field, value in stored["leave_out"].items() if field != "cells"}
    assert encoded(job_document(job_of(JOBS[name]))) == encoded(stored)


@pytest.mark.parametrize("name", JOBS)
def test_the_answer_of_the_api_is_the_same_to_the_byte(name: str) -> None:
    """A client's cache, and whoever compares two answers, sees no difference."""
    job = job_of(JOBS[name])
    shown = [job_with(job, AROUND).model_dump_json(by_alias=True), history_line(job).model_dump_json()]
    place = list(JOBS).index(name) * 2
    assert shown == SHOWN[place : place + 2]


def test_a_record_does_not_change() -> None:
    """Frozen and slotted: nobody can write into what another one reads, and a mistyped field is an error."""
    job = job_of(ENDED)
    with pytest.raises(FrozenInstanceError):
        job.no = 8  # type: ignore[misc]  # that is the point
    assert not hasattr(job, "__dict__")
    assert job == job_of(ENDED)


def test_a_job_that_an_older_build_has_left_is_read_all_the_same() -> None:
    """What it lacks is empty; a selection that cannot be read is no trouble before it is asked for."""
    needed = ("shop", "job_id", "no", "direction", "source", "state", "totals", "requested_at")
    job = whole_job_of({name: ENDED[name] for name in needed} | {"selection": {"filter": {"text": "a\x00b"}}})
    assert (job.codes, job.first_errors, job.held, job.failure, job.planned) == ({}, (), None, None, None)
    assert job.held_selection == {"filter": {"text": "a\x00b"}}


def test_what_a_job_waits_for_is_a_word_of_ours_or_a_newer_builds() -> None:
    """A wait that only a newer build knows makes no job unreadable."""
    waits = job_of(HELD).held
    newer = job_of({**HELD, "held": {**HELD["held"], "reason": "moonlight"}}).held
    assert waits is not None
    assert newer is not None
    assert (waits.reason, newer.reason) == (WaitReason.THROTTLED, "moonlight")


def test_no_wish_is_no_condition() -> None:
    """A list of all jobs is asked for without any, which its index gives at once."""
    assert jobs_query(JobsWanted()) == {}
