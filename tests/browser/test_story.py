"""The life of a number on the page, and what runs say of themselves: titles, late cancels, undone runs, notes."""

from __future__ import annotations

import re

from playwright.async_api import expect

from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.mongodb.catalogue.app_records import RecordStore
from shared.mongodb.stock.adjustments import Adjustment
from tests.browser.admin_page import NARROW
from tests.browser.site import Site
from tests.integration.shop_world import SHOP, new_id
from tests.waiting import until


async def counted(site: Site, bom_id: str, place: int, count: int) -> None:
    """A person counts the shelf."""
    records = RecordStore(site.world.mongo.db, site.world.mongo.transactions)
    key = CellKey(bom_id, site.world.locations[place])
    await records.adjust(SHOP, Adjustment(key, new_id(), "counted", "user:42", count=count))


async def a_life(site: Site, bom_id: str) -> tuple[str, str]:
    """Counted to 12, pushed, an order of two, the run undone: returns the run and its undo."""
    place = site.world.locations[0]
    await site.add({bom_id: [10, 10]})
    await counted(site, bom_id, 0, 12)
    chosen = {"cells": [{"bom_id": bom_id, "location_id": place}]}
    pushed = await site.world.run(Direction.TO_SHOPIFY, chosen)
    await site.world.verified()
    await site.world.sell(bom_id, place, 2)
    await site.drift.drained(bom_id)
    await site.world.verified()
    undo = await site.world.run(Direction.TO_SHOPIFY, chosen, of_job_id=pushed["job_id"], source=JobSource.UNDO)
    await site.world.verified()
    return pushed["job_id"], undo["job_id"]


async def test_why_is_this_number_what_it_is(site: Site) -> None:
    """From the popover to the story of the place: the count, the run, the order and the undo, with who and both sides;
    narrowed down, and by the keyboard back to where one came from.
    """
    await a_life(site, "story oak")
    async with site.tab() as tab:
        await tab.open()
        await tab.search("story oak", finds=1)
        await tab.button(re.compile("story oak, Location 1")).click()
        await tab.page.get_by_role("link", name="Why is this the number?").click()
        await expect(tab.page.get_by_role("heading", name="Why is this 10?")).to_be_visible()
        story = tab.page.get_by_role("region", name="What has happened here")
        told = [
            re.compile(r"Run \d+ undid run \d+: Shopify was set to 8"),
            "Shopify reported 10: an order or a change there took 2. The count here followed, from 12 to 10.",
            re.compile(r"Run \d+ pushed 12 to Shopify, which held 10\."),
            "Counted by hand to 12: 2 more.",
        ]
        events = story.get_by_role("listitem")
        for place, text in enumerate(told):
            await expect(events.nth(place)).to_contain_text(text)
        await expect(events.nth(3)).to_contain_text("Staff member 42")
        await expect(events.nth(3)).to_contain_text("10 → 12")
        await tab.looks_right("story")
        await tab.page.get_by_label("Show").select_option("counts")
        await expect(events.first).to_contain_text("Counted by hand to 12")
        await tab.page.get_by_label("Show").select_option("")
        await expect(events.first).to_contain_text("undid run")
        await events.first.get_by_role("link", name=re.compile("See the run of")).click()
        await expect(tab.page.get_by_role("heading", name=re.compile("^Undo of the run of "))).to_be_visible()
        await tab.page.go_back()
        await expect(tab.page.get_by_role("heading", name="Why is this 10?")).to_be_visible()


async def test_the_story_on_a_phone(site: Site) -> None:
    """The same on a narrow screen: nothing wider than the window, the table of it can be saved."""
    await a_life(site, "story elm")
    async with site.tab(width=NARROW, accept_downloads=True) as tab:
        await tab.open(f"/places/story%20elm/{site.world.locations[0]}")
        story = tab.page.get_by_role("region", name="What has happened here")
        await expect(story.get_by_role("listitem").first).to_contain_text("undid run")
        await tab.looks_right("story-narrow")
        async with tab.page.expect_download() as saving:
            await tab.button("Export CSV").click()
        assert (await saving.value).suggested_filename.endswith(".csv")


