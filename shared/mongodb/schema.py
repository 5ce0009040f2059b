"""Every collection, the shape of its documents, and its indexes. They exist before a service starts.

Every document carries `shop`, and every `_id` and index leads with it (the shard key); a TTL index cannot.
Ids are built by the functions below: strings of the shop and the ids, joined by "|".

shops           _id shop · token, refresh_token (both encrypted), token_no (raised by every change of them),
                token_expires_at, refresh_expires_at, refresh_until (somebody is refreshing), installed_at (Shopify's
                time), install_until, set_up_due, set_up_at, status installing|active|paused|uninstalled, pause_reason,
                pause_detail (the missing scopes, or where a redirect leads), subscriptions {id: topic} (those that
                Trueup has made), paused_at, probes, probed_at, resumed_at, allow_negative, plan_lease {owner, no,
                until}, job_no, created_at, scopes, uninstall_told_at, redact_told_at (Shopify is to be asked whether
                the shop has left; then it has, or everything of it is deleted), departure_asks, departure_asked_at,
                redact_overdue_at (claimed though nobody asked for it: the shop left long ago),
                boms_made (raised by makers of BOMs near the limit, so that one comes
                after another), locations_due_at (an event told of a location: they are to be read),
                drift_policy {mode, max_share, max_move, jobs_per_hour, quiet {start, end, time_zone}},
                drift_breaker {reason, opened_at, missed, cells} or null, sweep_lease {owner, until}, sweep {next_at,
                watermark (Shopify's time), full_at, last_at, asked_at, asked_full, marker (the last one processed),
                missed, late, received (of the last three days), lag_mean, lag_max (seconds, of the last hour),
                silent_since, expected (webhooks that usually come in this time)}, time_zone (IANA), time_zone_at
locations       shop, location_id · name, active, fulfillment_service, seen_at, told_at (of the last event), read_at
                (Shopify listed it then as this shop's)
boms            shop, bom_id · inventory_item_id, name, name_lower, tags, tracks_pre_assembled,
                externally_managed, sku (its item's, as an import saw it; absent: not known), cells_no (raised
                whenever cells of the BOM are made or removed), product_id
                (of the item, learned from webhooks; absent: not known)
stock           shop, bom_id, location_id · item_id, the fields of domain `Stock`, known_class (as these tell;
                null: in sync), verify_at (a read is wanted from then on; absent: none)
ledger          shop, bom_id, location_id, seq · field, before, after, cause, reference, at, left {item_id,
                unknown_outcome, counters} (with the last entry of a removed cell: what another life goes on from)
adjustments     shop, key (idempotency) · bom_id, location_id, delta, at
previews        shop, preview_id · selection, state requested|reading|ready|failed, requested_by, requested_at,
                taken_from, finished_at, total, done, badges, classes, left_out, moves [{cell_class, cells,
                boms, highest, lowest (of each: difference, cell, names, both values), not_pushed {code: cells}}],
                kinds {kind: rows}, milestones (some rows by kind, size and number; so many rows
                lie between them as milestones_apart says),
                failure {code, message}, trace, run (who computes it, or did); until it has ended: turn {until (somebody
                is at it), tries, fruitless (tries in a row that wrote no row), done (as the last one found it), large},
                bookmark {after (the cell whose row was written last; null: the locations were read)} or null
preview_rows    shop, preview_id, no, bom_id, location_id · bom_name, location_name, item_id, row (domain `Row`)
                or reason or code; cell_class, difference, suggested, kind differs|in_sync|left_out|failed, size (by
                which rows are sorted), not_pushed (the code with which a push of it ends)
jobs            shop, job_id · no, direction, selection, preview_id, source, requested_by, options, of_job_id,
                left_out, leave_out {classes, cells, cells_no}, state, waits_for, planned, totals, codes, reasons,
                first_errors, plan_failures (tries of planning that failed; absent: none), requested_at, started_at,
                finished_at, refreshed_at, cancel_requested,
                held {reason, since, until} or null (what a running job waits for),
                finished_event due|sent, failure {code, message}, trace (of its request), planning_batches (raised by
                each batch of its cells, so that a cancellation meanwhile conflicts)
selections      shop, owner (job:ID or preview:ID), digest, no · entries (BOM ids or cells of a long selection, of which
                the owner's document holds {kept {list, number, digest}} alone), at (where the owner goes in time)
cells           shop, job_id, bom_id, location_id · no, item_id, bom_name, state, open (True or absent), row,
                undo, push_id, pushes_made, attempts, reason, code, detail, shopify_before, shopify_after,
                local_before, local_after, settled {settle_no, tracks_rev, first}, activation {key, held, local, …},
                published_at, claim, created_at, ended_at
pushes          shop, push_id · state, body (the exact text), rows [...], attempts, first_sent_at (Shopify's time),
                outcomes, adjusted_at, detail, created_at, closed_at
webhook_events  shop, key · at, received_at and lag (seconds; of events about cells of ours, with one of their keys)
compliance      shop, topic, answer, request_id or the day · at, last_at, times: requests about customers, of whom
                nothing is held, and departures of shops that have the app
imports         shop, import_id · source (a digest of what was asked for), state running|done|replaced, phase, cursor,
                revs_noted, until (somebody is at it), started_at, finished_at
import_items    shop, import_id, item_id · sku (as Shopify holds it), sku_key, sku_likeness (by which SKUs are
                compared), tracked, variants {id: name, bundle, tags}, variant_ids, bom {...},
                made new|changed|known|in_use, revs {location: rev noted before the levels are read}, levels,
                tally {outcome: cells}, at
import_lines    shop, import_id, line (its number in the file) · name, variant_id, sku, tags, tracks, bom_id, item_id
                (whose it is), bom {...}, why (it makes no BOM), message, variants [...], at
drift           shop, drift_id, bom_id, location_id · item_id, bom_name, location_name, state watched|missed|resolved,
                open (True or absent), due_at (to be looked at; absent: never), seen_at, since and taken_at
                (Shopify's times of the first and the second read), base, base_time, shopify, shopify_time, local,
                move, cell_class, events_no, event_at (of the last event meanwhile), detected_at, late, late_at,
                late_told, approved_by, approved_at, job_id, asked_at, tries, held, outcome, note, ended_at
drift_hours     shop, hour · swept (looks), compared (cells), received, lag_mean, lag_max (seconds)
schedules       shop, schedule_id · name, enabled, action preview|reconcile, direction, selection, options,
                timing {kind, expression}, time_zone (null: the shop's), missed run_once|skip, target {url,
                secret (encrypted)} or null, rev (raised by every change of a person's), next_at (absent: switched off),
                lease {owner, until}, created_at, created_by, updated_at, updated_by
schedule_runs   shop, run_id (also the id of its job or preview) · schedule_id, name, action, due_at, state
                due|running|ended|skipped, reason, outcome, figures, at, asked_at, ended_at, telling (absent: nobody is
                told) {state due|sent|failed|dropped, at, tries, detail}
dead_letters    shop (null where none could be read), letter_id · at, key, body (bytes; the beginning of a long one),
                size (of the whole body), altered (secrets and people's data were taken out), headers [[name, value]],
                reason, cause
audit           shop (null: a refused sign-in, which is no shop's), entry_id · at, act, actor, by api|command|message|
                shopify, subject
partitions      _id number · owner, until          replicas  _id owner · until
constants       _id partitions, stock_form (of the documents, see `upgrade`) · value
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import CollectionInvalid, OperationFailure

from shared.errors import StoreRefuses

Document = dict[str, Any]
Database = AsyncIOMotorDatabase[Document]

WEBHOOK_EVENT_LIFE = 72 * 3600
COMPLIANCE_LIFE = 400 * 24 * 3600
PREVIEW_LIFE = 30 * 24 * 3600
IMPORT_LIFE = 7 * 24 * 3600
DRIFT_LIFE = 90 * 24 * 3600
DEAD_LETTER_LIFE = 30 * 24 * 3600
SCHEDULE_RUN_LIFE = 90 * 24 * 3600
AUDIT_LIFE = 400 * 24 * 3600
"""A year and a month: who looks at last year's books asks who did what in it."""

