"""Every collection and its indexes. They exist before a service starts.

Every document carries `shop`, and every `_id` and index leads with it (the shard key); a TTL index cannot.
Ids are built by the functions below: strings of the shop and the ids, joined by "|".

What a document holds is described beside the code that writes it, in `documents.py` of each folder; all of it, with
these indexes, is in docs/reference/documents.md.
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

SERVER_KEY_LIFE = AUDIT_LIFE
"""After its end: as long as the log tells what it has done."""

REQUEST_SHARE_LIFE = 3600
NOTICE_LIFE = 90 * 24 * 3600
DELIVERY_LIFE = 30 * 24 * 3600
IDEMPOTENCY_KEY_LIFE = 24 * 3600

_NAMESPACE_EXISTS = 48
_UNAUTHORIZED = 13
_DUPLICATE_KEY = 11000
_INDEX_NOT_FOUND = 27
_INDEX_DIFFERS = frozenset({67, 68, 85, 86})
"""Of the same name or the same fields, and otherwise not the same."""


def _index(*keys: str, **options: Any) -> IndexModel:
    return IndexModel(
        [(key.removeprefix("-"), DESCENDING if key.startswith("-") else ASCENDING) for key in keys], **options
    )


_KNOWN = {"known_class": {"$gt": ""}}
"""Cells that differ, or cannot be compared: the class is a word, not null."""

_THERE: Document = {"$exists": True}
"""A field that a document need not have."""

_TO_VERIFY = {"verify_at": {"$exists": True}}

BOMS_BY_NAME = (("shop", ASCENDING), ("name_lower", ASCENDING), ("bom_id", ASCENDING))
"""The index of `boms` that lists them by name, and counts what a search finds without reading one."""

_OPEN: Document = {"partialFilterExpression": {"open": True}}
_ENDED: Document = {"partialFilterExpression": {"state": {"$in": ["updated", "skipped", "error", "cancelled"]}}}


_FOLLOWED: Document = {"state": {"$in": ["due", "comparing", "running"]}}
"""Runs of schedules that go on by themselves."""


def _open_with(field: str) -> Document:
    return {"partialFilterExpression": {"open": True, field: {"$exists": True}}}


INDEXES: dict[str, list[IndexModel]] = {
    "shops": [
        _index("status", "sweep.next_at"),
        # Of all shops those few that something is to be told of.
        _index("drift_breaker.opened_at", partialFilterExpression={"drift_breaker.opened_at": _THERE}),
        _index("sweep.silent_since", partialFilterExpression={"sweep.silent_since": _THERE}),
    ],
    # Whose a location is, is asked across shops: a body sent again under another shop's name is known by it.
    "locations": [_index("location_id", "read_at")],
    "boms": [
        _index("shop", "bom_id", unique=True),
        # Several BOMs on one item would fight over one Shopify value.
        _index("shop", "inventory_item_id", unique=True),
        IndexModel(list(BOMS_BY_NAME)),
        _index("shop", "tags", "name_lower", "bom_id"),
        _index("shop", "bom_id", partialFilterExpression={"externally_managed": True}, name="managed_elsewhere"),
        _index("shop", "product_id", partialFilterExpression={"product_id": {"$exists": True}}, name="of_product"),
        _index("shop", "sku", partialFilterExpression={"sku": {"$exists": True}}, name="of_sku"),
    ],
    "stock": [
        # Which BOMs differ as far as is known: few of many. The index alone tells it, no document is read.
        _index(
            *("shop", "bom_id", "location_id", "known_class", "known_difference"),
            partialFilterExpression=_KNOWN,
            name="known_differences",
        ),
    ],
    # Whose turn it is, is asked across shops.
    "reads_wanted": [_index("at", "shop"), _index("shop", "at")],
    "ledger": [],
    "adjustments": [
        # Of a cell those that the ledger does not tell of: few.
        _index("shop", "bom_id", "location_id", "-at", partialFilterExpression={"still": True}, name="still_by_cell"),
    ],
    "previews": [
        _index("shop", "preview_id", unique=True),
        _index("shop", "-requested_at"),
        # Those that have not ended: how many of a shop, and, across shops, whose turn it is.
        _index("shop", "turn.until", partialFilterExpression={"turn": {"$exists": True}}, name="turns"),
        _index("requested_at", expireAfterSeconds=PREVIEW_LIFE),
        _index("finished_at", name="ended_lately"),
    ],
    "preview_rows": [
        _index("shop", "preview_id", "no"),
        # Orders, each given by one index (`previews/row_order`): what differs has sizes, the rest has none.
        # Behind the number stands all that a table is searched and sorted by: no row is read for that.
        _index(
            *("shop", "preview_id", "kind", "cell_class", "no", "location_id", "words", "location_name"),
            *("size", "difference", "row.shopify", "row.local", "row.base"),
            name="orders_by_class",
        ),
        _index(
            *("shop", "preview_id", "kind", "cell_class", "-size", "no"),
            partialFilterExpression={"kind": "differs"},
            name="sizes",
        ),
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
        _index("finished_at", name="ended_lately"),
        _index("shop", "preview_id", partialFilterExpression={"preview_id": {"$gt": ""}}, name="of_preview"),
    ],
    "cells": [
        _index("shop", "job_id", "no", "bom_id"),
        # Keeps two jobs off one cell.
        _index("shop", "bom_id", "location_id", unique=True, partialFilterExpression={"open": True}, name="open_cell"),
        # Written when a cell is made and when it ends, never in between; a claim of the next ones reads it alone.
        _index("shop", "job_id", "open", "no", "bom_id", "location_id", **_OPEN, name="open_by_number"),
        _index("shop", "job_id", "state", "no", "code", "reason", **_ENDED, name="ended_by_state"),
        # The few whose place in the window is not told by the job's mark.
        _index("shop", "job_id", "no", **_open_with("freed_at"), name="freed_by_number"),
        _index("shop", "job_id", "published_at", **_open_with("published_at"), name="published_again"),
    ],
    "tallies": [],
    "selections": [
        _index("shop", "owner", "digest", "no", unique=True),
        _index("at", expireAfterSeconds=PREVIEW_LIFE),
    ],
    "pushes": [],
    "webhook_events": [
        _index(
            "shop", "event_key", unique=True, partialFilterExpression={"event_key": {"$exists": True}}, name="of_event"
        ),
        _index("at", expireAfterSeconds=WEBHOOK_EVENT_LIFE),
        _index("shop", "received_at", partialFilterExpression={"received_at": {"$exists": True}}),
    ],
    "compliance": [_index("shop", "at"), _index("at", expireAfterSeconds=COMPLIANCE_LIFE, name="compliance_life")],
    "imports": [
        _index("shop", "import_id", unique=True),
        _index("finished_at", name="ended_lately"),
        # Whose turn it is, is asked across shops.
        _index("page.next_at", partialFilterExpression={"state": "running"}, name="page_imports"),
        _index("page.next_at", partialFilterExpression={"state": "checked"}, name="waiting_imports"),
    ],
    "import_items": [
        _index("shop", "import_id", "item_id", unique=True),
        _index(
            *("shop", "import_id", "foreseen", "item_id"),
            partialFilterExpression={"foreseen": {"$exists": True}},
            name="foreseen",
        ),
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
        _index("shop", "bom_id", "location_id", "-drift_id", name="of_cell"),
        _index("shop", "due_at", partialFilterExpression={"due_at": {"$exists": True}}),
        _index("shop", "state", "-detected_at"),
        _index("shop", "job_id", sparse=True),
        _index("shop", "ended_at"),
        # Those found lately, of all shops: they are told.
        _index("detected_at", name="found_lately"),
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
        _index("asked_at", "_id", partialFilterExpression=_FOLLOWED, name="followed"),
        _index("shop", "due_at", partialFilterExpression={"state": "waiting"}, name="waiting"),
        _index("telling.at", partialFilterExpression={"telling.state": "due"}, name="to_be_told"),
        _index("ended_at", name="ended_lately"),
        _index("at", expireAfterSeconds=SCHEDULE_RUN_LIFE),
    ],
    "notices": [
        _index("shop", "notice_id", unique=True),
        _index("shop", "-at", "-notice_id"),
        # What nobody has settled yet: of all shops by its kind, and of one shop.
        _index("matter", "shop", **_OPEN, name="open_by_matter"),
        _index("shop", "-at", "-notice_id", **_OPEN, name="open_of_shop"),
        _index("shop", "at", partialFilterExpression={"seen_at": None}, name="unseen"),
        _index("at", partialFilterExpression={"spread": False}, name="to_spread"),
        _index("mail_due_at", "shop", partialFilterExpression={"mail_due_at": {"$exists": True}}, name="by_mail"),
        _index("shop", "mail_due_at", partialFilterExpression={"mail_due_at": {"$exists": True}}, name="mail_of_shop"),
        _index("at", expireAfterSeconds=NOTICE_LIFE, name="notice_life"),
    ],
    "deliveries": [
        _index("shop", "delivery_id", unique=True),
        _index("shop", "target_id", "-delivery_id"),
        _index("due_at", partialFilterExpression={"state": "due"}, name="to_be_sent"),
        _index("at", expireAfterSeconds=DELIVERY_LIFE),
    ],
    "webhook_targets": [],
    "notification_settings": [
        _index("work_due_at", partialFilterExpression={"work_due_at": {"$exists": True}}),
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
    "server_keys": [
        # Whose a key is, is what it is looked up for. It is random, so no index keeps them apart.
        _index("key_id"),
        _index("expires_at", expireAfterSeconds=SERVER_KEY_LIFE),
    ],
    "request_shares": [_index("at", expireAfterSeconds=REQUEST_SHARE_LIFE)],
    "idempotency_keys": [_index("at", expireAfterSeconds=IDEMPOTENCY_KEY_LIFE)],
    "partitions": [],
    "replicas": [],
    "constants": [],
}
"""What an `_id` tells needs no index of its own: it is asked for by `_id`, or by a range of them (`ids_of`)."""

RETIRED: dict[str, list[IndexModel]] = {
    "locations": [_index("shop", "location_id", unique=True)],
    "stock": [
        _index("shop", "bom_id", "location_id", unique=True),
        _index("shop", "known_class", "bom_id", partialFilterExpression=_KNOWN, name="known"),
        _index("shop", "bom_id", "location_id", "known_class", partialFilterExpression=_KNOWN, name="known_cells"),
        _index("shop", "known_class", "location_id", "bom_id", partialFilterExpression=_KNOWN, name="known_at"),
        _index("verify_at", "shop", partialFilterExpression=_TO_VERIFY),
        _index("shop", "verify_at", partialFilterExpression=_TO_VERIFY),
    ],
    "ledger": [_index("shop", "bom_id", "location_id", "seq", unique=True), _index("shop", "reference")],
    "adjustments": [_index("shop", "key", unique=True)],
    "cells": [
        _index("shop", "job_id", "no"),
        _index("shop", "job_id", "state", "code", "reason"),
        _index("shop", "job_id", "bom_id", "location_id", unique=True),
        _index("shop", "job_id", "published_at", "no", partialFilterExpression={"open": True}, name="open_by_publish"),
        _index("shop", "push_id", sparse=True),
    ],
    "pushes": [_index("shop", "push_id", unique=True)],
    "webhook_events": [_index("shop", "key", unique=True)],
    "preview_rows": [
        _index("shop", "preview_id", "bom_id", "location_id", unique=True),
        _index("shop", "preview_id", "cell_class", "no"),
        _index("shop", "preview_id", "kind", "no"),
        _index("shop", "preview_id", "kind", "-size", "no"),
        _index("shop", "preview_id", "cell_class", "-size", "no"),
        _index("shop", "preview_id", "kind", "cell_class", "no", name="numbers_by_class"),
    ],
    "schedule_runs": [
        _index("state", "asked_at", partialFilterExpression={"state": "running"}, name="running"),
    ],
}
"""Indexes of earlier builds, dropped by whoever may. One that is to change stands here as it was, above as it is."""


def key_of(*parts: str) -> str:
    """A document's `_id`. Unambiguous: shops, ULIDs and location ids hold no "|"."""
    return "|".join(parts)


