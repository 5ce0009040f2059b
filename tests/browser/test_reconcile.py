"""The reconcile dialog step by step, in both directions."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.admin_page import PULL, PUSH
from tests.browser.site import Site


async def in_drift(site: Site, name: str) -> None:
    """Five BOMs: counted up here, moved by Shopify there, both, agreeing, and one that Shopify does not track."""
    names = [f"{name} {wood}" for wood in ("ash", "birch", "cedar", "elm", "fir")]
    await site.add({bom: [10, 20] for bom in names})
    await site.hand(names[0], 0, 3)
    await site.edit(names[1], 1, 14)
    await site.hand(names[2], 0, 1)
    await site.edit(names[2], 0, 4)
    await site.world.control("set_item", {"item_id": site.world.items[names[4]], "tracked": False})


async def test_a_push_that_empties_the_shop_says_so(site: Site) -> None:
    """A count of zero that nobody has counted would end sales: the preview of the push says so, the pull's does not."""
    await site.add({"new one": [10, 20]})
    await site.hand("new one", 1, -20)
    async with site.tab() as tab:
        await tab.open()
        await tab.search("new one", finds=1)
        await tab.choose(PUSH)
        await tab.differing()
        warning = tab.dialog().get_by_text("Shopify is left without stock there")
        await expect(warning).to_be_visible()
        await tab.looks_right("push-empties")
        await tab.dialog().get_by_role("button", name="Change direction").click()
        await tab.page.get_by_role("button", name=PULL).click()
        await tab.differing()
        await expect(warning).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "direction", "what", "left_in"),
    [
        ("push", PUSH, "1 place in Shopify will be set to the local value", "ash"),
        ("pull", PULL, "1 place here will be set to Shopify's value", "birch"),
    ],
)
async def test_the_eight_steps(site: Site, name: str, direction: str, what: str, left_in: str) -> None:
    """Select, ask, choose a direction, watch the preview, look, leave out, run, and read the summary."""
    await in_drift(site, name)
    async with site.tab() as tab:
        await tab.open()
        await tab.search(name, finds=5)
        await tab.looks_right(f"{name}-1-list")
        await tab.page.get_by_role("checkbox", name="Select all on this page").check()
        await tab.button("More actions").click()
        await expect(tab.page.get_by_role("menuitem", name="Reconcile inventory")).to_be_visible()
        await tab.looks_right(f"{name}-2-menu")
        await tab.page.get_by_role("menuitem", name="Reconcile inventory").click()
        await expect(tab.dialog().get_by_role("heading", name="Choose reconciliation direction")).to_be_visible()
        await expect(tab.dialog().get_by_text("does not synchronise with raw materials")).to_be_visible()
        await tab.looks_right(f"{name}-3-direction")
        async with site.held():
            await tab.dialog().get_by_role("button", name=direction).click()
            await expect(tab.dialog().get_by_role("progressbar", name="Comparing with Shopify")).to_be_visible()
            await tab.looks_right(f"{name}-4-comparing")
        table = await tab.differing()
        for badge in ("3 BOMs with discrepancies", "1 BOM already in sync", "1 BOM could not be compared"):
            await expect(tab.dialog().get_by_text(badge, exact=True)).to_be_visible()
        await expect(table.get_by_role("row")).to_have_count(4)
        await tab.looks_right(f"{name}-5-preview")
        await tab.dialog().get_by_role("button", name="Leave out 2 places").click()
        await expect(tab.dialog().get_by_text(what)).to_be_visible()
        await tab.looks_right(f"{name}-6-left-out")
        async with site.held():
            await tab.start()
            await expect(tab.dialog().get_by_role("progressbar", name="Reconciling")).to_be_visible()
            await tab.looks_right(f"{name}-7-running")
        await tab.ended(total=8, updated=1, errors=0)
        await tab.looks_right(f"{name}-8-summary")
        await tab.done()
        chip = tab.button(re.compile(rf"{name} {left_in}, Location [12] (13|14) ?, In sync"))
        await expect(chip).to_be_visible()
    moved = (13, 20, 13, 20) if direction is PUSH else (13, 14, 10, 14)
    values = [
        await site.count(f"{name} ash", 0),
        await site.count(f"{name} birch", 1),
        await site.shopify(f"{name} ash", 0),
        await site.shopify(f"{name} birch", 1),
    ]
    assert values == [moved[0], moved[1], moved[2], 14]
    assert (await site.count(f"{name} cedar", 0), await site.shopify(f"{name} cedar", 0)) == (11, 4)