_NAMESPACE_EXISTS = 48
_UNAUTHORIZED = 13
_DUPLICATE_KEY = 11000
_INDEX_DIFFERS = frozenset({67, 68, 85, 86})
"""Of the same name or the same fields, and otherwise not the same."""


def _index(*keys: str, **options: Any) -> IndexModel:
    return IndexModel(
        [(key.removeprefix("-"), DESCENDING if key.startswith("-") else ASCENDING) for key in keys], **options
    )


_KNOWN = {"known_class": {"$gt": ""}}
"""Cells that differ, or cannot be compared: the class is a word, not null."""

INDEXES: dict[str, list[IndexModel]] = {
    "shops": [_index("status", "sweep.next_at")],
    # Whose a location is, is asked across shops: a body sent again under another shop's name is known by it.
    "locations": [_index("shop", "location_id", unique=True), _index("location_id", "read_at")],
    "boms": [
        _index("shop", "bom_id", unique=True),
        # Several BOMs on one item would fight over one Shopify value.
        _index("shop", "inventory_item_id", unique=True),
        _index("shop", "name_lower", "bom_id"),
        _index("shop", "tags", "name_lower", "bom_id"),
        _index("shop", "bom_id", partialFilterExpression={"externally_managed": True}, name="managed_elsewhere"),
        _index("shop", "product_id", partialFilterExpression={"product_id": {"$exists": True}}, name="of_product"),
        _index("shop", "sku", partialFilterExpression={"sku": {"$exists": True}}, name="of_sku"),
    ],
    "stock": [
        _index("shop", "bom_id", "location_id", unique=True),
        # Which BOMs differ as far as is known: few of many.
        _index("shop", "known_class", "bom_id", partialFilterExpression=_KNOWN, name="known"),
        _index("shop", "known_class", "location_id", "bom_id", partialFilterExpression=_KNOWN, name="known_at"),
        # Whose turn it is, is asked across shops.
        _index("verify_at", "shop", partialFilterExpression={"verify_at": {"$exists": True}}),
        _index("shop", "verify_at", partialFilterExpression={"verify_at": {"$exists": True}}),
    ],
    "ledger": [_index("shop", "bom_id", "location_id", "seq", unique=True), _index("shop", "reference")],
    "adjustments": [_index("shop", "key", unique=True)],
    "previews": [
        _index("shop", "preview_id", unique=True),
        _index("shop", "-requested_at"),
        # Those that have not ended: how many of a shop, and, across shops, whose turn it is.
        _index("shop", "turn.until", partialFilterExpression={"turn": {"$exists": True}}, name="turns"),
        _index("requested_at", expireAfterSeconds=PREVIEW_LIFE),
    ],
    "preview_rows": [
        _index("shop", "preview_id", "bom_id", "location_id", unique=True),
        _index("shop", "preview_id", "no"),
        _index("shop", "preview_id", "cell_class", "no"),
        _index("shop", "preview_id", "kind", "no"),
        _index("shop", "preview_id", "kind", "-size", "no"),
        _index("shop", "preview_id", "cell_class", "-size", "no"),
        _index("made_at", expireAfterSeconds=PREVIEW_LIFE),
    ],
    "jobs": [
        _index("shop", "job_id", unique=True),
        _index("shop", "-no"),
        _index("shop", "-requested_at", "-job_id"),
        _index("shop", "of_job_id", sparse=True),
        _index("shop", "state"),
        _index("state", "requested_at"),
        _index("finished_event", partialFilterExpression={"finished_event": "due"}),
    ],
    "cells": [
        _index("shop", "job_id", "no"),
        _index("shop", "job_id", "state", "code", "reason"),
        _index("shop", "job_id", "bom_id", "location_id", unique=True),
        # Keeps two jobs off one cell.
        _index("shop", "bom_id", "location_id", unique=True, partialFilterExpression={"open": True}, name="open_cell"),
        _index("shop", "job_id", "published_at", "no", partialFilterExpression={"open": True}, name="open_by_publish"),
        _index("shop", "push_id", sparse=True),
    ],
    "selections": [
        _index("shop", "owner", "digest", "no", unique=True),
        _index("at", expireAfterSeconds=PREVIEW_LIFE),
    ],
    "pushes": [_index("shop", "push_id", unique=True)],
    "webhook_events": [
        _index("shop", "key", unique=True),
        _index("at", expireAfterSeconds=WEBHOOK_EVENT_LIFE),
        _index("shop", "received_at", partialFilterExpression={"received_at": {"$exists": True}}),
    ],
    "compliance": [_index("shop", "at"), _index("at", expireAfterSeconds=COMPLIANCE_LIFE, name="compliance_life")],
    "imports": [_index("shop", "import_id", unique=True)],
    "import_items": [
        _index("shop", "import_id", "item_id", unique=True),
        _index("shop", "import_id", "sku_key"),
        _index("shop", "import_id", "sku_likeness"),
        _index("shop", "import_id", "variant_ids"),
        _index("at", expireAfterSeconds=IMPORT_LIFE),
    ],
    "import_lines": [
        _index("shop", "import_id", "line", unique=True),
        _index("shop", "import_id", "item_id", "line"),
        _index("shop", "import_id", "bom_id", "line"),
        _index("at", expireAfterSeconds=IMPORT_LIFE),
    ],
    "drift": [
        _index("shop", "drift_id", unique=True),
        # One open document per cell: a divergence is watched, and listed, once.
        _index("shop", "bom_id", "location_id", unique=True, partialFilterExpression={"open": True}, name="open_drift"),
        _index("shop", "cell_class", "bom_id", partialFilterExpression={"open": True}, name="open_by_class"),
        _index("shop", "bom_id", "location_id", partialFilterExpression={"late": False}, name="accused"),
        _index("shop", "due_at", partialFilterExpression={"due_at": {"$exists": True}}),
        _index("shop", "state", "-detected_at"),
        _index("shop", "job_id", sparse=True),
        _index("shop", "ended_at"),
        _index("ended_at", expireAfterSeconds=DRIFT_LIFE),
    ],
    "drift_hours": [
        _index("shop", "hour", unique=True),
        _index("hour", expireAfterSeconds=DRIFT_LIFE),
    ],
    "schedules": [
        _index("shop", "schedule_id", unique=True),
        # Whose turn it is, is asked across shops.
        _index("next_at", partialFilterExpression={"next_at": {"$exists": True}}),
    ],
    "schedule_runs": [
        _index("shop", "run_id", unique=True),
        _index("shop", "schedule_id", "-due_at"),
        _index("state", "asked_at", partialFilterExpression={"state": "running"}, name="running"),
        _index("telling.at", partialFilterExpression={"telling.state": "due"}, name="to_be_told"),
        _index("at", expireAfterSeconds=SCHEDULE_RUN_LIFE),
    ],
    "dead_letters": [
        _index("shop", "letter_id", unique=True),
        # Those of all shops, by the command line alone.
        _index("letter_id"),
        _index("at", expireAfterSeconds=DEAD_LETTER_LIFE),
    ],
    "audit": [
        _index("shop", "-entry_id", unique=True),
        _index("at", expireAfterSeconds=AUDIT_LIFE),
    ],
    "partitions": [],
    "replicas": [],
    "constants": [],
}