def ids_of(*parts: str) -> Document:
    """The range of every `_id` that begins with these parts.

    A BOM's id may hold a "|": where the last part is one, its documents are not the only ones of the range.
    """
    first = key_of(*parts)
    # "}" follows "|" in the order of bytes.
    return {"$gt": f"{first}|", "$lt": f"{first}}}"}


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
        await _drop_retired(database[name])
        if indexes:
            await _ensure_indexes(database[name], indexes)


async def _drop_retired(collection: Any) -> None:
    """Drop what an earlier build has made and this one does not need. Where it may not be dropped it stays, at a cost.

    Only what is as that build made it: what else has its name is somebody else's.
    """
    retired = RETIRED.get(collection.name)
    if not retired:
        return
    import structlog  # noqa: PLC0415  # what only reads does without it

    log = structlog.get_logger()
    there = {index["name"]: _form(index) async for index in collection.list_indexes()}
    for index in retired:
        name = index.document["name"]
        if there.get(name) != _form(index.document):
            continue
        try:
            await collection.drop_index(name)
        except OperationFailure as error:
            if error.code == _INDEX_NOT_FOUND:
                continue  # another process was faster
            if error.code != _UNAUTHORIZED:
                raise
            log.warning("index_not_needed", collection=collection.name, index=name, remedy="docs/operations/upgrade.md")
        else:
            log.info("index_dropped", collection=collection.name, index=name)


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
