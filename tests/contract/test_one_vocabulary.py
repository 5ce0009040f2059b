"""One word, one thing: a field has the same name wherever it is shown, sent or asked for, and no other meaning."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.preview.api.http.app import ROUTES
from services.preview.api.http.reference.openapi import openapi_document
from shared.rabbitmq.described import document as asyncapi_document

OPENAPI, ASYNCAPI = openapi_document(ROUTES), asyncapi_document()

LEFT_OUT_OF_A_JOB = {"Approved", "ChangesOut"}
"""The only schemas that may say `left_out`: rows of a preview that whoever starts the job wants no part of it."""

SYNONYMS = {
    "left_out": "`not_compared` of what cannot be compared, `skipped` of a run that did not begin",
    "excluded": "left_out, not_compared or except_bom_ids",
    "ignored": "left_out, not_compared or skipped",
    "product_id": "bom_id, or inventory_item_id",
    "item_id": "inventory_item_id",
    "place_id": "location_id",
    "warehouse_id": "location_id",
    "location": "location_id, or location_name",
    "place": "location_id, or location_name",
    "quantity": "count, shopify_value or local_value",
    "available": "shopify_value",
    "on_hand": "count",
    "remote": "shopify_value",
    "remote_value": "shopify_value",
    "shopify": "shopify_value",
    "local": "local_value",
    "diff": "difference",
    "delta_value": "difference",
    "class": "cell_class in a body; only a query says `class`",
    "run_at": "due_at",
    "created": "created_at, of a time",
    "timestamp": "a name that ends in _at",
    "user": "requested_by, or another word that ends in by",
    "author": "by",
    "page": "next_cursor",
    "next": "next_cursor",
    "page_size": "limit",
    "data": "items, of a list",
    "results": "items",
    "error_code": "code",
    "retry_of": "of_job_id",
    "run_name": "schedule_name",
}
"""Words that nobody says, and what is said instead."""

MEANT = {
    # A query is short, and a person writes it.
    ("SheetLine", "location"): "a column of a sheet for people",
    ("BomWritten", "created"): "whether it is new, no time",
    ("Notification", "timestamp"): "Standard Webhooks call it so",
    ("Notification", "data"): "Standard Webhooks call it so",
}
"""Where such a word is what is meant."""


def _properties(schemas: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, schema in schemas.items():
        for field in schema.get("properties", {}):
            yield name, field


@pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI], ids=["http", "amqp"])
def test_nobody_says_it_otherwise(document: dict[str, Any]) -> None:
    """No body has a field under a word that another one stands for."""
    said = {
        f"{name}.{field}: say {SYNONYMS[field]}"
        for name, field in _properties(document["components"]["schemas"])
        if field in SYNONYMS and (name, field) not in MEANT and not (field == "left_out" and name in LEFT_OUT_OF_A_JOB)
    }
    assert said == set()


def test_parameters_are_called_as_fields_are() -> None:
    """A query asks for a thing by the name that the answers have for it."""
    names = {
        (path, parameter["name"])
        for path, item in OPENAPI["paths"].items()
        for operation in item.values()
        for parameter in operation.get("parameters", ())
        if parameter["name"] in SYNONYMS and parameter["name"] != "class"
    }
    assert names == set()


def test_every_list_is_paged_alike() -> None:
    """What lists holds `items`; where there may be more it says `next_cursor`, and takes `cursor` and `limit`."""
    schemas = OPENAPI["components"]["schemas"]
    for path, item in OPENAPI["paths"].items():
        for method, operation in item.items():
            form = (
                operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
            )
            fields = schemas.get(form.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
            names = {parameter["name"] for parameter in operation.get("parameters", ())}
            if "next_cursor" in fields:
                assert {"cursor", "limit"} <= names, (method, path)
                assert "items" in fields, (method, path)
            if "cursor" in names:
                assert "next_cursor" in fields, (method, path)


def test_what_is_listed_is_fetched_one_by_one() -> None:
    """Each noun that a list shows by an id of its own has an address, by which one is read, whatever a list finds."""
    nouns = (
        "boms/{bom_id}",
        "locations/{location_id}",
        "cells/{bom_id}/{location_id}",
        "previews/{preview_id}",
        "jobs/{job_id}",
        "imports/{import_id}",
        "drift/records/{drift_id}",
        "schedules/{schedule_id}",
        "schedules/{schedule_id}/runs/{run_id}",
        "notices/{notice_id}",
        "notifications/targets/{target_id}",
        "notifications/deliveries/{delivery_id}",
    )
    for path in (f"/api/{noun}" for noun in nouns):
        assert "get" in OPENAPI["paths"].get(path, {}), path
