"""How a `MissedWebhook` stands in a document."""

from __future__ import annotations

from datetime import datetime

from ulid import ULID

from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, Row
from shared.domain.drift import Hold
from shared.mongodb.drift.missed import MissedOutcome, MissedState, MissedWanted, MissedWebhook, Sighting
from shared.mongodb.schema import Document, key_of
from shared.mongodb.stored_words import StoredWords

_HOLDS = StoredWords(Hold)


def cell_in(document: Document) -> CellKey:
    """The cell of a document that names one."""
    return CellKey(document["bom_id"], document["location_id"])


def missed_of(document: Document) -> MissedWebhook:
    """From its document."""
    held, outcome = document.get("held"), document.get("outcome")
    return MissedWebhook(
        shop=document["shop"],
        drift_id=document["drift_id"],
        key=cell_in(document),
        item_id=document["item_id"],
        bom_name=document["bom_name"],
        location_name=document["location_name"],
        state=MissedState(document["state"]),
        since=document["since"],
        taken_at=document["taken_at"],
        base=document["base"],
        base_time=document.get("base_time"),
        shopify=document["shopify"],
        shopify_time=document["shopify_time"],
        local=document["local"],
        cell_class=CellClass(document["cell_class"]),
        events_no=document["events_no"],
        event_at=document.get("event_at"),
        detected_at=document.get("detected_at"),
        late=document["late"],
        late_at=document.get("late_at"),
        approved_by=document.get("approved_by"),
        job_id=document.get("job_id"),
        asked_at=document.get("asked_at"),
        tries=document.get("tries", 0),
        held=None if held is None else _HOLDS[held],
        outcome=None if outcome is None else MissedOutcome(outcome),
        note=document.get("note"),
        ended_at=document.get("ended_at"),
    )


def missed_query(wanted: MissedWanted) -> Document:
    """As a condition on documents."""
    query: Document = {}
    if wanted.states is not None:
        states = sorted(str(state) for state in wanted.states)
        query["state"] = states[0] if len(states) == 1 else {"$in": states}
    if wanted.late is not None:
        query["late"] = wanted.late
    if wanted.job_id is not None:
        query["job_id"] = wanted.job_id
    return query


def seen_fields(row: Row) -> Document:
    """What a document says of a divergence."""
    return {
        "base": row.base,
        "local": row.local,
        "shopify": row.shopify,
        "shopify_time": row.shopify_time,
        "taken_at": row.taken_at,
        "move": abs(row.shopify - (row.base or 0)),
        "cell_class": str(row.cell_class),
        "events_no": row.events_no,
    }


def watched_fields(row: Row, now: datetime, due_at: datetime) -> Document:
    """The fields of a watch that starts over."""
    return {**seen_fields(row), "since": row.taken_at, "seen_at": now, "due_at": due_at, "event_at": None}


def first_fields(shop: str, seen: Sighting, now: datetime, due_at: datetime) -> Document:
    """The fields of a new watch, but for its key."""
    drift_id = str(ULID())
    return {
        "_id": key_of(shop, drift_id),
        "drift_id": drift_id,
        "item_id": seen.item_id,
        "bom_name": seen.bom_name,
        "location_name": seen.location_name,
        "state": str(MissedState.WATCHED),
        "seen_at": now,
        "due_at": due_at,
        "since": seen.row.taken_at,
        **seen_fields(seen.row),
        "event_at": None,
        "late": False,
        "late_at": None,
        "detected_at": None,
        "base_time": None,
        "approved_by": None,
        "approved_at": None,
        "job_id": None,
        "asked_at": None,
        "tries": 0,
        "held": None,
        "outcome": None,
        "note": None,
        "ended_at": None,
    }
