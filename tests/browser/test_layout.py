"""How every screen is laid out, from the narrowest phone to a wide window: nothing cut, covered or out of reach."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, expect

from tests.browser.admin_page import PUSH, WIDE, AdminPage
from tests.browser.site import Site

WIDTHS = (320, 400, 1024, 1040, 1600)
"""Pixels: the narrowest phone that WCAG asks for, a phone, both sides of where the list gets its columns, a desk."""

PICTURES = (400, 1600)
_HEIGHT = 1000
_MEASURE = Path(__file__).with_name("layout.js").read_text(encoding="utf-8")
_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
LONG = "wide oak with a name that is far longer than most names are"
ASH = LONG.replace("oak", "ash")


@dataclass
class Layouts:
    """Looks at the same screen in windows of every width, and tells what is wrong of all of them at once."""

    tab: AdminPage
    wrong: list[str] = field(default_factory=list)

    async def look(self, screen: str) -> None:
        """Measure what is on the screen, at each width; two pictures of it are left."""
        for width in WIDTHS:
            await self.tab.page.set_viewport_size({"width": width, "height": _HEIGHT})
            # Rows are measured and drawn anew.
            await self.tab.page.evaluate(_FRAME)
            if width in PICTURES:
                await self.tab.looks_right(f"layout-{screen}-{width}")
            found: list[str] = await self.tab.page.evaluate(_MEASURE)
            self.wrong += [f"{screen} at {width} px: {told}" for told in found]
        await self.tab.page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})
        await self.tab.page.evaluate(_FRAME)

    def hold(self) -> None:
        """Nothing was wrong anywhere."""
        assert not self.wrong, "\n".join(self.wrong)


@pytest.mark.long
async def test_nothing_is_cut_covered_or_out_of_reach(site: Site) -> None:
    """On every screen, dialog and popover, at every width: texts whole, controls apart, in reach and large enough."""
    await site.add({LONG: [10, 20], "wide elm": [5, 5]})
    await site.hand(LONG, 0, 1234567)
    await site.hand("wide elm", 1, 2)
    bundle = {"item_id": site.world.items["wide elm"], "bundle": True}
    await site.world.control("set_item", bundle)
    async with site.tab() as tab:
        layouts = Layouts(tab)
        await _the_list(tab, layouts)
        await _the_run(tab, layouts)
        await _the_history(tab, layouts)
        await _drift(site, tab, layouts)
        await _schedules(tab, layouts)
        layouts.hold()


@pytest.mark.long
async def test_nothing_of_stock_taking_imports_and_settings_is_cut(site: Site) -> None:
    """The same of the screens on which BOMs come in, shelves are counted, and the shop is set up; and of the help."""
    await site.add({ASH: [10, 20], "wide yew": [5, 5]})
    async with site.tab() as tab:
        layouts = Layouts(tab)
        await _all_of_the_work(site, tab, layouts)
        layouts.hold()


async def _all_of_the_work(site: Site, tab: AdminPage, layouts: Layouts) -> None:
    await tab.open(f"/counts?at={site.world.locations[0]}")
    await tab.page.get_by_role("textbox", name="SKU or name").fill("wide")
    await tab.page.keyboard.press("Enter")
    await expect(tab.page.get_by_text("Several are found")).to_be_visible()
    await layouts.look("counts")
    await tab.button(f"Count this: BOM {ASH}").click()
    await tab.page.get_by_role("textbox", name="What is on the shelf").fill("1234567")
    await layouts.look("counting")
    await tab.page.keyboard.press("Enter")
    await expect(tab.table("Counted so far")).to_be_visible()
    await layouts.look("counted")
    await tab.open("/counts?way=file")
    rows = f"bom_id,location,count\n{ASH},Location 1,5\nnobody that anybody knows,Location 1,5\n"
    file: FilePayload = {"name": "c.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    await tab.page.get_by_label("Choose a file").last.set_input_files(file)
    await expect(tab.table("Rows that cannot be used")).to_be_visible()
    await layouts.look("counts-file")
    await tab.open("/import")
    rows = f"name,sku\n{ASH},a-sku-that-nobody-in-the-whole-shop-has-ever-given\n"
    file = {"name": "a file with a rather long name of its own.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    await tab.page.get_by_label("Choose a file").last.set_input_files(file)
    await expect(tab.page.get_by_text("Waits for you")).to_be_visible()
    await layouts.look("import")
    await tab.button("Discard").click()
    await expect(tab.page.get_by_text("Waits for you")).to_have_count(0)
    await tab.open("/settings")
    await expect(tab.page.get_by_role("checkbox", name="Shopify may be set below zero")).to_be_visible()
    await layouts.look("settings")
    await tab.button("Help").click()
    await expect(tab.page.get_by_text("Words on this screen")).to_be_visible()
    await layouts.look("help")
    await tab.button("Read the whole guide").click()
    await expect(tab.page.get_by_role("heading", name="Two numbers, and who moved")).to_be_visible()
    await layouts.look("guide")
    await tab.open(f"/?bom={ASH.replace(' ', '%20')}")
    await expect(tab.dialog(f"Edit BOM {ASH}").get_by_text("Product in Shopify")).to_be_visible()
    await layouts.look("mapping")


async def _the_list(tab: AdminPage, layouts: Layouts) -> None:
    await tab.open()
    await tab.search("wide ", finds=2)
    await layouts.look("list")
    await tab.button(re.compile(f"{LONG}, Location 1")).click()
    await expect(tab.page.get_by_role("button", name="Push to Shopify")).to_be_visible()
    await layouts.look("popover")
    await tab.page.keyboard.press("Escape")
    await tab.page.get_by_role("checkbox", name="Select all on this page").check()
    await layouts.look("selected")
    await tab.button("More actions").click()
    await expect(tab.page.get_by_role("menuitem", name="Reconcile inventory")).to_be_visible()
    await layouts.look("menu")
    await tab.page.get_by_role("menuitem", name="Reconcile inventory").click()
    await expect(tab.dialog().get_by_role("heading", name="Choose reconciliation direction")).to_be_visible()
    await layouts.look("direction")


async def _the_run(tab: AdminPage, layouts: Layouts) -> None:
    await tab.page.get_by_role("button", name=PUSH).click()
    await tab.differing()
    await layouts.look("preview")
    await tab.page.get_by_label("Type ").fill("2")
    await tab.start()
    await expect(tab.dialog().get_by_role("button", name="Done")).to_be_visible()
    await expect(tab.dialog().get_by_role("table", name="Errors and what to do")).to_be_visible()
    await layouts.look("summary")
    await tab.dialog().get_by_label("Show").select_option("boms")
    await expect(tab.dialog().get_by_role("table", name="Progress by BOM")).to_be_visible()
    await layouts.look("progress")
    await tab.dialog().get_by_role("button", name="Open in History").click()


async def _the_history(tab: AdminPage, layouts: Layouts) -> None:
    await expect(tab.table("Places before and after")).to_be_visible()
    await layouts.look("run")
    await tab.button("Undo").click()
    await expect(tab.dialog("Undo this run").get_by_text("1 place would go back")).to_be_visible()
    await layouts.look("undo")
    await tab.page.keyboard.press("Escape")
    await tab.button("Retry failed").click()
    await expect(tab.dialog("Retry what failed").get_by_text("needs you first").first).to_be_visible()
    await layouts.look("retry")
    await tab.page.keyboard.press("Escape")
    await tab.page.get_by_role("tab", name=re.compile("What failed")).click()
    await expect(tab.page.get_by_role("region", name=re.compile("The variant is a bundle"))).to_be_visible()
    await layouts.look("failed")
    await tab.page.get_by_role("tab", name=re.compile("Before and after")).click()
    await tab.table("Places before and after").get_by_role("link").first.click()
    await expect(tab.page.get_by_role("region", name="What has happened here")).to_be_visible()
    await layouts.look("story")
    await tab.open("/history")
    await expect(tab.table("History")).to_be_visible()
    await layouts.look("history")
    await tab.table("History").get_by_role("link").first.click()
    await tab.button("Print").click()
    await expect(tab.button("Print this page")).to_be_visible()
    await layouts.look("print")


async def _drift(site: Site, tab: AdminPage, layouts: Layouts) -> None:
    await site.add({"wide fir": [10, 20]})
    await site.world.agree()
    await site.drift.policy(max_move=5)
    await site.edit("wide fir", 0, 90)
    await site.drift.sweep(full=True)
    await site.drift.until(1, state="missed")
    await tab.open("/drift")
    await expect(tab.table("Missed webhooks")).to_be_visible()
    await tab.page.get_by_text("As a table").click()
    await tab.page.get_by_role("checkbox", name="No automatic repair in certain hours").check()
    await layouts.look("drift")
    await tab.button("Approve repair").click()
    await expect(tab.dialog("Approve repair")).to_be_visible()
    await layouts.look("approving")
    await tab.page.keyboard.press("Escape")


async def _schedules(tab: AdminPage, layouts: Layouts) -> None:
    await tab.open("/schedules")
    await expect(tab.page.get_by_text("No schedule yet")).to_be_visible()
    await layouts.look("no-schedules")
    await tab.button("Add schedule").click()
    new = tab.dialog("Add schedule")
    await new.get_by_role("textbox", name="Name").fill(
        "Every night before the warehouse opens and the first orders come"
    )
    await new.get_by_label("What it does").select_option("toLocal")
    await new.get_by_label("Which differences it settles").select_option("all")
    await expect(new.get_by_text("Nobody looks before it runs")).to_be_visible()
    await expect(new.get_by_text("Next runs: ")).to_be_visible()
    await layouts.look("schedule")
    await new.get_by_role("button", name="Save schedule").click()
    await expect(tab.table("Schedules")).to_be_visible()
    await layouts.look("schedules")
    await tab.button(re.compile("Runs of Every night")).click()
    await expect(tab.page.get_by_text("It has not run yet")).to_be_visible()
    await layouts.look("no-runs")
    await tab.page.keyboard.press("Escape")
    await tab.button(re.compile("Run now: Every night")).click()
    await tab.page.get_by_role("menuitem", name="See what it would do").click()
    looked = tab.page.get_by_role("dialog", name=re.compile("What Every night"))
    await looked.get_by_role("button", name="See what it would do").click()
    await expect(looked.get_by_text("Would change")).to_be_visible()
    await layouts.look("schedule-look")
    await tab.page.keyboard.press("Escape")
    await expect(tab.button(re.compile("Skip it: Every night"))).to_be_visible()
    await layouts.look("schedule-waits")
    # Repair has stopped meanwhile, so that the run waits for more than a look: the merchant is told.
    message = tab.page.get_by_role("region", name="Messages")
    await expect(message).to_contain_text("waits for you")
    await message.get_by_role("button", name="Dismiss").click()
    await expect(message).to_have_count(0)
    await tab.button(re.compile("Edit Every night")).click()
    await tab.page.get_by_role("button", name="Remove").click()
    await tab.page.get_by_role("button", name="Yes, remove this schedule").click()
    await expect(tab.page.get_by_text("No schedule yet")).to_be_visible()
