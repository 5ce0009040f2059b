"""What the page's own components do on every screen that uses them."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.site import Site


async def test_shift_chooses_a_range_of_rows(site: Site) -> None:
    """With Shift held a row's box takes every row since the last one along, to choose them or to leave them out."""
    await site.add({f"shifted oak {number}": [5, 5] for number in range(1, 7)})
    async with site.tab() as tab:
        await tab.open()
        await tab.search("shifted oak", finds=6)
        boxes = tab.list.get_by_role("row").get_by_role("checkbox")
        await boxes.nth(2).click()
        await boxes.nth(5).click(modifiers=["Shift"])
        await expect(tab.page.get_by_text("4 selected", exact=True)).to_be_visible()
        await boxes.nth(3).click(modifiers=["Shift"])
        await expect(tab.page.get_by_text("1 selected", exact=True)).to_be_visible()
