"""How tests wait: as long as something moves. No wait here has a limit on the whole, only one on *standing still*.

A total limit judges the machine: 1,000 repairs that take 61 seconds on a busy one are no fault. So a wait names a
measure of progress (documents written, cells ended, processor time used, bytes printed), and fails only when that
measure has not changed for a minute, and not for 300 looks either: on a machine that hardly lets us
run, looks are as rare as everything else. Without a measure the one step that is awaited must come within that limit.

Outside this module no test sleeps, or judges by a clock, without a reason on its line
(tests/unit/source/test_waits.py).
"""

from __future__ import annotations

import asyncio
import inspect
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Still(NamedTuple):
    """How long a measure may stay the same before a wait fails: both limits must be passed."""

    seconds: float
    looks: int


STILL = Still(60.0, 300)

_LOOK_EVERY = 0.05
_MEASURE_EVERY = 1.0
_SLOW_LOOK_EVERY = 0.2
_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")

Measure = Callable[[], object | Awaitable[object]]
"""What a wait looks at to see whether things go on: any value that compares by `==`, or an awaitable of one."""

Condition = Callable[[], bool | Awaitable[bool]]


class StandsStill(AssertionError):
    """What was awaited has not come, and nothing moved any more."""


async def _value_of(ask: Callable[[], Any]) -> Any:
    answer = ask()
    return await answer if inspect.isawaitable(answer) else answer


class _Stillness:
    """Notes when a measure last changed."""

    def __init__(self, what: str, progress: Measure | None, still: Still) -> None:
        self._what = what
        self._progress = progress
        self._still = still
        self._since = monotonic()
        self._measured = float("-inf")
        self._looks = 0
        self._seen: object = None

    async def look(self) -> None:
        """Look once. Raises StandsStill when nothing has changed for too long."""
        self._looks += 1
        now = monotonic()
        # A look is cheap, a measure need not be: it is asked often enough to tell whether things stand still.
        if now - self._measured < min(_MEASURE_EVERY, self._still.seconds / 10):
            return
        self._measured = now
        if self._progress is not None:
            present = await _value_of(self._progress)
            if present != self._seen:
                self._seen, self._since, self._looks = present, monotonic(), 0
        if self._looks > self._still.looks and monotonic() - self._since > self._still.seconds:
            raise StandsStill(f"{self._what}: not so, and nothing moves any more; last seen: {self._seen!r}")


async def until(
    condition: Condition,
    *,
    what: str,
    progress: Measure | None = None,
    still: Still = STILL,
    every: float = _LOOK_EVERY,
) -> None:
    """Ask until `condition` is so. For what announces nothing; what can be awaited is better awaited (`arrival`).

    `every`: seconds between looks, more where a look is dear.

    Raises:
        StandsStill: it is not so and `progress` has not changed for as long as `still` says; the message says `what`.
    """
    stillness = _Stillness(what, progress, still)
    while not await _value_of(condition):
        await stillness.look()
        await asyncio.sleep(every)


async def arrival(awaited: Awaitable[T], *, what: str, progress: Measure | None = None, still: Still = STILL) -> T:
    """Await something, while there is progress. What was awaited is cancelled when it stands still.

    Raises:
        StandsStill: see `until`.
    """
    task = asyncio.ensure_future(awaited)
    stillness = _Stillness(what, progress, still)
    try:
        while True:
            done, _ = await asyncio.wait({task}, timeout=_SLOW_LOOK_EVERY)
            if done:
                return task.result()
            await stillness.look()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def stored(
    collection: Any,
    query: Mapping[str, Any],
    wanted: Callable[[dict[str, Any]], bool] = lambda _: True,
    *,
    what: str = "",
) -> dict[str, Any]:
    """Wait, on the collection's change stream, until a document found by `query` is as `wanted`; returns it.

    Progress is every write to the database.

    Raises:
        StandsStill: see `until`.
    """

    async def present() -> dict[str, Any] | None:
        async for document in collection.find(query):
            if wanted(document):
                return dict(document)
        return None

    found = await changed(collection, present, what=what or f"{collection.name} {dict(query)}")
    assert found is not None
    return found


async def changed(collection: Any, look: Callable[[], Awaitable[T]], *, what: str) -> T:
    """Wait until `look` answers something true, asked again after each change of the collection; returns that.

    Progress is every write to the database.

    Raises:
        StandsStill: see `until`.
    """
    if seen := await look():
        return seen
    stillness = _Stillness(what, writes_to(collection.database), STILL)
    async with collection.watch(max_await_time_ms=200) as changes:
        while not (seen := await look()):
            # None after a wait without a change.
            if await changes.try_next() is None:
                await stillness.look()
        return seen


def writes_to(database: Any) -> Measure:
    """A measure of progress: the time of the last write to the database, by the replica set's own log.

    Leases are left out, the turns and figures of sweeps, and marks of how far was looked: they are renewed whatever
    else stands still.
    """
    ours = re.compile(rf"^{re.escape(database.name)}\.(?!partitions$|replicas$|shops$|drift_hours$|constants$)")
    oplog = database.client.get_database("local")["oplog.rs"]
    written = {"$or": [{"ns": ours}, {"o.applyOps.ns": ours}]}

    async def last() -> object:
        entry = await oplog.find_one(written, {"ts": 1}, sort=[("$natural", -1)])
        return None if entry is None else entry["ts"]

    return last


async def ended(process: asyncio.subprocess.Process, words: bytes = b"", *, what: str) -> tuple[bytes, bytes]:
    """Give a process its input and wait for its end; returns standard output and standard error.

    Progress is processor time used by it and what it started. A process that stands still is killed.

    Raises:
        StandsStill: see `until`.
    """
    try:
        given = words if process.stdin is not None else None
        return await arrival(process.communicate(given), what=what, progress=work_of(process.pid))
    except StandsStill:
        process.kill()
        await process.wait()
        raise


def work_of(process_id: int) -> Measure:
    """A measure of progress: whole seconds of processor time of a process and its descendants.

    Whole ones, since a process that only waits spends some, too: a few hundredths a minute.
    """
    return lambda: _ticks([process_id]) // _CLOCK_TICKS


def _ticks(tree: Iterable[int]) -> int:
    parents: dict[int, list[int]] = {}
    used: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name in parentheses may hold blanks and parentheses itself: count from its end.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry.name))
        # Of itself, and of children that have ended.
        used[int(entry.name)] = sum(int(field) for field in fields[11:15])
    total, rest = 0, list(tree)
    while rest:
        process_id = rest.pop()
        total += used.get(process_id, 0)
        rest += parents.get(process_id, [])
    return total


async def time_passes(seconds: float, *, why: str) -> None:
    """Let real time pass, where nothing can be awaited: a time limit of another program, or that nothing more comes.

    `why` says what could not be awaited. How much time really passes must not decide between success and failure.
    """
    assert why
    await asyncio.sleep(seconds)