def key_of(*parts: str) -> str:
    """A document's `_id`. Unambiguous: shops, ULIDs and location ids hold no "|"."""
    return "|".join(parts)


def found(document: Any) -> Document | None:
    """What a `find_one…` answered: motor's types leave out that it may be None."""
    return document  # type: ignore[no-any-return]  # that is the point


async def ensure_collections(database: Database) -> None:
    """Create what is missing. Safe to run from several services at once; no transaction may come before.

    A user that may not create looks whether it is there, made by `trueup prepare`. Raises StoreRefuses where it is not,
    and where something else stands in its place.
    """
    present = {one["name"]: one async for one in await database.list_collections()}
    for name, indexes in INDEXES.items():
        if name not in present:
            try:
                await database.create_collection(name)
            except CollectionInvalid:
                pass  # another service was faster
            except OperationFailure as error:  # the same, found out by the server
                if error.code == _UNAUTHORIZED:
                    raise _not_prepared(database.name, name) from None
                if error.code != _NAMESPACE_EXISTS:
                    raise
        elif present[name].get("type", "collection") != "collection" or present[name].get("options", {}).get("capped"):
            raise _in_the_way(
                database.name, f"{name} is a view, or of another kind,", "give Trueup a database of its own"
            )
        if indexes:
            await _ensure_indexes(database[name], indexes)


