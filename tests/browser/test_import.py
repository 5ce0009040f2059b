"""Importing, mapping and first steps on the page."""

from __future__ import annotations

import re

from playwright.async_api import FilePayload, Route, expect

from tests.browser.site import Site


async def test_a_file_is_imported_with_its_report(site: Site) -> None:
    """Looked at first: new and refused rows are told; a reload shows the same; applied, the list has the new BOM."""
    levels = [{"location_id": place, "available": 5, "age_seconds": 60} for place in site.world.locations]
    await site.world.control("items", {"items": [{"sku": "IMPORT-OAK", "levels": levels}]})
    text = "name,sku,bom_id\nImported oak,IMPORT-OAK,imported-oak\nNobody,IMPORT-NONE,x\n"
    payload: FilePayload = {"name": "boms.csv", "mimeType": "text/csv", "buffer": text.encode()}
    async with site.tab() as tab:
        await tab.open("/import")
        await tab.page.get_by_label("Choose a file").last.set_input_files(payload)
        await expect(tab.page.get_by_text("Waits for you")).to_be_visible()
        await expect(tab.table("Cannot be imported")).to_contain_text("IMPORT-NONE")
        await tab.looks_right("import-checked")
        await tab.page.reload()
        await tab.button("Import 1 BOM").click()
        await expect(tab.page.get_by_role("heading", name="What it did")).to_be_visible()
        await expect(tab.page.get_by_text("2 places got Shopify's value")).to_be_visible()
        await tab.page.set_viewport_size({"width": 400, "height": 800})
        await tab.looks_right("import-done-narrow")
        await tab.page.set_viewport_size({"width": 1600, "height": 1000})
        await tab.button("See the list").click()
        await tab.search("Imported oak", finds=1)
    assert await site.world.mongo.db["boms"].count_documents({"bom_id": "imported-oak"}) == 1


async def test_a_wrong_file_is_told_with_its_remedy(site: Site) -> None:
    """A column that is none: nothing is begun, and the page says what to correct."""
    payload: FilePayload = {"name": "boms.csv", "mimeType": "text/csv", "buffer": b"product,sku\nx,y\n"}
    async with site.tab() as tab:
        await tab.open("/import")
        await tab.page.get_by_label("Choose a file").last.set_input_files(payload)
        await expect(tab.page.get_by_text("there is no column 'product'")).to_be_visible()
        tab.trouble.clear()


async def test_a_bom_is_mapped_to_another_product(site: Site) -> None:
    """Found in Shopify by its SKU, chosen and saved: what it means is said before, and the focus comes back."""
    await site.add({"map oak": [10, 20]})
    made = await site.world.control("items", {"items": [{"sku": "MAP-NEW", "levels": []}]})
    async with site.tab() as tab:
        await tab.open()
        await tab.search("map oak", finds=1)
        await tab.button("Edit BOM map oak").click()
        dialog = tab.dialog("Edit BOM map oak")
        await dialog.get_by_role("textbox", name="Find another product").fill("MAP-NEW")
        await tab.page.keyboard.press("Enter")
        await dialog.get_by_role("button", name=re.compile("^Choose ")).click()
        await expect(dialog.get_by_text("says nothing about the new one's")).to_be_visible()
        await tab.looks_right("mapping")
        await dialog.get_by_role("button", name="Save").click()
        await expect(dialog).to_have_count(0)
    bom = await site.world.mongo.db["boms"].find_one({"bom_id": "map oak"})
    assert bom is not None
    assert bom["inventory_item_id"] == made["items"][0]["id"]


async def test_settings_ask_before_what_is_not_saved_is_left(site: Site) -> None:
    """An edited form holds the page; what is saved is there after a reload, with who has changed it."""
    async with site.tab() as tab:
        await tab.open("/settings")
        negative = tab.page.get_by_role("checkbox", name="Shopify may be set below zero")
        await negative.press("Space")
        await tab.page.get_by_role("link", name="History").click()
        asks = tab.dialog("Leave without saving?")
        await asks.get_by_role("button", name="Stay").click()
        await tab.button("Save").click()
        await expect(tab.table("Who changed what")).to_contain_text("off → on")
        await tab.looks_right("settings")
        await tab.page.reload()
        await expect(negative).to_be_checked()
        await negative.press("Space")
        await tab.button("Save").click()
        await expect(tab.table("Who changed what")).to_contain_text("on → off")
        await tab.page.set_viewport_size({"width": 400, "height": 800})
        await tab.looks_right("settings-narrow")


