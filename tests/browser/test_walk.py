"""The whole of a merchant's work in one walk: by the keyboard alone, and by a finger on a telephone."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.async_api import FilePayload, Locator, expect

from tests.browser.admin_page import PUSH
from tests.browser.hands import Finger, Hand, Keys, hand_on, pick_file, step
from tests.browser.site import Site

WOODS = ("ash", "elm", "fir")
SHELF = {"ash": 8, "elm": 9, "fir": 2}
"""What is counted at the first location, where Shopify holds 5."""


@dataclass
class Walk:
    """One hand's walk through a shop; its BOMs have names of their own."""

    site: Site
    hand: Hand

    @property
    def mine(self) -> str:
        """The beginning of the BOMs' names, and their tag."""
        return f"walk-{self.hand.name}"

    def bom(self, wood: str) -> str:
        """The name of a BOM, also its id and SKU."""
        return f"{self.mine}-{wood}"

    def role(self, role: str, name: str | re.Pattern[str], within: Locator | None = None) -> Locator:
        """Something on the page, or within a part of it."""
        where = self.hand.tab.page if within is None else within
        return where.get_by_role(role, name=name, exact=isinstance(name, str))  # type: ignore[arg-type]  # a role's name

    async def go(self, name: str) -> None:
        """To another screen, by the navigation."""
        await self.hand.press(self.role("link", name, self.role("navigation", re.compile(""))))

    async def shopify(self) -> list[int]:
        """What the shop holds at the first location."""
        return [await self.site.shopify(self.bom(wood), 0) for wood in WOODS]

    async def imports(self) -> None:
        """From a file, looked at first."""
        await self.go("Import")
        rows = [f"{self.bom(wood)},{self.bom(wood)},{self.bom(wood)},yes,{self.mine}" for wood in WOODS]
        text = "\n".join(("name,sku,bom_id,tracks_pre_assembled,tags", *rows))
        file: FilePayload = {"name": "boms.csv", "mimeType": "text/csv", "buffer": text.encode()}
        await pick_file(self.hand, self.role("button", "Choose a file"), file)
        await expect(self.hand.tab.page.get_by_text("Waits for you")).to_be_visible()
        await self.hand.look("1-import")
        await self.hand.press(self.role("button", "Import 3 BOMs"))
        await expect(self.role("heading", "What it did")).to_be_visible()
        await self.hand.look("1-imported")

    async def counts(self) -> None:
        """SKU, Enter, what is on the shelf, Enter."""
        await self.hand.press(self.role("button", "Take stock"))
        await self.hand.choose(self.role("combobox", "Location"), "Location 1")
        for wood, number in SHELF.items():
            await self.hand.write(self.role("textbox", "SKU or name"), self.bom(wood))
            await self.hand.enter()
            shelf = self.role("textbox", "What is on the shelf")
            await self.hand.write(shelf, str(number))
            if wood == WOODS[0]:
                await self.hand.look("2-counting")
            await self.hand.enter()
            await expect(self.hand.tab.table("Counted so far")).to_contain_text(self.bom(wood))
        await self.hand.look("2-counted")

    async def preview(self) -> Locator:
        """Found, selected, a side chosen; returns the dialog."""
        await self.go("Bill of materials")
        await self.hand.write(self.role("searchbox", "Search bills of materials"), self.mine)
        await expect(self.hand.tab.list.get_by_role("rowheader")).to_have_count(3)
        await self.hand.look("3-list")
        await self.hand.press(self.role("checkbox", "Select all on this page"))
        await self.hand.look("3-selected")
        await self.hand.press(self.role("button", "More actions"))
        await expect(self.role("menuitem", "Reconcile inventory")).to_be_visible()
        await self.hand.look("3-menu")
        await self.hand.press(self.role("menuitem", "Reconcile inventory"))
        await self.hand.look("3-direction")
        await self.hand.press(self.hand.tab.page.get_by_role("button", name=PUSH))
        await self.hand.tab.differing()
        return self.hand.tab.dialog()

    async def leaves_out(self, dialog: Locator) -> None:
        """One place stays as it is."""
        await expect(dialog.get_by_text("3 places of 3 BOMs to change")).to_be_visible()
        await self.hand.press(self.role("checkbox", f"{self.bom('fir')} at Location 1: include in the run", dialog))
        await expect(dialog.get_by_text("2 places of 2 BOMs to change")).to_be_visible()
        await self.hand.look("4-left-out")

    async def runs(self, dialog: Locator) -> None:
        """One place is set, one fails."""
        await self.is_bundle("elm", bundle=True)
        await self.hand.press(self.role("button", "Start Reconciliation of 2 places", dialog))
        await self.hand.tab.ended(updated=1, errors=1)
        await self.hand.look("5-summary")
        assert await self.shopify() == [8, 5, 5]

    async def retries(self, dialog: Locator) -> None:
        """What failed is mended, said to be, and run again."""
        await self.is_bundle("elm", bundle=False)
        await self.hand.press(self.role("button", "Retry failed", dialog))
        retry = self.hand.tab.dialog("Retry what failed")
        await self.hand.look("6-retry")
        await self.hand.press(self.role("checkbox", re.compile("I have done this"), retry))
        await self.hand.press(self.role("button", "Retry 1 place", retry))
        await self.hand.tab.ended(total=1, updated=1, errors=0)
        assert await self.shopify() == [8, 9, 5]

    async def undoes(self, dialog: Locator) -> None:
        """The retry is taken back, from its page in the history."""
        await self.hand.press(self.role("button", "Open in History", dialog))
        await expect(self.hand.tab.table("Places before and after")).to_be_visible()
        await self.hand.look("7-run")
        await self.hand.press(self.role("button", "Undo"))
        undo = self.hand.tab.dialog("Undo this run")
        await expect(undo.get_by_text("1 place would go back")).to_be_visible()
        await self.hand.look("7-undo")
        await self.hand.press(self.role("button", "Undo 1 place", undo))
        await expect(self.hand.tab.page.get_by_text("Done without errors")).to_be_visible()
        assert await self.shopify() == [8, 5, 5]
        await self.hand.press(self.role("button", "Open in History", dialog))

    async def reads(self) -> None:
        """Why a number is what it is."""
        cells = self.hand.tab.table("Places before and after")
        await self.hand.press(self.role("link", "Location 1", cells))
        story = self.role("region", "What has happened here")
        await expect(story).to_contain_text("undid run")
        await expect(story).to_contain_text("Counted by hand for the first time: 9.")
        await self.hand.look("8-timeline")

    async def schedules(self) -> None:
        """Every week by itself."""
        await self.go("Schedules")
        await self.hand.press(self.role("button", "Add schedule"))
        new = self.hand.tab.dialog("Add schedule")
        await self.hand.write(self.role("textbox", "Name", new), self.mine)
        await self.hand.choose(self.role("combobox", "What it does", new), PUSH)
        await self.hand.choose(self.role("combobox", "For which BOMs", new), "Those with a tag")
        await self.hand.write(self.role("textbox", "Tag", new), self.mine)
        await self.hand.look("9-schedule")
        await self.hand.press(self.role("button", "Save schedule", new))
        await expect(self.hand.tab.table("Schedules")).to_contain_text(self.mine)
        await self.hand.look("9-schedules")

    async def approves_some(self) -> None:
        """What it would do is looked at: one place is left out, the other is approved."""
        await self.site.world.agree([self.bom("fir")])
        for wood in ("ash", "fir"):
            await self.site.hand(self.bom(wood), 0, 2)
        await self.hand.press(self.role("button", f"Run now: {self.mine}"))
        await self.hand.press(self.role("menuitem", "See what it would do"))
        look = self.hand.tab.dialog(f"What {self.mine} would do now")
        await self.hand.press(self.role("button", "See what it would do", look))
        await expect(look.get_by_text("In 2 places Shopify would get the local number.")).to_be_visible()
        await self.hand.look("10-would-do")
        await self.hand.press(self.role("button", re.compile("^Look at each place"), look))
        dialog = self.hand.tab.dialog(f"Choose what {self.mine} may change")
        await expect(dialog.get_by_text("2 places in Shopify will be set to the local value")).to_be_visible()
        await self.hand.press(self.role("checkbox", f"{self.bom('ash')} at Location 1: include in the run", dialog))
        await expect(dialog.get_by_text("1 place in Shopify will be set to the local value")).to_be_visible()
        await self.hand.look("10-approving")
        await self.hand.press(self.role("button", "Change 1 place", dialog))
        # What has become of it stands where it was asked for.
        await expect(look.get_by_role("status")).to_have_text(re.compile("Completed"))
        await self.hand.press(look.get_by_role("button", name="Close").last)
        await self.hand.press(self.role("button", f"Runs of {self.mine}"))
        runs = self.hand.tab.dialog(f"Runs of {self.mine}")
        await expect(runs.get_by_text("Completed")).to_be_visible()
        await self.hand.look("10-approved")
        assert await self.shopify() == [8, 5, 7]

    async def is_bundle(self, wood: str, *, bundle: bool) -> None:
        """Somebody makes the product a bundle, which cannot be set, or a plain one again."""
        found = await self.site.world.mongo.db["boms"].find_one({"bom_id": self.bom(wood)})
        assert found is not None
        await self.site.world.control("set_item", {"item_id": found["inventory_item_id"], "bundle": bundle})


