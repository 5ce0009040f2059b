"""A page that hangs is noticed by standing still, however slow the machine: it is closed, and the test fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from playwright.async_api import BrowserContext, Error

from tests.waiting import STILL, StandsStill, Still, arrival

_ASK_EVERY = 4
"""Looks."""

_COUNT_CHANGES = """
window.trueupTestChanges = 0;
new MutationObserver((changes) => { window.trueupTestChanges += changes.length; })
    .observe(document, { subtree: true, childList: true, characterData: true });
"""

CHANGES = "() => window.trueupTestChanges"
"""Tells how often the document of a tab has changed, for `Page.evaluate`."""


class _Shown:
    """A measure of progress: how often what the tabs show has changed."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self._asking: asyncio.Task[list[object]] | None = None
        self._seen: list[object] = []
        self._looks = 0

    def __call__(self) -> list[object]:
        # A page that hangs does not answer, which must not keep us from looking; asking costs more than looking.
        self._looks += 1
        if self._asking is None and self._looks % _ASK_EVERY == 0:
            self._asking = asyncio.create_task(self._ask())
        elif self._asking is not None and self._asking.done():
            self._seen = self._asking.result()
            self._asking = None
        return self._seen

    async def _ask(self) -> list[object]:
        seen: list[object] = []
        for page in self._context.pages:
            # In the middle of a navigation there is nobody to ask.
            with suppress(Error):
                seen += [page.url, await page.evaluate(CHANGES)]
        return seen

    def end(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()


@asynccontextmanager
async def closed_when_still(
    context: BrowserContext, asked: Callable[[], object], *, still: Still = STILL
) -> AsyncIterator[None]:
    """Close the tabs when they show nothing new, and `asked` (what they have asked for) is the same, for too long.

    What a page asks for again and again should count once there.

    Raises:
        StandsStill: that happened.
    """
    await context.add_init_script(_COUNT_CHANGES)
    shown = _Shown(context)
    over = asyncio.Event()
    stood: list[StandsStill] = []

    async def watch() -> None:
        try:
            await arrival(over.wait(), what="the page", progress=lambda: (shown(), asked()), still=still)
        except StandsStill as still_page:
            stood.append(still_page)
            # What the test awaits of the page ends by it.
            await context.close()

    watching = asyncio.create_task(watch())
    try:
        yield
    except (Error, AssertionError) as error:
        if stood:
            raise stood[0] from error
        raise
    finally:
        over.set()
        await asyncio.gather(watching, return_exceptions=True)
        shown.end()
