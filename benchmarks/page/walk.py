"""What a merchant does with a large shop in the page, step by step, each step done many times and measured."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from playwright.async_api import Locator

from benchmarks.page.renderer import Act, Renderer, Taken

_SETTLED = (
    "() => document.querySelectorAll('[role=grid] tbody tr').length > 0 && !document.querySelector('[aria-busy=true]')"
)
_ROWS_SETTLED = (
    "() => !document.querySelector('[role=dialog] [aria-busy=true]')"
    " && document.querySelectorAll('[role=dialog] [role=row][data-index]').length > 0"
)
_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')"
_REGION = "[role=dialog] [role=table][tabindex]"
_WORDS = ("oak", "throw", "001", "candle", "lamp")
_SCROLL_SECONDS = 6.0
_PIXELS_PER_FRAME = (60, 900, 20_000)
"""A reader, somebody in a hurry, and a dragged scroll bar."""

_WARM, _OPENS = 2, 10
"""Openings before it is counted, when caches are filled; and those that are."""

_WATCHED_SECONDS = 15.0


class Walk:
    """The walk of one tab through the page."""

    def __init__(self, renderer: Renderer, url: str, times: int) -> None:
        self._renderer = renderer
        self._page = renderer.page
        self._url = url
        self._times = times
        self.acts: dict[str, Taken] = {}

    async def _do(self, name: str, act: Act, answered: Act) -> None:
        await self._renderer.do(self.acts.setdefault(name, Taken()), act, answered)

    def _key(self, key: str) -> Act:
        return lambda: self._page.keyboard.press(key)

    async def _settled(self) -> None:
        await self._page.wait_for_function(_SETTLED)

    async def _rows_settled(self) -> None:
        await self._page.wait_for_function(_ROWS_SETTLED)

    async def opening(self) -> dict[str, Any]:
        """The list: from the document's answer to the first thing seen, and to the rows; how far things shifted."""
        first, there, cpu, shifted = [], [], [], []
        for _ in range(self._times):
            await self._page.goto(self._url)
            await self._settled()
            now = await self._page.evaluate("() => performance.now()")
            await self._page.wait_for_function(f"() => {_FIRST_PAINT}.length > 0")
            seen, answered = await self._page.evaluate(
                f"() => [{_FIRST_PAINT}[0].startTime, performance.getEntriesByType('navigation')[0].responseEnd]"
            )
            first.append(seen - answered)
            there.append(now - answered)
            # A document that was loaded begins with nothing spent.
            cpu.append((await self._renderer.metrics())["TaskDuration"])
            shifted.append(await self._page.evaluate("() => measures.shifted()"))
        work = [after - before if after > before else after for before, after in zip([0.0, *cpu], cpu, strict=False)]
        return {"first_paint_ms": first, "rows_ms": there, "cpu_ms": work, "shift": max(shifted)}

    async def searching(self) -> None:
        """Each key of a search, typed one after the other."""
        box = self._page.get_by_role("searchbox", name="Search bills of materials")
        for number in range(self._times):
            await box.click()
            for letter in _WORDS[number % len(_WORDS)]:
                await self._do("search, a key", self._key(letter), self._settled)
            await box.fill("")
            await self._settled()

    async def sorting(self) -> None:
        """Another order, chosen by keyboard."""
        await self._page.get_by_label("Sort by").focus()
        for _, key in zip(range(self._times), cycle(("ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp")), strict=False):
            await self._do("sort", self._key(key), self._settled)
        await self._page.get_by_label("Sort by").select_option("name")
        await self._settled()

    async def selecting(self) -> None:
        """One row; the page; all that match; all but three; and the dialog that comes from there."""
        page = self._page
        grid = page.get_by_role("grid", name="Bills of materials")
        boxes = grid.locator("tbody input[data-box]")
        whole = page.get_by_role("checkbox", name="Select all on this page")
        clear = page.get_by_role("button", name="Clear selection")
        for number in range(self._times):
            await self._do("select one row", boxes.nth(number % 8).click, clear.wait_for)
            await clear.click()
            await self._do("select the page", whole.click, clear.wait_for)
            every = page.get_by_role("button", name="Select all", exact=False).last
            await self._do("select all that match", every.click, page.get_by_text("matching are selected").wait_for)
            for left in range(3):
                told = page.get_by_text(f"matching but {left + 1} are selected")
                await self._do("leave one of all out", boxes.nth(left).click, told.first.wait_for)
            item = page.get_by_role("menuitem", name="Reconcile inventory")
            await self._do("open the menu", page.get_by_role("button", name="More actions").click, item.wait_for)
            await self._do("open the dialog", item.click, self._direction)
            await page.keyboard.press("Escape")
            await page.get_by_role("dialog").wait_for(state="detached")
            await clear.click()

    async def _direction(self) -> None:
        await self._page.get_by_role("heading", name="Choose reconciliation direction").wait_for()

    async def scrolling_the_list(self) -> dict[str, Any]:
        """The page of rows, up and down."""
        return await self._renderer.scroll(None, _PIXELS_PER_FRAME[:2], _SCROLL_SECONDS)

    async def _show_preview(self, preview_id: str) -> None:
        # As a link within the page does it: nothing is loaded anew.
        await self._page.evaluate(
            "(to) => history.pushState(null, '', to)", f"/?reconcile=preview&preview={preview_id}&direction=toShopify"
        )

    @property
    def _rows(self) -> Locator:
        return self._page.get_by_role("table", name="Places that differ")

    async def opening_and_closing(self, preview_id: str) -> dict[str, Any]:
        """The preview's dialog, opened and closed: what the page holds before and after."""
        held = {}
        for number in range(_WARM + _OPENS):
            if number == _WARM:
                held = await self._renderer.held()
            await self._do("open the preview", lambda: self._show_preview(preview_id), self._rows_settled)
            await self._page.keyboard.press("Escape")
            await self._page.get_by_role("dialog").wait_for(state="detached")
        after = await self._renderer.held()
        return {"before": held, "after": after, "opens": _OPENS}

    async def preview(self, preview_id: str) -> dict[str, Any]:
        """The table of what differs: scrolled, searched, sorted, rows left out."""
        page = self._page
        await self._show_preview(preview_id)
        await self._rows_settled()
        scrolled = await self._renderer.scroll(_REGION, _PIXELS_PER_FRAME, _SCROLL_SECONDS)
        scrolled["rows"] = int(await self._rows.get_attribute("aria-rowcount") or 0) - 1
        await page.evaluate(f"() => document.querySelector('{_REGION}').scrollTo({{ top: 0 }})")
        dialog = page.get_by_role("dialog")
        box = dialog.get_by_role("searchbox")
        for number in range(max(1, self._times // 4)):
            await box.click()
            for letter in _WORDS[number % len(_WORDS)]:
                await self._do("preview: search, a key", self._key(letter), self._rows_settled)
            await box.fill("")
            await self._rows_settled()
        for number in range(self._times):
            head = self._rows.get_by_role("button", name=("Shopify", "Local", "BOM name")[number % 3])
            await self._do("preview: sort by a column", head.click, self._rows_settled)
            tick = self._rows.get_by_role("checkbox", name="include in the run").nth(number % 4)
            await self._do("preview: leave a place out", tick.click, self._rows_settled)
            await self._do("preview: take it back", tick.click, self._rows_settled)
        return scrolled

    async def starting(self) -> None:
        """From the click on Start to the run on the screen."""
        page = self._page
        box = page.get_by_role("dialog").locator("input[inputmode=numeric]")
        label = await box.evaluate("(field) => field.labels[0]?.innerText ?? field.getAttribute('aria-label')")
        await box.click()
        digits = "".join(letter for letter in label if letter.isdigit())
        for digit in digits:
            await self._do("type to confirm, a key", self._key(digit), self._rows_settled)
        button = page.get_by_role("button", name="Start Reconciliation")
        await self._do("start", button.click, page.get_by_role("heading", name="The run", exact=False).first.wait_for)

    async def watching(self) -> dict[str, Any]:
        """The run, as it goes: in its dialog, then in the list behind it."""
        page = self._page
        await page.get_by_role("table", name="Progress by BOM").wait_for()
        dialog = await self._renderer.frames(_WATCHED_SECONDS)
        await page.keyboard.press("Escape")
        await page.get_by_role("dialog").wait_for(state="detached")
        await self._settled()
        live = await self._renderer.frames(_WATCHED_SECONDS)
        clear = page.get_by_role("button", name="Clear selection")
        boxes = page.get_by_role("grid", name="Bills of materials").locator("tbody input[data-box]")
        for number in range(self._times):
            await self._do("select one row, live", boxes.nth(number % 8).click, clear.wait_for)
            await clear.click()
        return {"run, watched": dialog, "list, live": live}
