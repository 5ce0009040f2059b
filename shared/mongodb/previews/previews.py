"""Previews and their rows: what a merchant saw before deciding."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError
from ulid import ULID

from shared.contract.selection import SelectionBody
from shared.domain.batches import batches
from shared.domain.cell import CellKey
from shared.domain.preview import is_expired
from shared.mongodb.catalogue.selections import Selections, as_held, preview_owner
from shared.mongodb.lease import Lease
from shared.mongodb.previews.preview import (
    Figures,
    PreviewFailure,
    PreviewRow,
    PreviewState,
    TakenRow,
    WholePreview,
)
from shared.mongodb.previews.preview_form import (
    end_fields,
    failure_document,
    preview_row_of,
    taken_document,
    whole_preview_of,
)
from shared.mongodb.previews.row_bookmarks import RowBookmarks, every
from shared.mongodb.previews.tally import RowTally
from shared.mongodb.schema import Database, Document, found, key_of
from shared.mongodb.transactions import Session, Transactions
from shared.observing import tracing

if TYPE_CHECKING:
    from shared.contract.messages import PreviewRequest


_ROWS_PER_TRANSACTION = 2500

_OPEN = {"state": {"$in": [str(PreviewState.REQUESTED), str(PreviewState.READING)]}}
_TURNS = "turns"
"""The index of those that have not ended."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A preview whose turn it could be."""

    shop: str
    preview_id: str
    large: bool
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """A preview taken up. `number` rises with each time; `fruitless`: how often in a row without a row written."""

    number: int
    fruitless: int


@dataclass(frozen=True, slots=True)
class Run:
    """One go at computing a preview: from the beginning, or on from where an earlier one was cut off."""

    run_id: str
    done: int = 0
    after: CellKey | None = None
    """The cell that was written last."""
    knows_locations: bool = False
    """Whether the shop's locations were read for it."""
    tally: RowTally = field(default_factory=RowTally)
    """What the rows written so far come to."""


def _turn(lasts: timedelta) -> Lease:
    """The right to compute a preview that has not ended."""
    return Lease(until="turn.until", number="turn.tries", lasts=lasts, none_is_free=False)


def _first_turn(*, large: bool) -> Document:
    return {"until": datetime.now(UTC), "tries": 0, "large": large}


