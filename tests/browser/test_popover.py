"""The popover on a value: one BOM at one location, pushed or pulled in one click."""

from __future__ import annotations

import re

import pytest
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


async def test_a_push_to_zero_is_asked_once_more(site: Site) -> None:
    """It says that nothing more can be sold, and changes nothing until that is confirmed; then it can be undone."""
    await site.add({"four oak": [10, 20]})
    await site.hand("four oak", 0, -10)
    async with site.tab() as tab:
        await tab.open()
        await tab.search("four oak", finds=1)
        await tab.button(re.compile("BOM four oak, Location 1")).click()
        popover = tab.dialog("BOM four oak at Location 1")
        await popover.get_by_role("button", name="Push to Shopify").click()
        await expect(popover.get_by_text("Shopify goes to zero here")).to_be_visible()
        assert await site.shopify("four oak", 0) == 10
        await tab.looks_right("popover-to-zero")
        await popover.get_by_role("button", name="Keep as it is").click()
        await popover.get_by_role("button", name="Push to Shopify").click()
        await popover.get_by_role("button", name="Shopify becomes 0: yes, change it").click()
        await expect(popover.get_by_text("Done. Both sides agree.")).to_be_visible()
        assert await site.shopify("four oak", 0) == 0
        await popover.get_by_role("button", name="Undo").click()
        await expect(popover.get_by_text("Undone.")).to_be_visible()
    assert (await site.shopify("four oak", 0), await site.count("four oak", 0)) == (10, 0)


async def test_a_long_way_is_confirmed_by_typing(site: Site) -> None:
    """A move beyond the shop's limit asks for the number it leads to, as the dialog asks for the number of places."""
    await site.add({"five oak": [10, 20]})
    await site.hand("five oak", 0, 1500)
    async with site.tab() as tab:
        await tab.open()
        await tab.search("five oak", finds=1)
        await tab.button(re.compile("BOM five oak, Location 1")).click()
        popover = tab.dialog("BOM five oak at Location 1")
        await popover.get_by_role("button", name="Push to Shopify").click()
        await expect(popover.get_by_text("more than your limit of 1,000")).to_be_visible()
        yes = popover.get_by_role("button", name="Shopify becomes 1,510: yes, change it")
        await expect(yes).to_be_disabled()
        await popover.get_by_role("textbox", name="Type 1,510 to confirm").fill("1510")
        await tab.looks_right("popover-limit")
        await yes.click()
        await expect(popover.get_by_text("Done. Both sides agree.")).to_be_visible()
    assert await site.shopify("five oak", 0) == 1510


async def test_a_count_is_taken_and_taken_back(site: Site) -> None:
    """What somebody has seen on the shelf becomes the local value; Shopify stays, and Undo gives the count back."""
    await site.add({"six oak": [10, 20]})
    async with site.tab() as tab:
        await tab.open()
        await tab.search("six oak", finds=1)
        await tab.button(re.compile("BOM six oak, Location 1")).click()
        popover = tab.dialog("BOM six oak at Location 1")
        await popover.get_by_role("textbox", name="Counted on the shelf").fill("12")
        await popover.get_by_role("button", name="Save count").click()
        await expect(popover.get_by_text("Counted: 10 → 12.")).to_be_visible()
        assert (await site.count("six oak", 0), await site.shopify("six oak", 0)) == (12, 10)
        await tab.looks_right("popover-counted")
        await popover.get_by_role("button", name="Undo").click()
        await expect(popover.get_by_text("Undone.")).to_be_visible()
    assert (await site.count("six oak", 0), await site.shopify("six oak", 0)) == (10, 10)


@pytest.mark.parametrize("height", [1000, 560, 720])
async def test_a_row_that_leaves_the_list_leaves_the_popover_where_it_is(site: Site, height: int) -> None:
    """The list shows what differs; settled, the row goes, the popover stays, and the focus stays in the list."""
    oak, elm = f"seven {height} oak", f"seven {height} elm"
    await site.add({oak: [10, 20], elm: [10, 20]})
    await site.hand(oak, 0, 2)
    await site.hand(elm, 0, 2)
    async with site.tab(width={"width": 1600, "height": height}) as tab:
        await tab.open("/?class=differs")
        await tab.search(f"seven {height} ", finds=2)
        await tab.button(re.compile(f"BOM {oak}, Location 1")).click()
        popover = tab.dialog(f"BOM {oak} at Location 1")
        await expect(popover.get_by_role("button", name="Push to Shopify")).to_be_visible()
        # What it lies in: in a low window its content is scrolled.
        frame = popover.locator("..")
        before = await frame.bounding_box()
        await popover.get_by_role("button", name="Push to Shopify").click()
        await expect(popover.get_by_text("Done. Both sides agree.")).to_be_visible()
        await expect(tab.list.get_by_role("rowheader")).to_have_count(1)
        after = await frame.bounding_box()
        assert before is not None
        assert after is not None
        assert (after["x"], after["y"]) == (before["x"], before["y"])
        await tab.page.keyboard.press("Escape")
        await expect(popover).to_have_count(0)
        # In the list or at its search, not nowhere.
        await expect(tab.page.locator("main :focus")).to_have_count(1)
