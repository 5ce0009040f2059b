"""Waits for the page have no limit of time, but end where nothing moves any more."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, expect

from tests.browser.standing_still import closed_when_still
from tests.waiting import StandsStill, Still, until

AT_ONCE = Still(0, 12)
HANGS = "data:text/html,<p>at first</p><script>for (;;);</script>"
RESTS = "data:text/html,<p>at rest</p>"
MOVES = "data:text/html,<p>0</p><script>let n = 0; setInterval(() => { document.body.textContent = ++n; }, 5);</script>"


@pytest.mark.parametrize("address", [RESTS, HANGS], ids=["rests", "hangs"])
async def test_a_page_that_stands_still_fails(chromium: Browser, address: str) -> None:
    """What never comes is given up, also where the page answers nothing any more."""
    context = await chromium.new_context()

    async def wait_in_vain() -> None:
        async with closed_when_still(context, lambda: None, still=AT_ONCE):
            page = await context.new_page()
            await page.goto(address, wait_until="commit")
            await expect(page.get_by_text("never")).to_be_visible()

    with pytest.raises(StandsStill):
        await wait_in_vain()


async def test_a_page_that_moves_is_waited_for(chromium: Browser) -> None:
    """However often it is looked at meanwhile."""
    context = await chromium.new_context()
    looks: list[int] = []

    def asked() -> None:
        looks.append(len(looks))

    async with closed_when_still(context, asked, still=AT_ONCE):
        page = await context.new_page()
        await page.goto(MOVES)
        await until(lambda: len(looks) > 30, what="thirty looks", progress=lambda: len(looks))
    await context.close()


async def test_the_end_of_a_test_ends_the_watch(chromium: Browser) -> None:
    """Nothing looks at the tabs afterwards."""
    context = await chromium.new_context()
    before = asyncio.all_tasks()
    async with closed_when_still(context, lambda: None):
        await context.new_page()
    await context.close()
    assert {task for task in asyncio.all_tasks() - before if "standing_still" in repr(task)} == set()
