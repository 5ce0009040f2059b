"""What is selected in the list is what is meant: all but these, ranges, across searches, at a place that is closed."""

from __future__ import annotations

import re

from playwright.async_api import Locator, expect

from shared.mongodb.schema import key_of
from tests.browser.admin_page import PULL, PUSH, AdminPage
from tests.browser.site import Site
from tests.integration.shop_world import SHOP
from tests.waiting import stored

FEW = 55
"""BOMs: more than a page of the list."""


async def _many(site: Site) -> list[str]:
    names = [f"lot {number:02}" for number in range(FEW)]
    if not await site.world.mongo.db["boms"].count_documents({"_id": key_of(SHOP, names[0])}):
        await site.add({name: [5, 5] for name in names})
    return names


def _box(tab: AdminPage, name: str) -> Locator:
    return tab.list.get_by_role("row").filter(has_text=name).get_by_role("checkbox")


async def _ticked(tab: AdminPage) -> Locator:
    return tab.list.get_by_role("rowgroup").last.get_by_role("checkbox", checked=True)


async def _selection(site: Site) -> dict[str, object]:
    """What the preview that was asked for last is of."""
    document = await stored(site.world.mongo.db["previews"], {"shop": SHOP})
    selection: dict[str, object] = document["selection"]
    return selection


async def test_one_is_left_out_of_all_on_page_2(site: Site) -> None:
    """All but that one are selected, the others of its page too; the number is exact, and the run is of all but it."""
    names = await _many(site)
    async with site.tab() as tab:
        await tab.open("/?q=lot")
        await expect(tab.list.get_by_role("rowheader")).to_have_count(50)
        head = tab.page.get_by_role("checkbox", name="Select all on this page")
        await head.check()
        await tab.button(f"Select all {FEW} matching").click()
        await tab.button("Next page").click()
        await expect(tab.list.get_by_role("rowheader")).to_have_count(FEW - 50)
        await expect(await _ticked(tab)).to_have_count(FEW - 50)
        await _box(tab, names[52]).uncheck()
        await expect(await _ticked(tab)).to_have_count(FEW - 51)
        await expect(head).to_have_js_property("indeterminate", True)
        bar = tab.page.get_by_role("region").filter(has_text="matching but 1 are selected")
        await expect(bar).to_contain_text(f"All {FEW} matching but 1 are selected: {FEW - 1} BOMs")
        await tab.looks_right("all-but-one")
        await tab.button("Previous page").click()
        await expect(await _ticked(tab)).to_have_count(50)
        await tab.button("More actions").click()
        await tab.page.get_by_role("menuitem", name="Reconcile inventory").click()
        await expect(tab.dialog().get_by_text(f"{FEW - 1} BOMs (all {FEW} but 1)")).to_be_visible()
        await tab.page.get_by_role("button", name=PULL).click()
        await expect(tab.dialog().get_by_text(f"{FEW - 1} BOMs already in sync")).to_be_visible()
    assert await _selection(site) == {"filter": {"text": "lot", "except_bom_ids": [names[52]]}}


async def test_shift_ticks_a_range(site: Site) -> None:
    """A click with Shift held ticks, or unticks, all from the last one on, and so do the arrows."""
    names = await _many(site)
    async with site.tab() as tab:
        await tab.open("/?q=lot")
        await _box(tab, names[3]).check()
        await _box(tab, names[9]).click(modifiers=["Shift"])
        await expect(await _ticked(tab)).to_have_count(7)
        await _box(tab, names[20]).check()
        await _box(tab, names[17]).click(modifiers=["Shift"])
        await expect(await _ticked(tab)).to_have_count(11)
        await _box(tab, names[5]).uncheck()
        await _box(tab, names[8]).click(modifiers=["Shift"])
        await expect(await _ticked(tab)).to_have_count(7)
        await expect(_box(tab, names[4])).to_be_checked()
        await expect(_box(tab, names[7])).not_to_be_checked()
        await tab.button("Clear selection").click()
        await _box(tab, names[10]).check()
        keys = tab.page.keyboard
        await tab.list.get_by_role("row").filter(has_text=names[10]).focus()
        for _ in range(3):
            await keys.press("Shift+ArrowDown")
        await expect(await _ticked(tab)).to_have_count(4)
        await expect(tab.page.get_by_text("4 selected")).to_be_visible()


async def test_a_selection_outlasts_another_search(site: Site) -> None:
    """What was ticked stays ticked under another search, and the bar says how many of it the list does not show; "all
    that match" means another list then, so it is dropped, in a sentence."""
    await site.add({"keep oak": [5, 5], "keep elm": [5, 5], "next oak": [5, 5]})
    async with site.tab() as tab:
        await tab.open()
        await tab.search("keep", finds=2)
        await tab.page.get_by_role("checkbox", name="Select all on this page").check()
        await tab.search("oak", finds=await _number(site, "oak"))
        await expect(_box(tab, "keep oak")).to_be_checked()
        await _box(tab, "next oak").check()
        await expect(tab.page.get_by_text("3 selected")).to_be_visible()
        await expect(tab.page.get_by_text("1 of them is not in this list, and stays selected.")).to_be_visible()
        await tab.looks_right("selected-outside")
        await tab.open("/?q=lot")
        await _many(site)
        await tab.open("/?q=lot")
        await tab.page.get_by_role("checkbox", name="Select all on this page").check()
        await tab.button(re.compile("Select all .* matching")).click()
        await tab.search("keep", finds=2)
        await expect(tab.page.get_by_text(f"All {FEW} that matched were selected.")).to_be_visible()
        await expect(await _ticked(tab)).to_have_count(0)
        await tab.looks_right("selection-dropped")
        await _box(tab, "keep elm").check()
        await expect(tab.page.get_by_text("that matched were selected")).to_have_count(0)


