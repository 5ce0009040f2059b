"""The life of a cell, page by page, the newest first: several sources told as one story.

A page begins where the one before it has ended in each source, whatever has come meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.domain.story import Moment, Sides, StoryKind
from shared.mongodb.drift.missed import MissedWebhook
from shared.mongodb.jobs.cells.cell import Cell, cell_id
from shared.mongodb.jobs.cells.cell_form import cell_of
from shared.mongodb.jobs.job import Job
from shared.mongodb.jobs.job_form import BUT_THE_LONG, job_of
from shared.mongodb.lists.pages import Page, Start
from shared.mongodb.schema import Database, key_of
from shared.mongodb.stock.ledger import Ledger
from shared.mongodb.stock.stock import StockStore
from shared.mongodb.story.happened import Happened, StoryWanted
from shared.mongodb.story.sources import (
    KIND_OF_A_STILL_COUNT,
    CountedAsBefore,
    Found,
    Mark,
    Reading,
    changes,
    counts_that_moved_nothing,
    first_of_changes,
    found_missed,
    left_as_it_was,
    sides_at,
)

KEYS = (int, int, int, datetime, str, datetime, str, str)
"""The kinds of a cursor's keys: the marks of the ledger, of jobs, of hand counts and of missed webhooks."""

_LAST = "~"
"""Comes after every id."""


