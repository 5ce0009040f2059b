"""The OpenAPI document is valid, whole, and made of the models that parse and answer."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from services.preview.api.http.app import ROUTES
from services.preview.api.http.reference.openapi import openapi_document

DOCUMENT = openapi_document(ROUTES)
OPERATIONS = [(path, method) for path, item in DOCUMENT["paths"].items() for method in item]


def test_the_document_follows_the_meta_schema() -> None:
    """The document is OpenAPI 3.1, and each of its schemas is a JSON Schema."""
    from schemathesis.specs.openapi.definitions import (  # noqa: PLC0415  # half a second: not for every collection
        OPENAPI_31_VALIDATOR,
    )

    OPENAPI_31_VALIDATOR.validate(DOCUMENT)
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere() -> None:
    """No reference is left hanging, and no schema is left unused."""
    names = set(re.findall(r"'#/components/schemas/([^']+)'", str(DOCUMENT)))
    assert names == set(DOCUMENT["components"]["schemas"])


def test_every_route_of_the_design_is_there() -> None:
    """The operations are those that the design names."""
    assert set(OPERATIONS) == {
        ("/api/keys", "get"),
        ("/api/keys", "post"),
        ("/api/keys/{key_id}", "delete"),
        ("/api/boms", "get"),
        ("/api/facets", "get"),
        ("/api/boms", "put"),
        ("/api/boms/{bom_id}", "get"),
        ("/api/boms/{bom_id}", "delete"),
        ("/api/locations/{location_id}", "get"),
        ("/api/drift/records/{drift_id}", "get"),
        ("/api/notices/{notice_id}", "get"),
        ("/api/notifications/targets/{target_id}", "get"),
        ("/api/notifications/deliveries/{delivery_id}", "get"),
        ("/api/locations", "get"),
        ("/api/previews", "get"),
        ("/api/previews", "post"),
        ("/api/previews/{preview_id}", "get"),
        ("/api/previews/{preview_id}/rows", "get"),
        ("/api/previews/{preview_id}/changes", "post"),
        ("/api/previews/{preview_id}/events", "get"),
        ("/api/previews/{preview_id}/export.csv", "get"),
        ("/api/jobs", "post"),
        ("/api/jobs", "get"),
        ("/api/history/export.csv", "get"),
        ("/api/jobs/{job_id}", "get"),
        ("/api/jobs/{job_id}/boms", "get"),
        ("/api/jobs/{job_id}/cells", "get"),
        ("/api/jobs/{job_id}/left-out", "get"),
        ("/api/jobs/{job_id}/events", "get"),
        ("/api/jobs/{job_id}/export.csv", "get"),
        ("/api/jobs/{job_id}/cancel", "post"),
        ("/api/jobs/{job_id}/notes", "post"),
        ("/api/jobs/{job_id}/retry", "get"),
        ("/api/jobs/{job_id}/retry", "post"),
        ("/api/jobs/{job_id}/undo", "get"),
        ("/api/jobs/{job_id}/undo", "post"),
        ("/api/cells/{bom_id}/{location_id}", "get"),
        ("/api/cells/{bom_id}/{location_id}", "patch"),
        ("/api/cells/{bom_id}/{location_id}/history", "get"),
        ("/api/cells/{bom_id}/{location_id}/history/export.csv", "get"),
        ("/api/drift", "get"),
        ("/api/drift/history", "get"),
        ("/api/drift/policy", "get"),
        ("/api/drift/policy", "put"),
        ("/api/drift/sweeps", "post"),
        ("/api/drift/approve", "post"),
        ("/api/schedules", "get"),
        ("/api/schedules/{schedule_id}", "get"),
        ("/api/schedules/{schedule_id}", "put"),
        ("/api/schedules/{schedule_id}", "delete"),
        ("/api/schedules/{schedule_id}/runs", "get"),
        ("/api/keys", "get"),
        ("/api/keys", "post"),
        ("/api/keys/{key_id}", "delete"),
        ("/api/notices", "get"),
        ("/api/events/notices", "get"),
        ("/api/seen-notices", "post"),
        ("/api/notices/{notice_id}/dismiss", "post"),
        ("/api/notifications", "get"),
        ("/api/notifications/mail", "put"),
        ("/api/notifications/mail/addresses", "post"),
        ("/api/notifications/mail/addresses/remove", "post"),
        ("/api/notifications/mail/addresses/confirm", "post"),
        ("/api/notifications/mail/addresses/test", "post"),
        ("/api/notifications/targets/{target_id}", "put"),
        ("/api/notifications/targets/{target_id}", "delete"),
        ("/api/notifications/targets/{target_id}/secret", "post"),
        ("/api/notifications/targets/{target_id}/test", "post"),
        ("/api/notifications/targets/{target_id}/deliveries", "get"),
        ("/api/notifications/deliveries/{delivery_id}/replay", "post"),
        ("/api/audit", "get"),
        ("/api/known-boms", "post"),
        ("/api/counts", "post"),
        ("/api/counts/check", "post"),
        ("/api/counts/places", "get"),
        ("/api/counts/sheet.csv", "get"),
        ("/api/drift/repair", "get"),
        ("/api/first-steps", "get"),
        ("/api/imports", "get"),
        ("/api/imports", "post"),
        ("/api/imports/{import_id}", "get"),
        ("/api/imports/{import_id}/apply", "post"),
        ("/api/imports/{import_id}/discard", "post"),
        ("/api/imports/{import_id}/lines", "get"),
        ("/api/imports/{import_id}/report.csv", "get"),
        ("/api/schedule-moments", "post"),
        ("/api/schedules/{schedule_id}/runs", "post"),
        ("/api/schedules/{schedule_id}/runs/{run_id}", "get"),
        ("/api/schedules/{schedule_id}/runs/{run_id}/approve", "post"),
        ("/api/schedules/{schedule_id}/runs/{run_id}/decline", "post"),
        ("/api/selections", "post"),
        ("/api/settings", "get"),
        ("/api/settings", "put"),
        ("/api/shop", "get"),
        ("/api/shop/pause", "post"),
        ("/api/shop/resume", "post"),
        ("/api/variants", "get"),
    }


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_error_is_a_problem_document(path: str, method: str) -> None:
    """Each 4xx and 5xx of each operation is a problem document, and 401, 403, 422, 429, 500 and 503 are always told."""
    responses: dict[str, Any] = DOCUMENT["paths"][path][method]["responses"]
    errors = {status: answer for status, answer in responses.items() if int(status) >= HTTPStatus.BAD_REQUEST}
    assert {"401", "403", "422", "429", "500", "503"} <= set(errors)
    for status in ("429", "503"):
        assert "Retry-After" in errors[status]["headers"]
    for answer in errors.values():
        assert list(answer["content"]) == ["application/problem+json"]


def test_ids_are_strings_everywhere() -> None:
    """No property that is an id is a number: Shopify's exceed 2^53."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for field, form in schema.get("properties", {}).items():
            if field.endswith("_id"):
                kinds = {option.get("type") for option in form.get("anyOf", [form])}
                assert kinds <= {"string", "null"}, f"{name}.{field}"