async def _number(site: Site, text: str) -> int:
    return await site.world.mongo.db["boms"].count_documents({"shop": SHOP, "name_lower": {"$regex": text}})


async def test_a_closed_location_is_what_it_says(site: Site) -> None:
    """A place that was closed, or is gone, stays what the list is narrowed to, and is said to be it: in the filter,
    above the list, in the bar, and before the preview; nothing at another place is compared instead."""
    await site.add({"shut oak": [10, 20]})
    await site.hand("shut oak", 0, 2)
    place = site.world.locations[1]
    places = site.world.mongo.db["locations"]
    await places.update_one({"_id": key_of(SHOP, place)}, {"$set": {"active": False}})
    try:
        async with site.tab() as tab:
            await tab.open(f"/?q=shut+oak&location={place}")
            await expect(tab.page.get_by_text("Location 2 is closed in Shopify")).to_be_visible()
            chosen = tab.page.get_by_label("Location", exact=True)
            await expect(chosen).to_have_value(place)
            await expect(tab.list.get_by_role("columnheader", name="Location 2 (closed)")).to_be_visible()
            await expect(tab.list.get_by_role("columnheader", name="Location 1")).to_have_count(0)
            await _box(tab, "shut oak").check()
            await expect(tab.page.get_by_text("Only their values at Location 2 (closed) are compared.")).to_be_visible()
            await tab.looks_right("closed-location")
            await tab.button("More actions").click()
            await tab.page.get_by_role("menuitem", name="Reconcile inventory").click()
            await expect(tab.dialog().get_by_text("1 BOM, at Location 2 (closed)")).to_be_visible()
            await tab.page.keyboard.press("Escape")
            await tab.button("Show all locations").click()
            await expect(tab.page.get_by_text("is closed in Shopify")).to_have_count(0)
            await expect(tab.list.get_by_role("columnheader", name="Location 1")).to_be_visible()
            await tab.open("/?q=shut+oak&location=123456789")
            await expect(tab.page.get_by_text("a location that your shop does not have any more")).to_be_visible()
            await expect(tab.page.get_by_label("Location", exact=True)).to_have_value("123456789")
            await tab.looks_right("gone-location")
    finally:
        await places.update_one({"_id": key_of(SHOP, place)}, {"$set": {"active": True}})


async def test_the_list_after_a_preview_agrees_with_it(site: Site) -> None:
    """A move of Shopify's that only the preview has read is in the list when the dialog is closed: the same values, how
    long ago they were read, and the same number of BOMs that differ in badge, filter and rows."""
    await site.add({"news oak": [10, 20], "news elm": [10, 20], "news fir": [10, 20]})
    await site.world.add_boms({"news ash": [10, 20]}, tracks=True)  # nobody has counted it
    await site.edit("news oak", 1, 15)
    await site.hand("news elm", 0, 4)
    async with site.tab() as tab:
        await tab.open()
        await tab.search("news", finds=4)
        await expect(tab.button(re.compile("BOM news oak, Location 2 20, In sync"))).to_be_visible()
        await tab.choose(PUSH)
        await tab.differing()
        await tab.page.keyboard.press("Escape")
        oak = tab.button(re.compile("BOM news oak, Location 2 local 20 Shopify 15, Shopify changed, read"))
        await expect(oak).to_be_visible()
        await expect(oak).to_have_attribute("title", re.compile("Read from Shopify: .*20"))
        row = tab.list.get_by_role("row").filter(has_text="news oak")
        await expect(row.get_by_role("time").or_(row.locator("time"))).to_have_text(re.compile("^read "))
        await expect(row.get_by_text("-5", exact=True).or_(row.get_by_text("−5", exact=True))).to_be_visible()
        await tab.looks_right("list-after-preview")
        await tab.page.get_by_label("Sort by").select_option("-difference")
        await expect(tab.list.get_by_role("rowheader").first).to_contain_text("news oak")
        await tab.page.get_by_label("State").select_option("differs")
        await expect(tab.list.get_by_role("rowheader")).to_have_count(2)
        await tab.page.get_by_label("State").select_option("no_base")
        await expect(tab.list.get_by_role("rowheader")).to_have_count(1)


async def test_an_unknown_outcome_is_marked(site: Site) -> None:
    """A push whose outcome nobody knows says so in the list, in words."""
    await site.add({"doubt oak": [10, 20]})
    await site.world.mongo.db["stock"].update_one(
        {"_id": key_of(SHOP, "doubt oak", site.world.locations[0])},
        {"$set": {"unknown_outcome": True, "known_class": "both_moved", "known_difference": 0}},
    )
    async with site.tab() as tab:
        await tab.open()
        await tab.search("doubt oak", finds=1)
        await expect(tab.button(re.compile("Location 1 .* outcome unknown, Both changed"))).to_be_visible()
        await tab.looks_right("outcome-unknown")


async def test_rows_change_as_a_run_goes_on_and_stay_where_they_are(site: Site) -> None:
    """While a run is under way its rows show what has ended, and none leaves the list before the run is over."""
    await site.add({"live oak": [10, 20], "live elm": [10, 20]})
    await site.hand("live oak", 0, 2)
    await site.hand("live elm", 0, 3)
    async with site.tab() as tab:
        await tab.open("/?q=live&class=differs")
        await expect(tab.list.get_by_role("rowheader")).to_have_count(2)
        async with site.held():
            await tab.choose(PUSH)
            await tab.page.keyboard.press("Escape")
        await expect(tab.list.get_by_role("rowheader")).to_have_count(2)
