"""What is measured in the page, step by step. Times are taken by the browser itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.async_api import Page

_SETTLED = "() => document.querySelectorAll('table tbody tr').length > 0 && !document.querySelector('[aria-busy=true]')"
LONG_FRAME_MS = 50.0
_TICK_MS = 0.15
"""What two readings of the browser's clock may be wrong by: three frames of a 60 Hz screen measure 50.0 or 50.1."""

_SCROLL_SECONDS = 20
_PIXELS_PER_FRAME = (60, 900, 20_000)
"""A reader, somebody in a hurry, and a dragged scrollbar."""


class Measures:
    """One tab in which it is measured."""

    script = Path(__file__).with_suffix(".js")

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url

    async def opening(self, times: int) -> list[float]:
        """From the page's response to the first thing seen: a list, or the word that it is coming.

        Each time from a page at rest: the browser's process is the same, and would still be at work for it.
        """
        taken: list[float] = []
        for _ in range(times):
            await self.page.goto(self._url)
            await self.page.wait_for_function(_SETTLED)
            await self.page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length > 0")
            shown: float = await self.page.evaluate(
                "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
                " - performance.getEntriesByType('navigation')[0].responseEnd"
            )
            taken.append(shown)
        return taken

    async def searching(self, times: int) -> list[float]:
        """From the last key of a search to the list that shows what it finds, or says that it is being read."""
        box = self.page.get_by_role("searchbox", name="Search bills of materials")
        words = ("oak", "throw", "001", "candle", "lamp")
        taken = []
        for number in range(times):
            await box.fill("")
            await self.page.wait_for_function(_SETTLED)
            taken.append(await self._until_answered(f"input:{words[number % len(words)]}"))
        await box.fill("")
        await self.page.wait_for_function(_SETTLED)
        return taken

    async def sorting(self, times: int) -> list[float]:
        """From the choice of an order to the list in it."""
        return [await self._until_answered("select:" + ("-name" if n % 2 == 0 else "name")) for n in range(times)]

    async def selecting_all(self, times: int) -> list[float]:
        """From the click on "Select all N matching" to the page that says they are selected."""
        taken = []
        for _ in range(times):
            await self.page.get_by_role("checkbox", name="Select all on this page").check()
            every = self.page.get_by_role("button", name="Select all", exact=False).last
            await every.wait_for()
            handle = await every.element_handle()
            taken.append(
                await self.page.evaluate(
                    "(button) => measureUntil(() => button.click(),"
                    " () => /All [\\d,]+ matching are selected/.test(document.body.innerText))",
                    handle,
                )
            )
            await self.page.get_by_role("button", name="Clear selection").click()
        return taken

    async def _until_answered(self, what: str) -> float:
        """Do one thing to the list, and wait until it shows the answer or that it is at it."""
        taken: float = await self.page.evaluate(_DO, what)
        await self.page.wait_for_function(_SETTLED)
        return taken

    async def open_preview(self, preview_id: str) -> None:
        """Open the dialog with the preview of everything."""
        await self.page.goto(f"{self._url}/?reconcile=preview&preview={preview_id}&direction=toShopify")
        table = self.page.get_by_role("table", name="Places that differ")
        await table.get_by_role("row").nth(5).wait_for()

    async def scrolling(self) -> dict[str, Any]:
        """Scroll through the rows at three speeds; returns frames, long ones, and their share."""
        frames: list[float] = []
        tasks: list[float] = []
        table = self.page.get_by_role("table", name="Places that differ")
        region = await self.page.evaluate_handle(_REGION)
        for pixels in _PIXELS_PER_FRAME:
            seen = await self.page.evaluate(
                "([region, ms, pixels]) => measureFrames(region, ms, pixels)",
                [region, _SCROLL_SECONDS * 1000 / len(_PIXELS_PER_FRAME), pixels],
            )
            frames += seen["frames"]
            tasks += seen["longTasks"]
        long = [length for length in frames if length > LONG_FRAME_MS + _TICK_MS]
        return {
            "frames": len(frames),
            "long": len(long),
            "long_share": len(long) / len(frames),
            "longest_ms": round(max(frames), 1),
            "long_tasks": len(tasks),
            "rows": int(await table.get_attribute("aria-rowcount") or 0) - 1,
        }

    async def heap(self) -> float:
        """The page's JavaScript heap after a collection, in megabytes."""
        used: int = await self.page.evaluate("() => { gc(); gc(); return performance.memory.usedJSHeapSize; }")
        return round(used / 1e6, 1)

    async def starting(self) -> list[float]:
        """From the click on Start to the run on the screen, or the sign that it is being started."""
        box = self.page.get_by_role("textbox")
        label = await box.get_attribute("aria-label") or await self.page.locator("label", has_text="Type ").inner_text()
        await box.fill("".join(letter for letter in label if letter.isdigit()))
        button = await self.page.get_by_role("button", name="Start Reconciliation").element_handle()
        taken: float = await self.page.evaluate(
            "(button) => measureUntil(() => button.click(), () => button.getAttribute('aria-busy') === 'true'"
            " || button.disabled || button.getAttribute('aria-disabled') === 'true' || !button.isConnected)",
            button,
        )
        await self.page.get_by_role("heading", name="The run", exact=False).first.wait_for(timeout=120_000)
        return [taken]


_REGION = "() => document.querySelector('[role=dialog] [role=table][tabindex]')"

_DO = """(what) => {
    const [kind, value] = [what.slice(0, what.indexOf(':')), what.slice(what.indexOf(':') + 1)];
    const rows = () => [...document.querySelectorAll('table tbody th')].map((e) => e.innerText).join('|');
    const before = rows();
    const set = (element, proto) => {
        Object.getOwnPropertyDescriptor(proto, 'value').set.call(element, value);
        element.dispatchEvent(new Event(kind === 'input' ? 'input' : 'change', { bubbles: true }));
    };
    const act = kind === 'input'
        ? () => set(document.querySelector('input[type=search], [role=searchbox]'), HTMLInputElement.prototype)
        : () => set(document.querySelector('option[value="-name"]').parentElement, HTMLSelectElement.prototype);
    const busy = () => document.querySelector('[aria-busy=true], [role=progressbar]') !== null;
    return measureUntil(act, () => rows() !== before || busy());
}"""