async def test_help_explains_the_words_of_each_screen(site: Site) -> None:
    """From every screen, by keyboard; the guide is served by the page itself."""
    async with site.tab() as tab:
        for path in ("/", "/import", "/counts", "/history", "/drift", "/schedules", "/settings"):
            await tab.open(path)
            await tab.button("Help").press("Enter")
            dialog = tab.page.get_by_role("dialog", name=re.compile("^Help: "))
            await expect(dialog.get_by_text("Words on this screen")).to_be_visible()
            await tab.page.keyboard.press("Escape")
            await expect(tab.button("Help")).to_be_focused()
        await tab.button("Help").click()
        await tab.button("Read the whole guide").click()
        await expect(tab.page.get_by_role("heading", name="Two numbers, and who moved")).to_be_visible()
        await tab.looks_right("guide")


async def test_who_changed_the_repairs_stands_beside_the_other_settings_and_one_bar_saves_all(site: Site) -> None:
    """Two forms of one screen have one bar between them; the list names each change, its numbers before and after."""
    async with site.tab() as tab:
        await tab.open("/settings")
        move = tab.page.get_by_role("textbox", name="Stop and ask when one place moves by more than (units)")
        negative = tab.page.get_by_role("checkbox", name="Shopify may be set below zero")
        await move.fill("750")
        await negative.press("Space")
        bar = tab.page.get_by_role("region", name="Unsaved changes")
        await expect(bar).to_have_count(1)
        await bar.get_by_role("button", name="Discard").click()
        await expect(bar).to_have_count(0)
        await expect(move).to_have_value("1000")
        await expect(negative).not_to_be_checked()
        await move.fill("750")
        await negative.press("Space")
        await bar.get_by_role("button", name="Save").click()
        await expect(bar).to_have_count(0)
        changes = tab.table("Who changed what")
        await expect(changes).to_contain_text("Stop above this move of one place")
        await expect(changes).to_contain_text("1,000 → 750")
        await expect(negative).to_be_checked()
        await negative.press("Space")
        await bar.get_by_role("button", name="Save").click()
        await expect(bar).to_have_count(0)
        await tab.button("Choose who is told").click()
        await expect(tab.page.get_by_role("heading", name="Notifications", level=1)).to_be_visible()


async def test_a_new_shop_is_led_step_by_step_until_its_first_run(site: Site) -> None:
    """Each step says whether it is done and leads to its screen; after the first run the card is gone."""
    answer = {"boms": 3, "counted": False, "previewed": False, "ran": False}

    async def new_shop(route: Route) -> None:
        await route.fulfill(json=answer)

    async with site.tab() as tab:
        # The shop of these tests has long had its first run.
        await tab.page.route("**/api/first-steps", new_shop)
        await tab.open()
        steps = tab.page.get_by_role("listitem").filter(has=tab.page.get_by_text(re.compile("^(Done|Next|Later)$")))
        await expect(steps).to_have_count(5)
        await expect(steps.nth(1)).to_contain_text("3 BOMs are here")
        await expect(steps.nth(2)).to_contain_text("Next")
        await expect(steps.nth(4)).to_contain_text("Later")
        await tab.looks_right("first-steps-1600")
        await tab.page.set_viewport_size({"width": 400, "height": 800})
        await tab.looks_right("first-steps-400")
        await steps.nth(2).get_by_role("button", name="Take stock").press("Enter")
        await expect(tab.page.get_by_role("heading", name="Stock-taking", level=1)).to_be_visible()
        answer.update(counted=True, previewed=True, ran=True)
        await tab.open()
        await expect(tab.list).to_be_visible()
        await expect(tab.page.get_by_text("Five steps until")).to_have_count(0)