async def test_runs_say_what_they_were(site: Site) -> None:
    """An undo is titled by the run that it undid, says who asked, and that run is not offered for undo again; a BOM's
    runs are found by its name."""
    first, undo = await a_life(site, "story fir")
    async with site.tab() as tab:
        await tab.open(f"/history/{undo}")
        await expect(tab.page.get_by_role("heading", name=re.compile("^Undo of the run of "))).to_be_visible()
        await tab.page.get_by_role("link", name="See that run").click()
        await expect(tab.page.get_by_role("heading", name=re.compile("^Run of "))).to_be_visible()
        await expect(tab.page.get_by_text("This run was undone.")).to_be_visible()
        await expect(tab.button("Undo")).to_have_count(0)
        await tab.looks_right("run-undone")
        place = tab.table("Places before and after").get_by_role("link", name="Location 1")
        await place.click()
        await expect(tab.page.get_by_role("heading", name="Why is this 10?")).to_be_visible()
        await tab.open("/history")
        await tab.page.get_by_role("searchbox", name="Search runs by BOM").fill("story fir")
        rows = tab.table("History").get_by_role("row")
        await expect(rows).to_have_count(3)
        await expect(rows.nth(1)).to_contain_text("Undo of the run of")
        await tab.looks_right("history-of-a-bom")
        await tab.open(f"/history/{first}/print")
        await expect(tab.button("Print this page")).to_be_visible()
        await tab.looks_right("run-print")


async def test_a_cancel_that_came_too_late_says_so(site: Site) -> None:
    """The run's page tells that everything was done already, and offers to undo it."""
    await site.add({"late oak": [5, 5]})
    await counted(site, "late oak", 0, 7)
    cells = {"cells": [{"bom_id": "late oak", "location_id": site.world.locations[0]}]}
    async with site.tab() as tab:
        async with site.held() as held:
            job_id = await site.world.request(Direction.TO_SHOPIFY, cells)
            await until(lambda: held.waiting > 0, what="a call to Shopify that is under way")
            await tab.open(f"/history/{job_id}")
            await tab.button("Cancel run").click()
            await tab.button("Yes, cancel the run").click()
            await expect(tab.button("Cancelling…")).to_be_visible()
        await expect(tab.page.get_by_text("The cancel came too late")).to_be_visible()
        await expect(tab.page.get_by_text("1 place changed. Nothing was held back.")).to_be_visible()
        await tab.looks_right("late-cancel")
        await tab.page.get_by_role("alert").get_by_role("button", name="Undo").click()
        undo = tab.dialog("Undo this run")
        await undo.get_by_role("button", name="Undo 1 place").click()
        await expect(tab.page.get_by_text("Done without errors")).to_be_visible()
    assert await site.shopify("late oak", 0) == 5


async def test_what_failed_is_put_together(site: Site) -> None:
    """By reason, with what to do, and by BOM; a note stays with the run, with who wrote it."""
    await site.add({"fail ash": [5, 5], "fail elm": [5, 5]})
    for bom in ("fail ash", "fail elm"):
        await counted(site, bom, 0, 7)
        await site.world.control("set_item", {"item_id": site.world.items[bom], "bundle": True})
    place = site.world.locations[0]
    chosen = {"cells": [{"bom_id": bom, "location_id": place} for bom in ("fail ash", "fail elm")]}
    job = await site.world.run(Direction.TO_SHOPIFY, chosen)
    async with site.tab() as tab:
        await tab.open(f"/history/{job['job_id']}")
        await tab.page.get_by_role("tab", name=re.compile("What failed")).click()
        reason = tab.page.get_by_role("region", name=re.compile("The variant is a bundle"))
        await expect(reason).to_contain_text("Map the BOM to a variant")
        await expect(reason.get_by_role("table").get_by_role("row")).to_have_count(3)
        await tab.looks_right("failed-by-reason")
        await tab.page.get_by_label("Group by").select_option("bom")
        failed = tab.table("What failed").get_by_role("row", name=re.compile("fail elm"))
        await expect(failed).to_contain_text("The variant is a bundle")
        await tab.page.get_by_label("New note").fill("Bundles again: ask the supplier.")
        await tab.button("Add note").click()
        note = tab.page.get_by_role("listitem").filter(has_text="ask the supplier")
        await expect(note).to_contain_text("Staff member demo")
        await expect(tab.page.get_by_label("New note")).to_have_value("")
        await tab.looks_right("failed-by-bom-with-a-note")