class PreviewStore:
    """Reads and writes previews."""

    def __init__(self, database: Database, transactions: Transactions) -> None:
        self._transactions = transactions
        self._previews = database["previews"]
        self._rows = database["preview_rows"]
        self._shops = database["shops"]
        self._milestones = RowBookmarks(database)
        self._selections = Selections(database)

    async def selection(self, preview: WholePreview) -> SelectionBody:
        """The whole selection of a preview.

        Raises SelectionLost, and ValidationError for one that only an older build can have taken.
        """
        owner = preview_owner(preview.preview_id)
        return SelectionBody.model_validate(await self._selections.whole(preview.shop, owner, preview.held_selection))

    async def request(
        self, message: PreviewRequest, *, large: bool = True, refused: PreviewFailure | None = None
    ) -> bool:
        """Store a requested preview, whose turn then comes; returns False for an id that is known already.

        `large`: small ones go before it. `refused`: why it ends here.
        """
        now = datetime.now(UTC)
        preview = {"_id": key_of(message.shop, message.preview_id), "shop": message.shop}
        if found(await self._previews.find_one(preview, {"_id": 1})) is not None:
            return False
        wanted, owner = message.selection.model_dump(exclude_none=True), preview_owner(message.preview_id)
        selection = await self._selections.keep(message.shop, owner, wanted, until_old=now)
        failure = None if refused is None else failure_document(refused)
        more: Document = {"turn": _first_turn(large=large)} if refused is None else {}
        if (carried := tracing.carried()) is not None:
            more["trace"] = carried
        try:
            await self._previews.insert_one(
                {
                    "_id": key_of(message.shop, message.preview_id),
                    "shop": message.shop,
                    "preview_id": message.preview_id,
                    "selection": selection,
                    "state": str(PreviewState.REQUESTED if refused is None else PreviewState.FAILED),
                    "requested_by": message.requested_by,
                    "requested_at": now,
                    "taken_from": None,
                    "finished_at": None if refused is None else now,
                    "total": None,
                    "done": 0,
                    "badges": None,
                    "classes": {},
                    "left_out": {},
                    "codes": {},
                    "failure": failure,
                    **more,
                }
            )
        except DuplicateKeyError:
            return False
        return True

    async def knows(self, shop: str) -> bool:
        """Whether there is such a shop: of one that there is not, nothing is stored."""
        return found(await self._shops.find_one({"_id": shop}, {"_id": 1})) is not None

    async def get(self, shop: str, preview_id: str) -> WholePreview | None:
        """The preview, or None."""
        document = found(await self._previews.find_one({"_id": key_of(shop, preview_id), "shop": shop}))
        return None if document is None else whole_preview_of(document)

    @staticmethod
    def is_asked(preview: WholePreview, message: PreviewRequest) -> bool:
        """Whether a preview is of what the message asks for."""
        return as_held(preview.held_selection) == as_held(message.selection.model_dump(exclude_none=True))

    async def open(self, shop: str, limit: int) -> int:
        """How many previews of the shop have not ended, counted up to `limit`."""
        condition = {"shop": shop, "turn": {"$exists": True}}
        number: int = await self._previews.count_documents(condition, limit=limit)
        return number

    async def open_in_all(self) -> int:
        """How many previews have not ended. It runs across shops."""
        # The index of those alone: without a shop the server would rather look through all of a month.
        number: int = await self._previews.count_documents({"turn": {"$exists": True}}, hint=_TURNS)
        return number

    async def give_turn(self, shop: str, preview_id: str, *, large: bool) -> None:
        """A preview that has not ended gets a turn where it has none: an older build has stored it."""
        condition: Document = {"_id": key_of(shop, preview_id), **_OPEN, "turn": {"$exists": False}}
        await self._previews.update_one(condition, {"$set": {"turn": _first_turn(large=large)}})

    async def sized(self, shop: str, preview_id: str, *, large: bool) -> None:
        """Note how much work a preview is that waits for its turn."""
        condition = {"_id": key_of(shop, preview_id), "turn": {"$exists": True}}
        await self._previews.update_one(condition, {"$set": {"turn.large": large}})

    async def next_of_each_shop(self, passing_by: Collection[str]) -> list[Waiting]:
        """Of each shop, except some, the preview whose turn it is: small before large, then in the order of asking.

        It runs across shops.
        """
        pipeline: list[Document] = [
            {
                "$match": {
                    "turn": {"$exists": True},
                    "turn.until": {"$lte": datetime.now(UTC)},
                    "shop": {"$nin": list(passing_by)},
                }
            },
            {"$sort": {"turn.large": 1, "requested_at": 1}},
            {
                "$group": {
                    "_id": "$shop",
                    "preview_id": {"$first": "$preview_id"},
                    "large": {"$first": "$turn.large"},
                    "requested_at": {"$first": "$requested_at"},
                }
            },
        ]
        return [
            Waiting(first["_id"], first["preview_id"], first["large"], first["requested_at"])
            async for first in self._previews.aggregate(pipeline)
        ]

    async def take_turn(self, shop: str, preview_id: str, lease: timedelta) -> Turn | None:
        """Take a preview up for so long; None where another was faster."""
        went_on = {"$gt": ["$done", {"$ifNull": ["$turn.done", 0]}]}
        once_more = {"$add": [{"$ifNull": ["$turn.fruitless", "$turn.tries"]}, 1]}
        noted: Document = {"turn.fruitless": {"$cond": [went_on, 1, once_more]}, "turn.done": "$done"}
        which = {"_id": key_of(shop, preview_id), **_OPEN}
        document = await _turn(lease).take(self._previews, which, projection={"turn": 1}, also=noted)
        return None if document is None else Turn(document["turn"]["tries"], document["turn"]["fruitless"])

    async def keep_turn(self, shop: str, preview_id: str, turn: Turn, lease: timedelta) -> None:
        """Keep a turn for so long from now on; zero: let another take it."""
        await _turn(lease).renew(self._previews, {"_id": key_of(shop, preview_id), **_OPEN}, number=turn.number)

    async def end(
        self, shop: str, preview_id: str, run: str | None, failure: PreviewFailure | None, figures: Figures | None
    ) -> bool:
        """End a preview that is still this run's (None: anybody's), as failed or ready; returns whether it was."""
        condition: Document = {"_id": key_of(shop, preview_id), "shop": shop, **_OPEN}
        if run is not None:
            condition["run"] = run
        ending = {"finished_at": datetime.now(UTC), **end_fields(failure, figures)}
        result = await self._previews.update_one(condition, {"$set": ending, "$unset": {"turn": "", "bookmark": ""}})
        return result.matched_count == 1

    async def begin(self, shop: str, preview_id: str) -> Run | None:
        """Begin to compute, or go on where an earlier run was cut off; None where the preview has ended.

        A later run supersedes this one. One cut off so long ago that its rows are too old to act on starts anew.
        """
        now, run_id = datetime.now(UTC), str(ULID())
        first: Document = {"state": str(PreviewState.REQUESTED), "taken_from": None, "run": {"$exists": False}}
        fresh = {"state": str(PreviewState.READING), "run": run_id, "taken_from": now, "bookmark": None}
        mine = {"_id": key_of(shop, preview_id), "shop": shop}
        if (await self._previews.update_one({**mine, **first}, {"$set": fresh})).matched_count == 1:
            return Run(run_id)
        document = found(
            await self._previews.find_one_and_update(
                {"_id": key_of(shop, preview_id), "shop": shop, **_OPEN},
                {"$set": {"state": str(PreviewState.READING), "run": run_id}},
                projection={"bookmark": 1, "done": 1, "taken_from": 1},
                return_document=ReturnDocument.AFTER,
            )
        )
        if document is None:
            return None
        bookmark = document.get("bookmark")
        if bookmark is not None and not is_expired(document["taken_from"], now):
            after, tally = bookmark["after"], bookmark.get("tally")
            if after is None:
                return Run(run_id, knows_locations=True)
            if tally is not None:  # an earlier build leaves none
                return Run(run_id, document["done"], CellKey(*after), knows_locations=True, tally=RowTally(tally))
        anew: Document = {"taken_from": now, "done": 0, "bookmark": None}
        if not await self._update(shop, preview_id, run_id, anew):
            return None
        await self._rows.delete_many({"shop": shop, "preview_id": preview_id})
        return Run(run_id)

    async def note_locations(self, shop: str, preview_id: str, run_id: str, *, total: int) -> None:
        """The shop's locations were read, and by them this is about how many rows there will be."""
        await self._update(shop, preview_id, run_id, {"total": total, "bookmark": {"after": None}})

    async def _update(
        self, shop: str, preview_id: str, run: str | None, values: Document, session: Session | None = None
    ) -> bool:
        """Set values of a preview that has not ended and is still this run's (None: anybody's); returns whether so."""
        condition: Document = {"_id": key_of(shop, preview_id), "shop": shop, **_OPEN}
        if run is not None:
            condition["run"] = run
        result = await self._previews.update_one(condition, {"$set": values}, session=session)
        return result.matched_count == 1

    async def keep(
        self, shop: str, preview_id: str, run: Run, rows: Sequence[TakenRow], location_names: Mapping[str, str]
    ) -> Run | None:
        """Write the rows that follow, with bookmark and tally behind them in the same transaction; returns the run as
        it stands then, None where it is over. Nobody else writes rows of this run, so none is there yet.
        """
        now = datetime.now(UTC)
        for part in batches(enumerate(rows, run.done), _ROWS_PER_TRANSACTION):
            documents = [taken_document(shop, preview_id, no, row, location_names, now=now) for no, row in part]
            last_no, last = part[-1]
            run = replace(run, done=last_no + 1, after=last.key, tally=run.tally.with_rows(documents))
            bookmark: Document = {"after": list(last.key), "tally": run.tally.stored}
            read: Document = {"done": run.done, "bookmark": bookmark}

            async def body(
                session: Session, run_id: str = run.run_id, documents: list[Document] = documents, read: Document = read
            ) -> bool:
                if not await self._update(shop, preview_id, run_id, read, session):
                    return False
                await self._rows.insert_many(documents, ordered=False, session=session)
                return True

            if not await self._transactions.run(body):
                return None
        return run

    async def rows(self, shop: str, preview_id: str, keys: Iterable[CellKey]) -> dict[CellKey, PreviewRow]:
        """The rows of these cells."""
        ids = [key_of(shop, preview_id, key.bom_id, key.location_id) for key in keys]
        # All in one answer: the first would hold a hundred.
        cursor = self._rows.find({"_id": {"$in": ids}, "shop": shop}, batch_size=len(ids))
        rows = [preview_row_of(document) for document in await cursor.to_list(len(ids))]
        return {row.key: row for row in rows}

    async def keys(self, shop: str, preview_id: str, size: int) -> AsyncIterator[list[CellKey]]:
        """Every cell in the order of the rows. Page by page: a cursor held for long would be closed by the server."""
        first = 0
        while True:
            query = {"shop": shop, "preview_id": preview_id, "no": {"$gte": first, "$lt": first + size}}
            cursor = self._rows.find(query, {"bom_id": 1, "location_id": 1}).sort("no", 1)
            keys = [CellKey(d["bom_id"], d["location_id"]) async for d in cursor]
            if not keys:
                return
            yield keys
            first += size

    async def all_rows(self, shop: str, preview_id: str) -> AsyncIterator[PreviewRow]:
        """Every row in order."""
        async for document in self._rows.find({"shop": shop, "preview_id": preview_id}).sort("no", 1):
            yield preview_row_of(document)

    async def counted(self, shop: str, preview_id: str, run: Run) -> Figures:
        """The figures of a preview all of whose rows are written: by the tally, and with it what makes pages of the
        finished table quick."""
        tally = run.tally
        apart = every(run.done)
        return Figures(
            total=run.done,
            badges=tally.bom_badges,
            moves=tally.moves,
            classes=tally.classes,
            not_compared=tally.not_compared,
            codes=tally.codes,
            kinds=tally.kinds,
            milestones=await self._milestones.of(shop, preview_id, tally.kinds, apart),
            milestones_apart=apart,
        )
