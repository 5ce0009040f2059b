"""The popover on a value: one BOM at one location, pushed or pulled in one click."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser.site import Site


async def test_push_one_cell(site: Site) -> None:
    """The popover reads Shopify afresh, shows both values, and one click pushes the local one."""
    await site.add({"one oak": [10, 20]})
    await site.hand("one oak", 0, 3)
    async with site.tab() as tab:
        await tab.open()
        await tab.search("one oak", finds=1)
        await tab.button(re.compile("BOM one oak, Location 1.* 13.* 10")).click()
        popover = tab.dialog("BOM one oak at Location 1")
        await expect(popover.get_by_role("button", name="Push to Shopify")).to_be_visible()
        await tab.looks_right("popover-push")
        await popover.get_by_role("button", name="Push to Shopify").click()
        await expect(popover.get_by_text("Both sides agree")).to_be_visible()
        await tab.page.keyboard.press("Escape")
        await expect(popover).to_have_count(0)
        await expect(tab.button(re.compile("BOM one oak, Location 1 13 ?, In sync"))).to_be_focused()
    assert (await site.shopify("one oak", 0), await site.count("one oak", 0)) == (13, 13)
    assert await site.shopify("one oak", 1) == 20


async def test_pull_one_cell(site: Site) -> None:
    """A move of Shopify's that nobody knew of shows in the popover, and one click pulls it."""
    await site.add({"two oak": [10, 20]})
    await site.edit("two oak", 1, 15)
    async with site.tab() as tab:
        await tab.open()
        await tab.search("two oak", finds=1)
        await tab.button(re.compile("BOM two oak, Location 2 20 ?, In sync")).click()
        popover = tab.dialog("BOM two oak at Location 2")
        await popover.get_by_role("button", name="Pull from Shopify").click()
        await expect(popover.get_by_text("Both sides agree")).to_be_visible()
        await tab.looks_right("popover-pulled")
    assert (await site.shopify("two oak", 1), await site.count("two oak", 1)) == (15, 15)


async def test_a_cell_that_nobody_counted(site: Site) -> None:
    """It shows a dash, never a zero; there is nothing to push, and a pull makes Shopify's value its first count."""
    await site.world.add_boms({"three oak": [12, 20]}, tracks=True)
    async with site.tab() as tab:
        await tab.open()
        await tab.search("three oak", finds=1)
        await tab.button(re.compile("BOM three oak, Location 1.* – .*–, Never agreed")).click()
        popover = tab.dialog("BOM three oak at Location 1")
        await expect(popover.get_by_text("nobody has counted yet")).to_be_visible()
        await expect(popover.get_by_role("button", name="Push to Shopify")).to_have_count(0)
        await popover.get_by_role("button", name="Pull from Shopify").click()
        await expect(popover.get_by_text("Both sides agree")).to_be_visible()
    assert (await site.shopify("three oak", 0), await site.count("three oak", 0)) == (12, 12)
    assert await site.count("three oak", 1) is None
