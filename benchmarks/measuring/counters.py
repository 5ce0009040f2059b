"""What a run costs, by the counters that kernel and servers keep: nothing here is estimated.

Processor time and peak memory of each process with its children (`/proc`), commands and documents of MongoDB
(`serverStatus`), messages of RabbitMQ (its Prometheus plugin: the management API's figures are up to five seconds old).
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from shared.mongodb.connection import Mongo

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_COMMANDS = ("insert", "query", "update", "delete", "getmore", "command")
_DOCUMENTS = ("inserted", "updated", "returned")
_EXAMINED = {"scanned": "index entries read", "scannedObjects": "documents read"}
_MESSAGE = re.compile(
    r"^rabbitmq_global_messages_(received|confirmed|delivered|acknowledged)_total\S* (\S+)$", re.MULTILINE
)
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Counts:
    """What the counters showed at one moment. `processor`: seconds; `mongodb`, `amqp`: numbers since the start."""

    processor: Mapping[str, float]
    mongodb: Mapping[str, float]
    amqp: Mapping[str, float]

    def since(self, before: Counts) -> Counts:
        """What has been used between the two."""
        return Counts(
            _less(self.processor, before.processor), _less(self.mongodb, before.mongodb), _less(self.amqp, before.amqp)
        )

    def per(self, units: int) -> dict[str, Any]:
        """Per unit of work, as it is reported: milliseconds by process, MongoDB's and RabbitMQ's numbers."""
        return {
            "ms": {name: round(1000 * used / units, 3) for name, used in self.processor.items()},
            "ms_total": round(1000 * sum(self.processor.values()) / units, 3),
            "mongodb": {name: round(used / units, 3) for name, used in self.mongodb.items()},
            "amqp": {name: round(used / units, 3) for name, used in self.amqp.items()},
        }


class Counters:
    """The counters of some processes, and of both servers."""

    def __init__(
        self,
        processes: Callable[[], Mapping[str, int]],
        mongo: Mongo,
        http: aiohttp.ClientSession,
        rabbitmq: str | None,
    ) -> None:
        """`processes`: by name, as they are now. `rabbitmq`: its Prometheus address; none is known of a given one."""
        self._processes = processes
        self._mongo = mongo
        self._http = http
        self._rabbitmq = rabbitmq

    async def now(self) -> Counts:
        """What they show."""
        children = _children()
        processor = {
            name: sum(_processor_seconds(one) for one in _tree(pid, children))
            for name, pid in self._processes().items()
        }
        return Counts(processor, await self._of_mongodb(), await self._of_rabbitmq())

    def forget_peaks(self) -> None:
        """Begin the peaks of memory anew."""
        children = _children()
        for pid in self._processes().values():
            for one in _tree(pid, children):
                # A server of another user keeps its peak.
                with suppress(OSError):
                    Path(f"/proc/{one}/clear_refs").write_text("5")

    def peaks(self) -> dict[str, float]:
        """Megabytes at the peak, by process, its children included."""
        children = _children()
        return {
            name: round(sum(_peak(one) for one in _tree(pid, children)), 1) for name, pid in self._processes().items()
        }

    async def _of_mongodb(self) -> dict[str, float]:
        status = await self._mongo.db.client.admin.command("serverStatus")
        counts = {f"{name}s": float(status["opcounters"][name]) for name in _COMMANDS}
        counts |= {f"documents {name}": float(status["metrics"]["document"][name]) for name in _DOCUMENTS}
        examined = status["metrics"]["queryExecutor"]
        counts |= {told: float(examined[name]) for name, told in _EXAMINED.items()}
        counts["transactions"] = float(status["transactions"]["totalCommitted"])
        return counts

    async def _of_rabbitmq(self) -> dict[str, float]:
        if self._rabbitmq is None:
            return {}
        async with self._http.get(self._rabbitmq) as response:
            return messages_of(await response.text())


def messages_of(metrics: str) -> dict[str, float]:
    """RabbitMQ's messages by what became of them, of all protocols; from its Prometheus text."""
    counts: dict[str, float] = defaultdict(float)
    for name, value in _MESSAGE.findall(metrics):
        counts["published" if name == "received" else name] += float(value)
    return dict(counts)


def trees(processes: Mapping[str, int]) -> dict[str, list[int]]:
    """Each process with its children, as they are now."""
    children = _children()
    return {name: _tree(pid, children) for name, pid in processes.items()}


def resident(of: Mapping[str, list[int]]) -> dict[str, float]:
    """Megabytes that the processes of each name have in memory now."""
    return {name: round(sum(_in_memory(one) for one in tree), 1) for name, tree in of.items()}


def _less(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    # A process that began meanwhile has used what it shows.
    return {name: value - before.get(name, 0.0) for name, value in after.items()}


def _children() -> Mapping[int, list[int]]:
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            # One that has ended meanwhile has no parent to look for.
            with suppress(OSError):
                children[int(_fields(int(folder.name))[1])].append(int(folder.name))
    return children


def _tree(pid: int, children: Mapping[int, list[int]]) -> list[int]:
    found = [pid]
    for one in found:
        found += children.get(one, ())
    return found


def _fields(pid: int) -> list[str]:
    # The name in parentheses may hold blanks and parentheses itself: count from its end.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _processor_seconds(pid: int) -> float:
    try:
        fields = _fields(pid)
    except OSError:
        return 0.0
    # With those of children that have ended and were waited for (fields 13 and 14).
    return sum(int(field) for field in fields[11:15]) / _TICK


def _peak(pid: int) -> float:
    try:
        found = _PEAK.search(Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def _in_memory(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * _PAGE / 2**20