class CellStory:
    """Reads the stories of the cells of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._jobs = database["jobs"]
        self._cells = database["cells"]
        self._adjustments = database["adjustments"]
        self._stock = StockStore(database)
        self._ledger = Ledger(database)

    async def known(self, shop: str, key: CellKey) -> bool:
        """Whether there is, or ever was, such a cell."""
        return key in await self._stock.load(shop, [key]) or await self._ledger.last(shop, key) > 0

    async def page(self, shop: str, key: CellKey, wanted: StoryWanted, start: Start, limit: int) -> Page[Happened]:
        """What has happened, the newest first. A page may hold fewer than asked for although others follow."""
        marks = await self._present(shop, key) if start.after is None else _marks(start.after)
        most = limit + 1
        ledger = await changes(self._ledger, shop, key, wanted, marks[0], most=most)
        # Nothing that is older than the page's last change can be on it.
        floor = ledger.found[limit - 1].at if len(ledger.found) > limit else None
        runs, counts, missed = await asyncio.gather(
            left_as_it_was(self._database, shop, key, wanted, marks[1], most=most, floor=floor),
            counts_that_moved_nothing(self._database, shop, key, wanted, marks[2], most=most),
            found_missed(self._database, shop, key, wanted, marks[3], most=most),
        )
        readings: list[Reading[Any]] = [ledger, runs, counts, missed]
        chosen, after = _merged(readings, marks, limit)
        present = sides_at(marks[0])
        told = [_happened(found, ledger.sides_at(found.at, present)) for found in chosen]
        return Page(await self._explained(shop, key, told), after)

    async def _present(self, shop: str, key: CellKey) -> list[Mark]:
        cell = (await self._stock.load(shop, [key])).get(key)
        if cell is None:
            seq, sides = await self._ledger.last(shop, key), Sides()
        else:
            seq, sides = cell.stock.ledger_seq, Sides(cell.stock.count, cell.stock.base)
        now = round(datetime.now(UTC).timestamp() * 1000) + 1
        return [first_of_changes(seq, sides), [now, _LAST], [now, _LAST], [_LAST]]

    async def _explained(self, shop: str, key: CellKey, told: Sequence[Happened]) -> list[Happened]:
        """With the jobs that did it, their cells, and who counted."""
        named = {one.name: _job_id(one) for one in told}
        jobs = await self._jobs_of(shop, {job_id for job_id in named.values() if job_id is not None})
        first = await self._jobs_of(shop, {job.of_job_id for job in jobs.values() if job.of_job_id is not None})
        without = {job_id for one in told if one.cell is None and (job_id := named[one.name]) is not None}
        cells = await self._cells_of(shop, key, without)
        hands = await self._hands(shop, [one.reference for one in told if _by_hand(one)])
        explained: list[Happened] = []
        for one in told:
            job = jobs.get(named[one.name] or "")
            of_job = None if job is None or job.of_job_id is None else first.get(job.of_job_id)
            cell = one.cell or (None if job is None else cells.get(job.job_id))
            actor, note = hands.get(one.reference, (None, None)) if _by_hand(one) else (None, None)
            by = one.by or actor
            kind = _kind_by(job) if one.kind is StoryKind.PUSHED else one.kind
            explained.append(replace(one, job=job, of_job=of_job, cell=cell, by=by, kind=kind, note=note))
        return explained

    async def _jobs_of(self, shop: str, job_ids: Iterable[str]) -> Mapping[str, Job]:
        ids = [key_of(shop, job_id) for job_id in sorted(job_ids)]
        if not ids:
            return {}
        cursor = self._jobs.find({"_id": {"$in": ids}, "shop": shop}, BUT_THE_LONG)
        return {document["job_id"]: job_of(document) async for document in cursor}

    async def _cells_of(self, shop: str, key: CellKey, job_ids: Iterable[str]) -> Mapping[str, Cell]:
        ids = [cell_id(shop, job_id, key) for job_id in sorted(job_ids)]
        if not ids:
            return {}
        cursor = self._cells.find({"_id": {"$in": ids}, "shop": shop})
        return {document["job_id"]: cell_of(document) async for document in cursor}

    async def _hands(self, shop: str, keys: Iterable[str]) -> Mapping[str, tuple[str, str | None]]:
        """Who made these adjustments (an earlier build has left it to them alone), and their notes."""
        ids = [key_of(shop, key) for key in sorted(set(keys))]
        if not ids:
            return {}
        cursor = self._adjustments.find({"_id": {"$in": ids}, "shop": shop}, {"key": 1, "actor": 1, "note": 1})
        return {document["key"]: (document["actor"], document.get("note")) async for document in cursor}


def _marks(keys: Sequence[Any]) -> list[Mark]:
    return [list(keys[:3]), list(keys[3:5]), list(keys[5:7]), list(keys[7:])]


def _merged(readings: Sequence[Reading[Any]], marks: list[Mark], limit: int) -> tuple[list[Found[Any]], Mark | None]:
    """The newest of all, as far as every source was looked through; and where each goes on (None: nothing is left)."""
    taken = [0] * len(readings)
    chosen: list[Found[Any]] = []
    while len(chosen) < limit:
        heads = [
            (reading.found[taken[place]].at, -place)
            for place, reading in enumerate(readings)
            if taken[place] < len(reading.found)
        ]
        if not heads:
            break
        at, negative = max(heads)
        if any(_may_have_newer(reading, taken[place], at) for place, reading in enumerate(readings)):
            break
        place = -negative
        chosen.append(readings[place].found[taken[place]])
        taken[place] += 1
    after: Mark = []
    more = False
    for place, reading in enumerate(readings):
        left = taken[place] < len(reading.found)
        more = more or left or not reading.over
        if not left:
            after += reading.mark
        else:
            after += marks[place] if taken[place] == 0 else reading.found[taken[place] - 1].mark
    return chosen, after if more else None


def _may_have_newer(reading: Reading[Any], taken: int, at: datetime) -> bool:
    """Whether a source may hold something newer that it has not come to yet."""
    if reading.over or taken < len(reading.found):
        return False
    return reading.down_to is not None and at < reading.down_to


def _happened(found: Found[Any], now: Sides) -> Happened:
    """As it is told; what changed nothing stands between the sides of the changes around it."""
    what, at = found.what, found.at
    if isinstance(what, Moment):
        line = what.last
        return Happened(
            name=f"ledger:{what.last.seq}",
            at=at,
            kind=what.kind,
            before=what.before,
            after=what.after,
            changed=True,
            cause=line.cause,
            reference=line.reference,
            by=line.by,
        )
    kind, name, cause, by, cell, missed = _of_another(what)
    return Happened(
        name=name,
        at=at,
        kind=kind,
        before=now,
        after=now,
        changed=False,
        cause=cause,
        reference=name.partition(":")[2],
        by=by,
        cell=cell,
        missed=missed,
    )


def _of_another(what: Any) -> tuple[StoryKind, str, str, str | None, Cell | None, MissedWebhook | None]:
    if isinstance(what, Cell):
        return StoryKind.LEFT, f"run:{what.job_id}", "reconcile", None, what, None
    if isinstance(what, CountedAsBefore):
        kind = KIND_OF_A_STILL_COUNT.get(what.cause, StoryKind.COUNTED)
        return kind, f"count:{what.key}", what.cause, what.actor, None, None
    return StoryKind.MISSED, f"missed:{what.drift_id}", "drift", None, None, what


def _job_id(one: Happened) -> str | None:
    if one.cell is not None:
        return one.cell.job_id
    if one.missed is not None:
        return one.missed.job_id
    return one.reference.removeprefix("job:") if one.reference.startswith("job:") else None


def _by_hand(one: Happened) -> bool:
    return one.kind in set(KIND_OF_A_STILL_COUNT.values())


def _kind_by(job: Job | None) -> StoryKind:
    """What a run's change was, which its job tells."""
    if job is None:
        return StoryKind.OTHER
    if job.source is JobSource.UNDO:
        return StoryKind.UNDONE
    if job.source is JobSource.DRIFT:
        return StoryKind.REPAIRED
    return StoryKind.PUSHED if job.direction is Direction.TO_SHOPIFY else StoryKind.PULLED