@pytest.mark.long
@pytest.mark.parametrize("kind", [Keys, Finger], ids=["keyboard", "touch"])
async def test_the_whole_walk(site: Site, kind: type[Keys | Finger]) -> None:
    """Import, count, preview, leave out, run, retry, undo, timeline, schedule, approve some: nothing stands in the way
    of somebody without a mouse, or with a finger at 400 pixels, and every screen, dialog and popover is clean."""
    world = site.world
    levels = [{"location_id": place, "available": 5, "age_seconds": 3600} for place in world.locations]
    async with hand_on(site, kind) as hand:
        walk = Walk(site, hand)
        made = await world.control("items", {"items": [{"sku": walk.bom(wood), "levels": levels} for wood in WOODS]})
        # Just for what Shopify is asked below: they are no BOMs yet.
        world.items.update({walk.bom(wood): one["id"] for wood, one in zip(WOODS, made["items"], strict=True)})
        await hand.tab.open()
        with step("import"):
            await walk.imports()
        with step("count"):
            await walk.counts()
        with step("preview"):
            dialog = await walk.preview()
        with step("leave out"):
            await walk.leaves_out(dialog)
        with step("run"):
            await walk.runs(dialog)
        with step("retry"):
            await walk.retries(dialog)
        with step("undo"):
            await walk.undoes(dialog)
        with step("timeline"):
            await walk.reads()
        with step("schedule"):
            await walk.schedules()
        with step("approve some"):
            await walk.approves_some()