async def _ensure_indexes(collection: Any, indexes: list[IndexModel]) -> None:
    try:
        await collection.create_indexes(indexes)
    except OperationFailure as error:
        if error.code not in {_UNAUTHORIZED, _DUPLICATE_KEY, *_INDEX_DIFFERS}:
            raise
        there = [index async for index in collection.list_indexes()]
        _must_not_differ(collection, indexes, there)
        missing = [index.document["name"] for index in indexes if index.document["name"] not in _names(there)]
        if error.code == _DUPLICATE_KEY:
            unique = [index.document["name"] for index in indexes if index.document.get("unique")]
            barred = " or ".join(name for name in unique if name in missing)
            what = f"documents of {collection.name} that are there twice forbid the index {barred},"
            raise _in_the_way(
                collection.database.name, what, "remove them, or give Trueup a database of its own"
            ) from None
        if error.code != _UNAUTHORIZED:
            raise
        if missing:
            raise _not_prepared(collection.database.name, collection.name) from None


def _must_not_differ(collection: Any, indexes: list[IndexModel], there: list[Document]) -> None:
    """Raise StoreRefuses for an index that has another's name or fields and is not as it must be."""
    for index in indexes:
        wanted = _form(index.document)
        for other in there:
            same_name = other["name"] == index.document["name"]
            if same_name != (_form(other) == wanted) and (same_name or _fields(other) == wanted[:2]):
                drop = f'db.{collection.name}.dropIndex("{other["name"]}")'
                what = f"the index {other['name']} of {collection.name} is not as Trueup makes it,"
                raise _in_the_way(collection.database.name, what, f"drop it ({drop}), and start again")


def _form(index: Mapping[str, Any]) -> tuple[Any, ...]:
    options = ("unique", "sparse", "expireAfterSeconds")
    return (*_fields(index), *(index.get(option) or None for option in options))


def _fields(index: Mapping[str, Any]) -> tuple[Any, ...]:
    """What MongoDB tells indexes apart by, beside their names."""
    return tuple(dict(index["key"]).items()), index.get("partialFilterExpression")


def _names(indexes: list[Document]) -> set[str]:
    return {index["name"] for index in indexes}


def _in_the_way(database: str, what: str, remedy: str) -> StoreRefuses:
    return StoreRefuses(f"TRUEUP_MONGODB_DATABASE: in the database {database} {what} and in the way: {remedy}")


def _not_prepared(database: str, collection: str) -> StoreRefuses:
    return StoreRefuses(
        f"TRUEUP_MONGODB_DATABASE: MongoDB is not prepared: {collection} of the database {database} is not as it"
        " must be, and the user may not make it so: run `trueup prepare` first, with the owner's user"
        " (docs/operations/keys.md)"
    )
