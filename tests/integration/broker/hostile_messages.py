"""Messages that no honest client sends, of every kind we know of, for every exchange and key."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from itertools import cycle, product
from typing import Any, NamedTuple

from shared.contract.seal import SEAL
from shared.rabbitmq.topology import (
    BOM_REMOVE,
    BOM_UPSERT,
    CELLS_FINISHED,
    COMMANDS,
    COUNT_ADJUST,
    DEAD,
    DRIFT_DETECTED,
    EVENTS,
    JOB_CANCEL,
    JOB_FINISHED,
    JOB_PROGRESS,
    JOB_REQUEST,
    PARTITIONS,
    PREVIEW_PROGRESS,
    PREVIEW_READY,
    PREVIEW_REQUEST,
    WEBHOOKS,
    cell_key,
)
from tests.integration.shop_world import SHOP

ULID = "01M88VNCS15QS29MB0YK3GJBC6"


class Hostile(NamedTuple):
    """One message as its publisher sends it."""

    exchange: str
    key: str
    body: bytes
    headers: Mapping[str, Any]
    properties: Mapping[str, Any] = {}


_SELECTION = {"bom_ids": "all"}
_CELL: dict[str, Any] = {"job_id": ULID, "bom_id": "A", "location_id": "1"}
HONEST: Mapping[tuple[str, str], dict[str, Any]] = {
    (COMMANDS, PREVIEW_REQUEST): {"preview_id": ULID, "selection": _SELECTION, "requested_by": "x"},
    (COMMANDS, JOB_REQUEST): {
        "job_id": ULID,
        "direction": "toShopify",
        "selection": _SELECTION,
        "preview_id": ULID,
        "source": "api",
        "options": {"allow_negative": True},
        "of_job_id": ULID,
        "left_out": False,
        "leave_out": None,
    },
    (COMMANDS, JOB_CANCEL): {"job_id": ULID},
    (COMMANDS, BOM_UPSERT): {
        "bom_id": "Z",
        "inventory_item_id": "1",
        "name": "Z",
        "tags": ["a"],
        "tracks_pre_assembled": True,
    },
    (COMMANDS, BOM_REMOVE): {"bom_id": "nothing"},
    (COMMANDS, COUNT_ADJUST): {"bom_id": "Z", "location_id": "1", "delta": 1, "idempotency_key": "k", "cause": "built"},
    (EVENTS, CELLS_FINISHED): {
        "job_id": ULID,
        "cells": [{"bom_id": "A", "location_id": "1", "state": "updated", "code": None}],
    },
    (EVENTS, JOB_FINISHED): {"job_id": ULID, "state": "completed", "totals": {"total": 1}, "waits_for": None},
    (EVENTS, JOB_PROGRESS): {"job_id": ULID, "state": "running", "totals": {"total": 1}},
    (EVENTS, PREVIEW_PROGRESS): {"preview_id": ULID, "done": 1, "total": 2},
    (EVENTS, PREVIEW_READY): {"preview_id": ULID, "state": "ready"},
    (EVENTS, DRIFT_DETECTED): {"bom_id": "A", "location_id": "1", "base": 1, "shopify_value": 2},
    (WEBHOOKS, "inventory_levels.update"): {"inventory_item_id": 1, "location_id": 2, "available": 3},
    (WEBHOOKS, "app.uninstalled"): {"id": 1, "myshopify_domain": SHOP},
    (DEAD, "nonsense.key"): {"anything": 1},
    (DEAD, JOB_REQUEST): {"job_id": ULID},
    **{(COMMANDS, cell_key(partition)): _CELL for partition in range(PARTITIONS)},
}
"""What is near enough to be taken for a message, by exchange and key. The shop is one that nobody knows."""

_STRANGER = "hostile.myshopify.com"

_WRONG: tuple[str, ...] = (
    "[]", "{}", "7", "null", "true", '""', '"' + "x" * 70_000 + '"', "NaN", "-Infinity", "1e400", "9" * 5_000, "-1",
    '"\\ud800"', '"a\\u0000b"', "1.5", '[[["a"]]]', '{"$ne": 1}', "18446744073709551616", '"../../x"', '"a|b"',
)  # fmt: skip  # one a line would fill the page
"""JSON texts that fit no field, or hardly one."""

_BODIES: tuple[bytes, ...] = (
    b"",
    b"\x00\xff\xfe",
    b"\xff" * 1_000,
    b"[" * 50_000,
    b'{"a":' * 50_000,
    b"[" * 220 + b"]" * 220,
    b'{"schema": 1, "shop": ' + b"9" * 5_000 + b"}",
    b'{"schema": 1, "shop": "\\ud800.myshopify.com"}',
    b'{"schema": 1, "shop": "a\\u0000b.myshopify.com"}',
    b'{"schema": 1, "schema": 1, "shop": "a.myshopify.com", "shop": "b.myshopify.com", "job_id": 1, "job_id": 2}',
    b'{"schema": NaN, "shop": Infinity, "job_id": -Infinity}',
    gzip.compress(b'{"schema": 1}'),
    b'\xef\xbb\xbf{"schema": 1}',
    json.dumps({"schema": 1, "shop": SHOP}).encode("utf-16"),
    b"null",
    b'"' + b"x" * 300_000 + b'"',
)

_HEADERS: tuple[Mapping[str, Any], ...] = (
    {},
    {"x-death": [1, 2], "x-first-death-reason": "delivery_limit"},
    {"x-death": [{"queue": "trueup.jobs", "reason": "expired", "count": "x", "exchange": "e", "routing-keys": ["a"]}]},
    {"x-death": "x" * 5_000},
    {"x-first-death-exchange": "nowhere", "x-first-death-queue": "nowhere", "x-first-death-reason": "delivery_limit"},
    {"x-trueup-laps": "9" * 5_000},
    {"x-trueup-laps": "-1", "x-first-death-reason": "delivery_limit"},
    {"x-shopify-topic": "app/uninstalled", "x-shopify-shop-domain": SHOP, "x-shopify-webhook-id": "w"},
    {"x-shopify-shop-domain": "\\ud800", "x-trueup-received-at": "9" * 5_000},
    {SEAL: "0" * 64, "traceparent": "00-" + "f" * 200},
    {"x-delivery-count": 2**40, "deep": {"a": {"b": {"c": [1, [2, [3]]]}}}},
    {"x-number": "1" * 5_000, "$where": "1", "a.b": "c", "": "empty"},
)

_PROPERTIES: tuple[Mapping[str, Any], ...] = (
    {},
    {"content_type": "text/html", "content_encoding": "gzip"},
    {"content_type": "application/octet-stream", "priority": 9},
    {"reply_to": "trueup.jobs", "correlation_id": "x" * 200, "app_id": "x" * 200},
)


def nested(levels: int) -> bytes:
    """An event of so many levels: valid JSON, and deeper than a reader that counts them takes."""
    return b'{"shop": "' + SHOP.encode() + b'", "job_id": ' + b"[" * levels + b"]" * levels + b"}"


def _bodies(honest: Mapping[str, Any]) -> Iterator[bytes]:
    """The bodies that fit nothing, and an honest one with each field wrong in each way."""
    yield from _BODIES
    yield nested(220)
    whole = {"schema": 1, "shop": _STRANGER, **honest}
    for field, wrong in product(whole, _WRONG):
        others = ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in whole.items() if name != field)
        yield f"{{{others}, {json.dumps(field)}: {wrong}}}".encode()


def hostile_messages() -> Iterator[Hostile]:
    """Without end: the keys take turns, and each goes through all of its bodies under changing headers."""
    of_key = {target: cycle(_bodies(honest)) for target, honest in HONEST.items()}
    headers, properties = cycle(_HEADERS), cycle(_PROPERTIES)
    number = 0
    while True:
        for (exchange, key), bodies in of_key.items():
            number += 1
            # Twelve kinds of headers and four of properties to 32 keys: a step aside each round, or they would pair up.
            yield Hostile(exchange, key, next(bodies), next(headers), next(properties))
        next(headers)
        if number % 5 == 0:
            next(properties)
