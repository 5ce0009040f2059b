"""Counts what is used between two moments: statements, documents and index entries of MongoDB, messages, points.

The numbers are those of MongoDB's profiler, of a queue of RabbitMQ that hears every message, and of the simulator. No
clock is asked, so that bounds hold on every machine.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aio_pika

from services.reconciler.jobs.window import WINDOW
from shared.mongodb.jobs.cells.places import BY_NUMBER
from shared.mongodb.schema import Database
from shared.rabbitmq.topology import COMMANDS, EVENTS
from tests.integration.shop_world import ShopWorld

WRITTEN = ("ninserted", "nUpserted", "nModified", "ndeleted")

BY_TIME = ("partitions", "replicas")
"""Leases: renewed by the clock, and looked through as a whole, sixteen partitions and one replica for each process."""

ROOM = 2**26
"""Bytes of the server's record of statements: all of them."""

_SMALL = 250
"""Documents that a statement may look through whatever it is for, as many as a batch: a look at what is due or open."""
_BOUNDED = {BY_NUMBER: WINDOW}
"""By the index that a statement asks for: what it holds of a job is never more, and a look may go through it."""
_BATCH = 1_000
"""Documents that may be put in order in memory: a batch that was read by its ids."""
_FIRST_WORD = re.compile(r"\w+")
_SUMS_UP = ("aggregate", "count", "distinct")
_LOOKED_AT = 4
"""Documents looked at for each that is answered or written, beyond which an index is missing, or the wrong one."""

_ONE_EACH = "shops"
"""One document a shop: figures of all of them are summed up over all."""

_TELLS_APART = 140
_ATTEMPTS = 3

Counts = Counter[str]
Bounds = Mapping[str, Mapping[str, int]]
"""By step, the most of each count; what is not named may not be used at all."""


@dataclass
class Cost:
    """What was used between two moments, by what bounds call it; and statements whose plan is a bad one."""

    counts: Counts = field(default_factory=Counter)
    scans: list[str] = field(default_factory=list)
    """Statements that scan a collection of more than a document each shop."""
    sorts: list[str] = field(default_factory=list)
    """Statements that sort in memory what no index has in order, and more than a few."""
    wasteful: list[str] = field(default_factory=list)
    """Statements that look at many times the documents that they answer or write."""

    @property
    def badly_planned(self) -> list[str]:
        """All of them, each with what is wrong with it; of those that begin alike, one."""
        kinds = {"scans a collection": self.scans, "sorts in memory": self.sorts, "looks at too many": self.wasteful}
        told = [f"{kind}: {statement}" for kind, statements in kinds.items() for statement in statements]
        return list({one[:_TELLS_APART]: one for one in told}.values())


@asynccontextmanager
async def counted(world: ShopWorld, of: Collection[str]) -> AsyncIterator[Cost]:
    """Count what is used inside the block in a world with a simulator, its points too.

    Collections `of` are counted by name, the others together as `rest`.
    """
    await world.control("calls/reset")
    async with counted_at(world.mongo.db, world.settings.amqp_url.get_secret_value(), of) as cost:
        yield cost
    cost.counts["points"] = sum(one["points"] for one in (await world.calls()).values())


@asynccontextmanager
async def counted_at(
    db: Database, amqp_url: str, of: Collection[str], exchanges: Sequence[str] = (COMMANDS, EVENTS)
) -> AsyncIterator[Cost]:
    """The same of a database and the exchanges of a broker."""
    cost = Cost()
    await db.drop_collection("system.profile")
    await db.create_collection("system.profile", capped=True, size=ROOM)
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        # Gets every message that is published: the broker's own counters are seconds old.
        heard = await channel.declare_queue(exclusive=True)
        for exchange in exchanges:
            await heard.bind(exchange, "#")
        await db.command({"profile": 2})
        try:
            yield cost
        finally:
            await db.command({"profile": 0})
        again = await channel.declare_queue(heard.name, passive=True)
        cost.counts["messages"] = again.declaration_result.message_count or 0
    await _read_profile(db, cost, of)


async def _read_profile(db: Database, cost: Cost, of: Collection[str]) -> None:
    counts, transactions = cost.counts, set()
    async for entry in db["system.profile"].find({"ns": {"$not": {"$regex": "system"}}}):
        command = entry["command"]
        if "$changeStream" in str(command.get("pipeline", entry.get("originatingCommand"))):
            continue  # a wait of this test: the services follow no stream of the store
        collection = entry["ns"].partition(".")[2]
        if collection in BY_TIME:
            continue
        name = collection if collection in of else "rest"
        counts[f"{name}: statements"] += 1
        counts[f"{name}: written"] += _written(entry)
        counts[f"{name}: read"] += entry.get("docsExamined", 0)
        counts[f"{name}: index entries"] += entry.get("keysInserted", 0) + entry.get("keysDeleted", 0)
        _judge_plan(cost, entry, f"{collection}: {str(command)[:300]}")
        if "txnNumber" in command and "autocommit" in command:
            transactions.add((str(command["lsid"]), command["txnNumber"]))
    counts["transactions"] = len(transactions)


def _written(entry: Mapping[str, Any]) -> int:
    return sum(entry.get(count, 0) for count in WRITTEN)


def _judge_plan(cost: Cost, entry: Mapping[str, Any], told: str) -> None:
    if "COLLSCAN" in entry.get("planSummary", "") and not told.startswith(f"{_ONE_EACH}:"):
        cost.scans.append(told)
    looked = entry.get("docsExamined", 0)
    if entry.get("hasSortStage") and looked > _BATCH:
        cost.sorts.append(told)
    # Of one whose answer goes on in further batches nobody knows yet what it gets. A count and a group answer with one
    # document whatever they look at: they are bounded as reads.
    command = entry["command"]
    verb = _FIRST_WORD.search(command.get("$truncated") or str(dict(command)))
    if "cursorid" in entry or (verb is not None and verb[0] in _SUMS_UP):
        return
    # What is skipped was asked for.
    got = max(entry.get("nreturned", 0), entry.get("nMatched", 0), _written(entry)) + command.get("skip", 0)
    if looked > _BOUNDED.get(str(command.get("hint")), _SMALL) + _LOOKED_AT * got:
        cost.wasteful.append(f"{looked} for {got}, {told}")


async def undisturbed(measure: Callable[[int], Awaitable[Mapping[str, Cost]]], bounds: Bounds) -> None:
    """Measure each step, and judge it by its bounds and its plans. Raises AssertionError, all that is dearer in it.

    A machine that hardly lets the broker answer makes a message go out twice, and its cells be worked on twice: that
    only adds. So what is above a bound is measured again, and each count is the least that was seen.
    """
    least: dict[str, Cost] = {}
    above: list[str] = []
    for attempt in range(_ATTEMPTS):
        for step, cost in (await measure(attempt)).items():
            known = least.setdefault(step, cost)
            known.counts = Counter({name: min(number, cost.counts[name]) for name, number in known.counts.items()})
            bad = cost.badly_planned
            assert not bad, "\n".join(bad)
        sys.stdout.write(json.dumps({step: cost.counts for step, cost in least.items()}, indent=2) + "\n")
        above = dearer(least, bounds)
        if not above:
            return
    raise AssertionError("\n".join(above))


def dearer(costs: Mapping[str, Cost], bounds: Bounds) -> list[str]:
    """What is above its bound, or has none."""
    return [
        f"{step}, {name}: {number}, at most {bounds[step].get(name, 0)}"
        for step, cost in costs.items()
        for name, number in cost.counts.items()
        if number > bounds[step].get(name, 0)
    ]
