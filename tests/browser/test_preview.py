"""The preview that a merchant trusts: what will change, what is left out, and the same numbers up to the summary."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser.admin_page import PULL, PUSH, AdminPage
from tests.browser.site import Site
from tests.waiting import stored


async def previewed(tab: AdminPage, name: str, *, finds: int, direction: str = PUSH) -> None:
    """From the list to a preview of what a search finds."""
    await tab.open()
    await tab.search(name, finds=finds)
    await tab.choose(direction)
    await tab.differing()


def box(bom: str, place: int) -> str:
    """The name of the box of a place."""
    return f"BOM {bom} at Location {place}: include in the run"


async def test_the_ends_are_of_what_will_change(site: Site) -> None:
    """A place that cannot be pushed is no extreme: neither its fall nor its name is told as what will change."""
    await site.add({"end ash": [10, 20], "end elm": [10, 20]})
    await site.hand("end ash", 0, 4)
    await site.hand("end ash", 1, -2)
    await site.hand("end elm", 0, -60)
    async with site.tab() as tab:
        await previewed(tab, "end ", finds=2)
        told = tab.dialog().get_by_role("region", name="What will change")
        await expect(told).to_contain_text(
            "2 places in Shopify will be set to the local value: 4 units more and 2 units fewer"
        )
        await expect(told).to_contain_text("The largest rise is +4 (10 → 14), at BOM end ash, Location 1.")
        await expect(told).to_contain_text("The largest fall is -2 (20 → 18), at BOM end ash, Location 2.")
        await expect(told).to_contain_text("1 place cannot be changed now:")
        await expect(told).to_contain_text("below zero")
        await expect(told).not_to_contain_text("-50")
        row = tab.dialog().get_by_role("row", name=re.compile("BOM end elm"))
        await expect(row).to_contain_text("stays")
        await expect(tab.dialog().get_by_text("2 places of 1 BOM to change")).to_be_visible()
        await tab.looks_right("preview-ends")


async def test_a_row_and_a_bom_are_left_out(site: Site) -> None:
    """What is not ticked is not touched; numbers follow each box, a reload keeps it, the run says what was left out."""
    await site.add({"out ash": [10, 20], "out elm": [10, 20], "out oak": [10, 20]})
    for bom in ("out ash", "out elm", "out oak"):
        for place in (0, 1):
            await site.hand(bom, place, 3)
    async with site.tab() as tab:
        await previewed(tab, "out ", finds=3)
        dialog = tab.dialog()
        await dialog.get_by_role("checkbox", name="BOM out elm: include all its places").first.uncheck()
        await expect(dialog.get_by_text("4 places of 2 BOMs to change")).to_be_visible()
        await dialog.get_by_role("checkbox", name=box("out elm", 2)).check()
        await dialog.get_by_role("checkbox", name=box("out ash", 1)).uncheck()
        await expect(dialog.get_by_text("4 places of 3 BOMs to change")).to_be_visible()
        await tab.page.reload()
        await tab.differing()
        await expect(dialog.get_by_role("checkbox", name=box("out ash", 1))).not_to_be_checked()
        await tab.looks_right("preview-left-out")
        await dialog.get_by_role("button", name="Start Reconciliation of 4 places").click()
        await tab.ended(updated=4, errors=0)
        await expect(dialog.get_by_text("4 to change: 4 changed, 0 failed")).to_be_visible()
        await dialog.get_by_role("button", name="Left out of this run (2)").click()
        left = dialog.get_by_role("table", name="Left out of this run")
        await expect(left.get_by_role("row")).to_have_count(3)
        await expect(left.get_by_role("row", name=re.compile("BOM out elm.*Location 1"))).to_be_visible()
        await tab.looks_right("summary-left-out")
    pushed = [await site.shopify(bom, place) for bom in ("out ash", "out elm", "out oak") for place in (0, 1)]
    assert pushed == [10, 23, 10, 23, 13, 23]


async def test_shift_leaves_a_range_out(site: Site) -> None:
    """From one box to another with Shift, in the order that is shown; leaving out and taking back all that is shown."""
    await site.add({f"range {wood}": [10, 20] for wood in ("ash", "elm", "fir", "oak")})
    for number, wood in enumerate(("ash", "elm", "fir", "oak")):
        await site.hand(f"range {wood}", 0, 9 - number)
    async with site.tab() as tab:
        await previewed(tab, "range ", finds=4)
        dialog = tab.dialog()
        await dialog.get_by_role("checkbox", name=box("range elm", 1)).uncheck()
        await dialog.get_by_role("checkbox", name=box("range oak", 1)).click(modifiers=["Shift"])
        await expect(dialog.get_by_text("1 place of 1 BOM to change")).to_be_visible()
        await dialog.get_by_role("button", name="Include all shown").click()
        await expect(dialog.get_by_text("4 places of 4 BOMs to change")).to_be_visible()
        await dialog.get_by_role("searchbox", name="Search the places of this preview").fill("range fir")
        await expect(dialog.get_by_role("table", name="Places that differ").get_by_role("row")).to_have_count(2)
        await dialog.get_by_role("button", name="Leave out all shown").click()
        await expect(dialog.get_by_text("3 places of 3 BOMs to change")).to_be_visible()


async def test_the_table_is_sorted_by_its_heads(site: Site) -> None:
    """By each column, one way and the other; what each place becomes stands in its row, and what the local value is."""
    await site.add({"sort ash": [10, 20], "sort elm": [30, 5]})
    await site.hand("sort ash", 0, 1)
    await site.hand("sort elm", 0, 5)
    await site.hand("sort elm", 1, -2)
    async with site.tab() as tab:
        await previewed(tab, "sort ", finds=2)
        table = tab.dialog().get_by_role("table", name="Places that differ")
        await table.get_by_role("button", name="Shopify").click()
        await expect(table.get_by_role("columnheader", name="Shopify")).to_have_attribute("aria-sort", "ascending")
        await expect(table.get_by_role("row").nth(1)).to_contain_text(
            re.compile("sort elm.*Location 2.*5.*3 counted.*5.*\\+2.*3")
        )
        await table.get_by_role("button", name="Shopify").click()
        await expect(table.get_by_role("row").nth(1)).to_contain_text(re.compile("sort elm.*Location 1.*30"))
        await tab.dialog().get_by_label("Location", exact=True).select_option("Location 2")
        await expect(table.get_by_role("row")).to_have_count(2)


async def test_the_numbers_agree_when_something_fails(site: Site) -> None:
    """Two to change at the badge and the button, two to change in the summary: one changed, one failed."""
    await site.add({"agree ash": [5, 5], "agree elm": [5, 5], "agree fir": [5, 5]})
    for bom, delta in (("agree ash", 2), ("agree elm", 2), ("agree fir", -9)):
        await site.hand(bom, 0, delta)
    await site.world.control("set_item", {"item_id": site.world.items["agree elm"], "bundle": True})
    async with site.tab() as tab:
        await previewed(tab, "agree ", finds=3)
        await expect(tab.dialog().get_by_text("2 places of 2 BOMs to change")).to_be_visible()
        async with site.held():
            await tab.dialog().get_by_role("button", name="Start Reconciliation of 2 places").click()
            await expect(tab.dialog().get_by_text("2 to change: 0 changed, 0 failed")).to_be_visible()
        await tab.ended(updated=1, errors=2)
        await expect(tab.dialog().get_by_text("2 to change: 1 changed, 1 failed")).to_be_visible()
        await expect(tab.dialog().get_by_text("1 place could not be changed, as the preview said.")).to_be_visible()


async def test_a_failed_preview_says_so_and_waits_for_nobody(site: Site) -> None:
    """Why, and that nothing was changed, with the way to a new one; closed, it is not waiting for a decision."""
    await site.add({"fail oak": [5, 5]})
    async with site.tab() as tab:
        await tab.open()
        await tab.search("fail oak", finds=1)
        async with site.held():
            await tab.choose(PULL)
            await expect(tab.dialog().get_by_role("progressbar", name="Comparing with Shopify")).to_be_visible()
            await site.world.mongo.db["previews"].update_many(
                {"state": {"$in": ["requested", "reading"]}},
                {
                    "$set": {
                        "state": "failed",
                        "failure": {"code": "READ_FAILED", "message": "Shopify did not answer."},
                    },
                    "$unset": {"turn": ""},
                },
            )
            await tab.page.reload()
            await expect(tab.dialog().get_by_text("The preview could not be made")).to_be_visible()
        await expect(tab.dialog().get_by_text("nothing waits for your decision")).to_be_visible()
        await expect(tab.dialog().get_by_role("button", name="Take a new preview")).to_be_visible()
        await tab.looks_right("preview-failed")
        await tab.page.keyboard.press("Escape")
        await expect(tab.page.get_by_text("is waiting for your decision")).to_have_count(0)


async def test_a_late_cancel_says_that_the_run_had_ended(site: Site) -> None:
    """It is no error: the run is done, and what it changed can be undone from there."""
    await site.add({"tardy oak": [5, 5]})
    await site.hand("tardy oak", 0, 2)
    async with site.tab() as tab:
        await previewed(tab, "tardy oak", finds=1)
        async with site.held():
            await tab.start()
            # Shopify has been asked: there is nothing left to hold back.
            await stored(
                site.world.mongo.db["cells"], {"bom_id": "tardy oak", "state": "applying", "push_id": {"$ne": None}}
            )
            await tab.dialog().get_by_role("button", name="Cancel run").click()
            await tab.dialog().get_by_role("button", name="Yes, cancel the run").click()
            await expect(tab.dialog().get_by_role("button", name="Cancelling…")).to_be_visible()
        await expect(tab.dialog().get_by_role("button", name="Done")).to_be_visible()
        await expect(tab.dialog().get_by_text("The cancel came too late")).to_be_visible()
        await tab.looks_right("late-cancel")
        await tab.dialog().get_by_role("button", name="Undo this run").click()
        undo = tab.dialog("Undo this run")
        await expect(undo.get_by_text("1 place would go back")).to_be_visible()
        await undo.get_by_role("button", name="Undo 1 place").click()
        await expect(tab.page.get_by_text("Done without errors")).to_be_visible()
    assert await site.shopify("tardy oak", 0) == 5
