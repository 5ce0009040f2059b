"""Pushes: the exact text of every mutation and its key, written before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from shared.domain.cell import CellKey
from shared.domain.plan import Target
from shared.domain.push import PushState, RowOutcome
from shared.domain.words.codes import Code
from shared.mongodb.schema import Database, Document, found, key_of
from shared.mongodb.transactions import Session


@dataclass(frozen=True, slots=True)
class PushRow:
    """One cell of a push and what it asks of Shopify."""

    job_id: str
    key: CellKey
    item_id: str
    target: Target


@dataclass(frozen=True, slots=True)
class PushOutcome:
    """What became of one row of a closed push; `code` and `detail` explain a refusal."""

    outcome: RowOutcome
    code: Code | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class PushRecord:
    """A push as its document says."""

    push_id: str
    state: PushState
    body: str
    rows: tuple[PushRow, ...]
    first_sent_at: datetime | None
    sends: int
    not_run: int
    last_sent_at: datetime | None
    outcomes: tuple[PushOutcome, ...]
    adjusted_at: datetime | None
    whole: bool

    @property
    def runs(self) -> int:
        """How often Shopify may have executed it: the sends but those known not to have been executed."""
        return self.sends - self.not_run


def _rows_of(document: Document) -> tuple[PushRow, ...]:
    return tuple(
        PushRow(
            job_id=row["job_id"],
            key=CellKey(row["bom_id"], row["location_id"]),
            item_id=row["item_id"],
            target=Target(row["quantity"], row["change_from"], row["manual_used"], row["tracks_rev"]),
        )
        for row in document["rows"]
    )


def _record(document: Document, body: str, rows: tuple[PushRow, ...]) -> PushRecord:
    outcomes = document.get("outcomes") or []
    return PushRecord(
        push_id=document["push_id"],
        state=PushState(document["state"]),
        body=body,
        rows=rows,
        first_sent_at=document.get("first_sent_at"),
        sends=document["sends"],
        not_run=document.get("not_run", 0),
        last_sent_at=document.get("last_sent_at"),
        outcomes=tuple(
            PushOutcome(RowOutcome(o["outcome"]), None if o["code"] is None else Code(o["code"]), o["detail"])
            for o in outcomes
        ),
        adjusted_at=document.get("adjusted_at"),
        whole=bool(document.get("whole")),
    )


_NEVER_RUN: Document = {"$eq": ["$sends", {"$ifNull": ["$not_run", 0]}]}
"""Whether every send so far is known not to have been executed; one under way counts as executed."""


class PushStore:
    """Reads and writes pushes."""

    def __init__(self, database: Database) -> None:
        self._pushes = database["pushes"]

    async def make(self, session: Session, shop: str, push_id: str, body: str, rows: Sequence[PushRow]) -> None:
        """Insert a new push; its id is Shopify's idempotency key."""
        await self._pushes.insert_one(
            {
                "_id": key_of(shop, push_id),
                "shop": shop,
                "push_id": push_id,
                "state": str(PushState.OPEN),
                "body": body,
                "rows": [
                    {
                        "job_id": row.job_id,
                        "bom_id": row.key.bom_id,
                        "location_id": row.key.location_id,
                        "item_id": row.item_id,
                        "quantity": row.target.quantity,
                        "change_from": row.target.change_from,
                        "manual_used": row.target.manual_used,
                        "tracks_rev": row.target.tracks_rev,
                    }
                    for row in rows
                ],
                "sends": 0,
                "created_at": datetime.now(UTC),
            },
            session=session,
        )

    async def get(self, shop: str, push_id: str) -> PushRecord:
        """The push. It exists wherever a cell names it."""
        document = await self._found(shop, push_id)
        return _record(document, document["body"], _rows_of(document))

    async def again(self, shop: str, known: PushRecord) -> PushRecord:
        """A push as it stands now. Its body and rows, most of its document, never change and are taken as known."""
        return _record(await self._found(shop, known.push_id, {"body": 0, "rows": 0}), known.body, known.rows)

    async def _found(self, shop: str, push_id: str, fields: Document | None = None) -> Document:
        document = found(await self._pushes.find_one({"_id": key_of(shop, push_id), "shop": shop}, fields))
        if document is None:
            raise LookupError(f"push {push_id} of {shop} does not exist though a cell names it")
        return document

    async def note_send(
        self, shop: str, known: PushRecord, shopify_now: datetime, session: Session | None = None
    ) -> PushRecord | None:
        """Date a send, before it, by Shopify's clock; returns the push as dated, None where it is closed or has been
        dated since it became known.

        Sends that are known not to have been executed leave no date behind.
        """
        result = await self._pushes.update_one(
            {"_id": key_of(shop, known.push_id), "state": str(PushState.OPEN), "sends": known.sends},
            [
                {
                    "$set": {
                        "sends": {"$add": ["$sends", 1]},
                        "first_sent_at": {"$cond": [_NEVER_RUN, shopify_now, "$first_sent_at"]},
                        "last_sent_at": shopify_now,
                    }
                }
            ],
            session=session,
        )
        if result.matched_count != 1:
            return None
        first = known.first_sent_at if known.runs else shopify_now
        return replace(known, sends=known.sends + 1, first_sent_at=first, last_sent_at=shopify_now)

    async def note_not_run(self, shop: str, push_id: str) -> None:
        """A dated send is known not to have been executed."""
        await self._pushes.update_one({"_id": key_of(shop, push_id)}, {"$inc": {"not_run": 1}})

    async def close(
        self,
        shop: str,
        push_id: str,
        state: PushState,
        *,
        outcomes: Sequence[PushOutcome] = (),
        adjusted_at: datetime | None = None,
        whole: bool = False,
        never_sent: bool = False,
        sends: int | None = None,
    ) -> bool:
        """Close an open push with its outcome, row by row; returns False where it was closed already.

        `whole`: the call was refused without saying which row is to blame. `never_sent`: only if it never was.
        `sends`: only if it has been sent no more often than that.
        """
        condition: Document = {"_id": key_of(shop, push_id), "state": str(PushState.OPEN)}
        if sends is not None:
            condition["sends"] = sends
        if never_sent:
            condition["$expr"] = _NEVER_RUN
        result = await self._pushes.update_one(
            condition,
            {
                "$set": {
                    "state": str(state),
                    "outcomes": [
                        {
                            "outcome": str(o.outcome),
                            "code": None if o.code is None else str(o.code),
                            "detail": o.detail,
                        }
                        for o in outcomes
                    ],
                    "adjusted_at": adjusted_at,
                    "whole": whole,
                    "closed_at": datetime.now(UTC),
                }
            },
        )
        return result.modified_count == 1
