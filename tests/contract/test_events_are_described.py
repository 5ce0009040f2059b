"""Every event that goes out is described with its form and an example, and says what the records tell."""

from datetime import UTC, datetime
from typing import Any

from jsonschema import Draft202012Validator

from services.preview.api.http.app import ROUTES
from services.preview.api.http.reference.event_examples import FACTS
from services.preview.api.http.reference.openapi import openapi_document
from shared.domain.notices import EVENTS, Matter
from shared.mongodb.notices import happenings

DOCUMENT = openapi_document(ROUTES)
AT = datetime(2026, 3, 1, tzinfo=UTC)
TOTALS = dict.fromkeys(("total", "updated", "skipped", "errors", "cancelled"), 0)
JOB: dict[str, Any] = {"shop": "s", "job_id": "1", "state": "completed", "source": "admin", "direction": "toLocal"}
PREVIEW: dict[str, Any] = {"shop": "s", "preview_id": "1", "requested_by": "user:1", "finished_at": AT, "badges": None}
RUN: dict[str, Any] = {"shop": "s", "schedule_id": "1", "run_id": "1", "ended_at": AT, "name": "n"}


def test_every_event_has_its_form_and_examples() -> None:
    """One entry for each event, whose examples are valid by its form."""
    assert set(DOCUMENT["webhooks"]) == {"scheduleRun", *EVENTS.values()}
    seen = set()
    for event, item in DOCUMENT["webhooks"].items():
        media = item["post"]["requestBody"]["content"]["application/json"]
        form = {**media["schema"], "components": DOCUMENT["components"]}
        for name, example in media["examples"].items():
            Draft202012Validator(form).validate(example["value"])
            seen.add(name)
            assert example["value"].get("type", event) == event
    assert seen == {"ended", *map(str, Matter)}


def test_the_examples_know_what_the_records_tell() -> None:
    """The facts of an example are those that are made of a record of its kind, no more and no less."""
    failure = {"message": "m", "remedy": None}
    found = [
        happenings._job_ended({**JOB, "totals": TOTALS, "failure": None, "finished_at": AT}),
        happenings._job_ended({**JOB, "totals": {**TOTALS, "errors": 1}, "failure": None, "finished_at": AT}),
        happenings._job_ended({**JOB, "source": "drift", "totals": TOTALS, "failure": None, "finished_at": AT}),
        happenings._preview_ended({**PREVIEW, "state": "ready", "failure": None}),
        happenings._preview_ended({**PREVIEW, "state": "failed", "failure": failure}),
        happenings._schedule_ended({**RUN, "state": "skipped", "reason": "overlap", "outcome": None}),
        happenings._schedule_ended({**RUN, "state": "ended", "reason": None, "outcome": "failed"}),
        happenings._import_ended({"shop": "s", "import_id": "1", "finished_at": AT}),
        happenings._drift_found({"shop": "s", "drift_id": "1", "detected_at": AT}),
    ]
    for happening in found:
        assert happening is not None
        assert set(happening.facts) == set(FACTS[happening.matter]), happening.matter
