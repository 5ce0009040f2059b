"""What the life of a cell is read from, each source the newest first, from a mark on, and no further than asked.

A read says how far it is complete (`down_to`): what is older in another source has to wait for its next read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from shared.domain.cell import CellKey
from shared.domain.job import JobSource
from shared.domain.story import LedgerLine, Moment, Sides, StoryGroup, StoryKind, moments
from shared.mongodb.drift.missed import MissedWebhook
from shared.mongodb.drift.missed_form import missed_of
from shared.mongodb.jobs.cells.cell import Cell, cell_id
from shared.mongodb.jobs.cells.cell_form import cell_of
from shared.mongodb.lists.pages import later
from shared.mongodb.schema import Database, Document
from shared.mongodb.stock.ledger import Ledger
from shared.mongodb.story.happened import StoryWanted

LINES_AT_ONCE = 500
JOBS_AT_ONCE = 500

MOST_PASSED = 10
"""Reads of so many that a page makes before it ends short: what is seldom is looked for page by page."""

T = TypeVar("T")

Mark = list[str | int]
"""Where a source goes on."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """One thing, and where its source goes on after it."""

    at: datetime
    what: T
    mark: Mark


class Reading(Generic[T]):
    """What a source has told, as it is being read. `mark`: behind all it has looked at; `over`: there is nothing more.

    `passed`: of the ledger, every change it has looked at, wanted or not, with both sides before it.
    """

    __slots__ = ("down_to", "found", "mark", "over", "passed")

    def __init__(self, mark: Mark, *, over: bool = False) -> None:
        self.mark = mark
        self.found: list[Found[T]] = []
        self.over = over
        self.down_to: datetime | None = None
        self.passed: list[tuple[datetime, Sides]] = []

    def sides_at(self, at: datetime, present: Sides) -> Sides:
        """Both sides at a time; `present`: those that the reading began with."""
        earlier = [before for when, before in self.passed if when > at]
        return earlier[-1] if earlier else present


Down = Callable[[int, int], Awaitable[Sequence[LedgerLine]]]


async def changes(
    ledger: Ledger, shop: str, key: CellKey, wanted: StoryWanted, mark: Mark, *, most: int
) -> Reading[Moment]:
    """Moments of the ledger. The mark: the number of the entry to go on with, and both sides after it."""
    seq, sides = int(mark[0]), Sides(_value(mark[1]), _value(mark[2]))
    reading: Reading[Moment] = Reading(mark)
    for _ in range(MOST_PASSED * 4):
        lines = await ledger.down_from(shop, key, seq, LINES_AT_ONCE)
        told = moments(lines, sides)
        if told and told[-1].seq > 1 and len(lines) == LINES_AT_ONCE and told[-1].last.seq == told[-1].seq:
            told.pop()  # its other half may be among those that follow
        for moment in told:
            seq, sides = moment.seq - 1, moment.before
            reading.mark, reading.down_to = [seq, _held(sides.count), _held(sides.base)], moment.last.at
            reading.passed.append((moment.last.at, moment.before))
            if wanted.has(moment.kind, moment.last.at):
                reading.found.append(Found(moment.last.at, moment, list(reading.mark)))
                if len(reading.found) >= most:
                    return reading
        if not told or seq < 1 or _passed(wanted, reading.down_to):
            reading.over = True
            return reading
    return reading


def first_of_changes(seq: int, present: Sides) -> Mark:
    """The mark of the present."""
    return [seq, _held(present.count), _held(present.base)]


def sides_at(mark: Mark) -> Sides:
    """Both sides where the ledger goes on."""
    return Sides(_value(mark[1]), _value(mark[2]))


def _held(value: int | None) -> int:
    """A value or its absence as one number."""
    return 0 if value is None else 2 * value + 1


def _value(held: str | int) -> int | None:
    number = int(held)
    return None if number % 2 == 0 else number // 2


def _passed(wanted: StoryWanted, at: datetime | None) -> bool:
    return wanted.since is not None and at is not None and at < wanted.since


_LEFT_BY_NOBODY = frozenset({JobSource.DRIFT, JobSource.SCHEDULE})
"""What these skip they skip every time: that is no event in the life of a cell. What fails is."""

_QUIET = frozenset({"in_sync", "already_equal"})


async def left_as_it_was(
    database: Database,
    shop: str,
    key: CellKey,
    wanted: StoryWanted,
    mark: Mark,
    *,
    most: int,
    floor: datetime | None,
) -> Reading[Cell]:
    """Cells of jobs that changed nothing here, by the jobs' own order: each job's cell is asked for by its id.

    Down to jobs that were asked for before `floor`, which nobody wants to see yet.
    """
    reading: Reading[Cell] = Reading(mark)
    if not wanted.may_have(StoryGroup.RUNS):
        reading.over = True
        return reading
    order = {"requested_at": -1, "job_id": -1}
    for _ in range(MOST_PASSED):
        query: Document = {"$and": [{"shop": shop}, later(order, _dated(reading.mark))]}
        cursor = database["jobs"].find(query, {"job_id": 1, "requested_at": 1, "source": 1})
        jobs = [job async for job in cursor.sort(list(order.items())).limit(JOBS_AT_ONCE)]
        cells = await _cells(database, shop, key, [job["job_id"] for job in jobs])
        for job in jobs:
            reading.mark, reading.down_to = [_millis(job["requested_at"]), job["job_id"]], job["requested_at"]
            cell = cells.get(job["job_id"])
            if cell is not None and _tells(cell, JobSource(job["source"])):
                at = cell.ended_at or job["requested_at"]
                if wanted.has_time(at):
                    reading.found.append(Found(at, cell, list(reading.mark)))
                    if len(reading.found) >= most:
                        return reading
        if len(jobs) < JOBS_AT_ONCE or _passed(wanted, reading.down_to):
            reading.over = True
            return reading
        if floor is not None and reading.down_to is not None and reading.down_to < floor:
            return reading
    return reading


async def _cells(database: Database, shop: str, key: CellKey, job_ids: Sequence[str]) -> dict[str, Cell]:
    ids = [cell_id(shop, job_id, key) for job_id in job_ids]
    without = {"_id": {"$in": ids}, "shop": shop, "state": {"$in": ["error", "skipped", "cancelled"]}}
    return {document["job_id"]: cell_of(document) async for document in database["cells"].find(without)}


def _tells(cell: Cell, source: JobSource) -> bool:
    if cell.state == "skipped":
        return source not in _LEFT_BY_NOBODY and cell.reason not in _QUIET
    return True


@dataclass(frozen=True, slots=True)
class CountedAsBefore:
    """A hand count that found what was known."""

    key: str
    cause: str
    actor: str


async def counts_that_moved_nothing(
    database: Database, shop: str, key: CellKey, wanted: StoryWanted, mark: Mark, *, most: int
) -> Reading[CountedAsBefore]:
    """Hand counts of which the ledger has no entry."""
    reading: Reading[CountedAsBefore] = Reading(mark, over=True)
    if not wanted.may_have(StoryGroup.COUNTS):
        return reading
    order = {"at": -1, "key": -1}
    mine: Document = {"shop": shop, "bom_id": key.bom_id, "location_id": key.location_id, "still": True}
    query: Document = {"$and": [mine, *_times("at", wanted), later(order, _dated(mark))]}
    cursor = database["adjustments"].find(query).sort(list(order.items())).limit(most)
    async for one in cursor:
        reading.mark, reading.down_to = [_millis(one["at"]), one["key"]], one["at"]
        what = CountedAsBefore(one["key"], one["cause"], one["actor"])
        reading.found.append(Found(one["at"], what, list(reading.mark)))
    reading.over = len(reading.found) < most
    return reading


async def found_missed(
    database: Database, shop: str, key: CellKey, wanted: StoryWanted, mark: Mark, *, most: int
) -> Reading[MissedWebhook]:
    """Changes of Shopify's that no webhook told of, as far as they are still kept."""
    reading: Reading[MissedWebhook] = Reading(mark, over=True)
    if not wanted.may_have(StoryGroup.SHOPIFY):
        return reading
    query: Document = {
        "$and": [
            {"shop": shop, "bom_id": key.bom_id, "location_id": key.location_id, "drift_id": {"$lt": mark[0]}},
            {"state": {"$in": ["missed", "resolved"]}},
            *_times("detected_at", wanted),
        ]
    }
    async for one in database["drift"].find(query).sort("drift_id", -1).limit(most):
        reading.mark, reading.down_to = [one["drift_id"]], one["detected_at"]
        reading.found.append(Found(one["detected_at"], missed_of(one), list(reading.mark)))
    reading.over = len(reading.found) < most
    return reading


def _times(name: str, wanted: StoryWanted) -> list[Document]:
    limits = {"$gte": wanted.since, "$lt": wanted.until}
    given = {operator: moment for operator, moment in limits.items() if moment is not None}
    return [{name: given}] if given else []


def _dated(mark: Mark) -> list[Any]:
    return [datetime.fromtimestamp(int(mark[0]) / 1000, UTC), *mark[1:]]


def _millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


KIND_OF_A_STILL_COUNT = {
    "counted": StoryKind.COUNTED,
    "built": StoryKind.BUILT,
    "corrected": StoryKind.CORRECTED,
    "imported": StoryKind.COUNT_IMPORTED,
}
"""By the adjustment's cause."""
