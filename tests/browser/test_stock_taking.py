"""Stock-taking on the page: by hand with the keyboard alone, and from a file."""

from __future__ import annotations

import re

from playwright.async_api import FilePayload, expect

from tests.browser.site import Site


async def test_shelves_are_counted_by_keyboard_alone(site: Site) -> None:
    """Type, Enter, count, Enter, next: what was never counted is shown as such, and the search has the focus again."""
    await site.world.add_boms({"count oak": [10, 20], "count elm": [3, 4]}, tracks=True)
    place = site.world.locations[0]
    async with site.tab() as tab:
        await tab.open(f"/counts?at={place}")
        search = tab.page.get_by_role("textbox", name="SKU or name")
        await search.focus()
        await tab.page.keyboard.type("count oak")
        await tab.page.keyboard.press("Enter")
        await expect(tab.page.get_by_text("Not counted yet")).to_be_visible()
        shelf = tab.page.get_by_role("textbox", name="What is on the shelf")
        await expect(shelf).to_be_focused()
        await tab.page.keyboard.type("7,5")
        await tab.page.keyboard.press("Enter")
        await expect(tab.page.get_by_text("Enter a whole number")).to_be_visible()
        await shelf.fill("0")
        await tab.page.keyboard.press("Enter")
        row = tab.table("Counted so far").get_by_role("row", name=re.compile("count oak"))
        await expect(row).to_contain_text("Counted")
        await expect(search).to_be_focused()
        await tab.page.keyboard.type("count")
        await tab.page.keyboard.press("Enter")
        await expect(tab.page.get_by_text("Several are found")).to_be_visible()
        await tab.looks_right("counts-found")
        await tab.page.get_by_role("button", name="Count this: BOM count elm").press("Enter")
        await expect(shelf).to_be_focused()
        await site.hand("count elm", 0, 2)
        await tab.page.keyboard.type("5")
        await tab.page.keyboard.press("Enter")
        changed = tab.table("Counted so far").get_by_role("row", name=re.compile("count elm"))
        await expect(changed).to_contain_text("Changed meanwhile: not taken over")
        await tab.page.set_viewport_size({"width": 400, "height": 800})
        await tab.looks_right("counts-narrow")
    assert (await site.count("count oak", 0), await site.count("count elm", 0)) == (0, 2)
    assert await site.count("count oak", 1) is None


async def test_a_file_of_counts_is_checked_and_taken_over(site: Site) -> None:
    """Nothing changes before it was looked at; rows that cannot be used are named; the rest is counted once."""
    await site.world.add_boms({"file oak": [10, 20], "file elm": [3, 4]}, tracks=True)
    rows = ("file oak,Location 1,12", "file oak,Location 2,0", "file elm,Nowhere,1", "file elm,Location 1,")
    text = "\n".join(("bom_id,location,count", *rows))
    payload: FilePayload = {"name": "counts.csv", "mimeType": "text/csv", "buffer": text.encode()}
    async with site.tab() as tab:
        await tab.open("/counts?way=file")
        await tab.page.get_by_label("Choose a file").last.set_input_files(payload)
        await expect(tab.table("Rows that cannot be used")).to_contain_text("Nowhere")
        await expect(tab.table("What the file would change")).to_contain_text("first count")
        await tab.looks_right("counts-file")
        assert await site.count("file oak", 0) is None
        await site.hand("file oak", 1, 4)
        await tab.button("Take over 2 counts").click()
        await expect(tab.page.get_by_text("1 count was taken over.")).to_be_visible()
        await expect(tab.page.get_by_text("1 row changed meanwhile")).to_be_visible()
    assert (await site.count("file oak", 0), await site.count("file oak", 1)) == (12, 4)


async def test_a_scanner_types_a_code_and_enter_and_no_code_becomes_a_count(site: Site) -> None:
    """A held scanner is a keyboard: it finds the product. Scanned again in place of a number, the code is no count."""
    code, place = "4006381333931", site.world.locations[0]
    await site.world.add_boms({code: [10, 20], "40063813": [10, 20]}, tracks=True)
    async with site.tab() as tab:
        await tab.open(f"/counts?at={place}")
        search = tab.page.get_by_role("textbox", name="SKU or name")
        await search.focus()
        shelf = tab.page.get_by_role("textbox", name="What is on the shelf")
        for scanned, number in ((code, "7"), ("40063813", "8")):
            await tab.page.keyboard.type(f"{scanned}\n")
            await expect(shelf).to_be_focused()
            await tab.page.keyboard.type(f"{scanned}\n")
            await expect(tab.page.get_by_text("This is a barcode, not a number of pieces")).to_be_visible()
            assert await site.count(scanned, 0) is None
            await tab.page.keyboard.type(f"{number}\n")
            await expect(tab.table("Counted so far")).to_contain_text(scanned)
            await expect(search).to_be_focused()
    assert [await site.count(bom, 0) for bom in (code, "40063813")] == [7, 8]
