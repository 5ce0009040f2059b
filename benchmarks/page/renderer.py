"""One tab as its browser measures it: frames and events by the page's own clock, work by the renderer's processor time.

How long somebody waits depends on what else the machine does; how much processor time the page's main thread takes
until the next frame does so far less. So both are told, and the second one is judged.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, CDPSession, Page

from shared.mongodb.schema import Database

Act = Callable[[], Awaitable[object]]
_SCRIPT = Path(__file__).with_name("measures.js")
_WORK = ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
_READS = ["query", "command", "getmore"]
_MOST_STATEMENTS = 2**26
"""Bytes that are kept of what MongoDB was asked."""


@dataclass
class Taken:
    """How one act went, each time that it was done."""

    paint_ms: list[float] = field(default_factory=list)
    """From the event to the frame that shows its effect, or that it is at work on it."""

    paint_cpu_ms: list[float] = field(default_factory=list)
    """Processor time of the page's main thread until then."""

    answered_ms: list[float] = field(default_factory=list)
    """From the event until all is there."""

    cpu_ms: list[float] = field(default_factory=list)
    script_ms: list[float] = field(default_factory=list)
    layout_ms: list[float] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)
    statements: list[float] = field(default_factory=list)
    """What MongoDB was asked."""

    examined: list[float] = field(default_factory=list)
    """Documents that it looked at for that."""


class Renderer:
    """A tab, the session that asks its browser, and what lies behind the page."""

    def __init__(self, page: Page, session: CDPSession, database: Database) -> None:
        self.page = page
        self._session = session
        self._database = database
        self._requests = 0
        page.on("request", self._note)

    @classmethod
    async def open(cls, browser: Browser, database: Database, *, width: int = 1600) -> Renderer:
        """A tab in a profile of its own."""
        context = await browser.new_context(viewport={"width": width, "height": 1000})
        context.set_default_timeout(120_000)
        page = await context.new_page()
        await page.add_init_script(path=_SCRIPT)
        session = await context.new_cdp_session(page)
        # Of the thread, not of the clock: what else runs on the machine is left out.
        await session.send("Performance.enable", {"timeDomain": "threadTicks"})
        await database.create_collection("system.profile", capped=True, size=_MOST_STATEMENTS)
        await database.command("profile", 2)
        return cls(page, session, database)

    async def close(self) -> None:
        """Close the tab, and let MongoDB note nothing more."""
        await self._database.command("profile", 0)
        await self.page.context.close()

    def _note(self, request: Any) -> None:
        if "/api/" in request.url:
            self._requests += 1

    async def metrics(self) -> dict[str, float]:
        """What the browser counts of the page; durations in milliseconds."""
        answer = await self._session.send("Performance.getMetrics")
        told = {one["name"]: float(one["value"]) for one in answer["metrics"]}
        return told | {name: told[name] * 1000 for name in _WORK}

    async def do(self, taken: Taken, act: Act, answered: Act) -> None:
        """Do one thing with mouse or keys, wait until it is answered, and note how it went."""
        page = self.page
        await self._quiet()
        since: float = await page.evaluate("() => performance.now()")
        before, requests = await self.metrics(), self._requests
        async with self._statements(taken):
            await act()
            await page.evaluate("() => measures.shown()")
            shown = await self.metrics()
            await answered()
            now: float = await page.evaluate("() => performance.now()")
            await page.evaluate("() => measures.shown()")
        after = await self.metrics()
        taken.paint_ms.append(await page.evaluate("(since) => measures.toNextPaint(since)", since))
        taken.paint_cpu_ms.append(shown["TaskDuration"] - before["TaskDuration"])
        taken.answered_ms.append(now - since)
        taken.cpu_ms.append(after["TaskDuration"] - before["TaskDuration"])
        taken.script_ms.append(after["ScriptDuration"] - before["ScriptDuration"])
        taken.layout_ms.append(sum(after[name] - before[name] for name in ("LayoutDuration", "RecalcStyleDuration")))
        taken.requests.append(self._requests - requests)

    async def _quiet(self) -> None:
        """Nothing is under way: what comes next is the act's."""
        await self.page.evaluate("() => measures.shown()")

    @asynccontextmanager
    async def _statements(self, taken: Taken) -> AsyncIterator[None]:
        """Note what MongoDB is asked meanwhile, by its own profiler."""
        since = datetime.now(UTC)
        yield
        mine = {"ts": {"$gte": since}, "ns": {"$not": {"$regex": r"\.system\."}}, "op": {"$in": _READS}}
        seen = [one async for one in self._database["system.profile"].find(mine, {"docsExamined": 1})]
        taken.statements.append(len(seen))
        taken.examined.append(sum(one.get("docsExamined", 0) for one in seen))

    async def frames(self, seconds: float) -> dict[str, Any]:
        """Frames while something goes on by itself, and the work of a second."""
        before = await self.metrics()
        seen = await self.page.evaluate("(ms) => measures.frames(ms)", seconds * 1000)
        after = await self.metrics()
        return _told_of_frames([seen]) | {
            "cpu_ms_a_second": round((after["TaskDuration"] - before["TaskDuration"]) / seconds, 1)
        }

    async def scroll(self, region: str | None, pixels: tuple[int, ...], seconds: float) -> dict[str, Any]:
        """Scroll what a selector finds, or the window, at each of these speeds."""
        handle = None if region is None else await self.page.query_selector(region)
        before = await self.metrics()
        program = "([region, ms, step]) => measures.scroll(region, ms, step)"
        seen = [await self.page.evaluate(program, [handle, seconds * 1000, step]) for step in pixels]
        after = await self.metrics()
        told = _told_of_frames(seen)
        spent = after["TaskDuration"] - before["TaskDuration"]
        return told | {"cpu_ms_a_frame": round(spent / told["frames"], 2)}

    async def held(self) -> dict[str, float]:
        """What the page holds after a collection: heap in megabytes, elements and listeners."""
        for _ in range(2):
            await self._session.send("HeapProfiler.collectGarbage")
        told = await self.metrics()
        return {
            "heap_mb": round(told["JSHeapUsedSize"] / 1e6, 2),
            "nodes": told["Nodes"],
            "listeners": told["JSEventListeners"],
        }


def _told_of_frames(seen: list[Any]) -> dict[str, Any]:
    lengths = [length for one in seen for length in one["lengths"]]
    long = [length for one in seen for length in one["long"]]
    return {
        "frames": len(lengths),
        "long": len(long),
        "long_share": round(len(long) / max(1, len(lengths)), 4),
        "longest_ms": round(max(long, default=max(lengths, default=0.0)), 1),
    }
