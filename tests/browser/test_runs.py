"""What becomes of a run: errors and retry, cancelling, a closed page, a second tab, history, export, undo."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from playwright.async_api import expect

from shared.domain.comparison import Direction
from tests.browser.admin_page import PULL, PUSH, AdminPage
from tests.browser.site import Site

LONG_ID = "820982911946154508"
LONGER_ID = "8209829119461545081"


async def push(tab: AdminPage, name: str, *, finds: int = 1) -> None:
    """From the list to a preview of what the search finds, towards Shopify."""
    await tab.open()
    await tab.search(name, finds=finds)
    await tab.choose(PUSH)
    await tab.differing()


async def test_errors_have_remedies_and_are_retried(site: Site) -> None:
    """A bundle's error says what happened and what to do. A retry leaves it out until somebody says that this is done;
    then it runs just that cell again.
    """
    await site.add({"mend ash": [5, 5], "mend elm": [5, 5]})
    for bom in ("mend ash", "mend elm"):
        await site.hand(bom, 0, 2)
    bundle = {"item_id": site.world.items["mend elm"], "bundle": True}
    await site.world.control("set_item", bundle)
    async with site.tab() as tab:
        await push(tab, "mend ", finds=2)
        await tab.start()
        await tab.ended(total=4, updated=1, skipped=2, errors=1)
        errors = tab.dialog().get_by_role("table", name="Errors and what to do")
        await expect(errors.get_by_role("row", name=re.compile("BOM mend elm.*bundle.*Map the BOM"))).to_be_visible()
        await tab.looks_right("errors")
        await site.world.control("set_item", bundle | {"bundle": False})
        await tab.dialog().get_by_role("button", name="Retry failed").click()
        retry = tab.dialog("Retry what failed")
        await expect(retry.get_by_text("1 place needs you first")).to_be_visible()
        await expect(retry.get_by_text(re.compile("Map the BOM"))).to_be_visible()
        await expect(retry.get_by_role("button", name="Retry 0 places")).to_be_disabled()
        await tab.looks_right("retry")
        await retry.get_by_text("I have done this").click()
        await retry.get_by_role("button", name="Retry 1 place").click()
        await tab.ended(total=1, updated=1, errors=0)
        await tab.done()
    assert (await site.shopify("mend ash", 0), await site.shopify("mend elm", 0)) == (7, 7)


async def test_a_waiting_run_is_cancelled(site: Site) -> None:
    """A run that shares cells with an earlier one waits and says so; cancelled, it has changed nothing."""
    await site.add({"stop oak": [5, 5]})
    await site.hand("stop oak", 0, 2)
    async with site.tab() as tab:
        await push(tab, "stop oak")
        async with site.held():
            first = await site.world.request(Direction.TO_LOCAL, {"bom_ids": ["stop oak"]})
            await site.world.document("jobs", first, lambda job: job["state"] == "running")
            await tab.start()
            await expect(tab.dialog().get_by_text("It shares places with an earlier run")).to_be_visible()
            await tab.looks_right("waiting")
            await tab.dialog().get_by_role("button", name="Cancel run").click()
            await tab.dialog().get_by_role("button", name="Yes, cancel the run").click()
            await expect(tab.dialog().get_by_role("heading", name="The run was cancelled")).to_be_visible()
        await tab.looks_right("cancelled")
        await tab.done()
    await site.world.ended(first)
    assert (await site.count("stop oak", 0), await site.shopify("stop oak", 0)) == (5, 5)


async def test_a_run_goes_on_without_the_page(site: Site) -> None:
    """Reloaded in mid-run the dialog shows the same run; a second tab follows it, too; closed, the list tells of it."""
    await site.add({"go oak": [5, 5], "go elm": [5, 5]})
    for bom in ("go oak", "go elm"):
        await site.hand(bom, 1, 4)
    async with site.tab() as tab:
        await push(tab, "go ", finds=2)
        async with site.held():
            await tab.start()
            running = tab.dialog().get_by_role("progressbar", name="Reconciling")
            await expect(running).to_be_visible()
            await tab.page.reload()
            await expect(running).to_be_visible()
            second = AdminPage(await tab.page.context.new_page(), tab.url)
            await second.watch()
            await second.page.goto(tab.page.url)
            await expect(second.dialog().get_by_role("progressbar", name="Reconciling")).to_be_visible()
            await tab.page.keyboard.press("Escape")
            await expect(tab.dialog()).to_have_count(0)
            told = tab.page.get_by_text("A reconcile is running")
            await expect(told).to_be_visible()
        await second.ended(total=4, updated=2, errors=0)
        await expect(told).to_have_count(0)
        second.is_clean()
    assert (await site.shopify("go oak", 1), await site.shopify("go elm", 1)) == (9, 9)


async def test_history_export_and_undo_are_exact(site: Site, tmp_path: Path) -> None:
    """A run stands in the history with each cell before and after; long ids are exact; its undo has its own preview."""
    [place] = (await site.world.control("locations", {"locations": [{"name": "Far away", "id": LONG_ID}]}))["locations"]
    assert place["id"] == LONG_ID
    level = {"location_id": LONG_ID, "available": 7, "age_seconds": 3600}
    made = await site.world.control(
        "items",
        {"items": [{"sku": "long", "id": LONGER_ID, "levels": [level]}]},
    )
    item_id = made["items"][0]["id"]
    assert item_id == LONGER_ID
    await site.long_bom(LONG_ID, item_id, "=Far oak", LONG_ID)
    async with site.tab(accept_downloads=True) as tab:
        await tab.open()
        await tab.search(LONG_ID, finds=1)
        await expect(tab.page.get_by_role("rowheader")).to_contain_text(f"{LONG_ID} ")
        await tab.choose(PUSH)
        await tab.differing()
        await tab.looks_right("long-id")
        await tab.start()
        await tab.ended(updated=1, errors=0)
        await tab.dialog().get_by_role("button", name="Open in History").click()
        cells = tab.table("Places before and after")
        await expect(cells.get_by_role("row", name=re.compile(r"=Far oak.*Far away.*7 → 9"))).to_be_visible()
        await tab.looks_right("run")
        async with tab.page.expect_download() as saving:
            await tab.button("Export CSV").click()
        file = tmp_path / "run.csv"
        await (await saving.value).save_as(file)
        lines = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig")))
        [line] = [row for row in lines if row["state"] == "updated"]
        assert (line["bom_id"], line["location_id"], line["inventory_item_id"]) == (LONG_ID, LONG_ID, item_id)
        assert (line["bom_name"], line["shopify_before"], line["shopify_after"]) == ("'=Far oak", "7", "9")
        await tab.button("Undo").click()
        undo = tab.dialog("Undo this run")
        await expect(undo.get_by_text("1 place would go back")).to_be_visible()
        await tab.looks_right("undo")
        await undo.get_by_role("button", name="Undo 1 place").click()
        await expect(tab.page.get_by_text("Done without errors")).to_be_visible()
        await tab.open("/history")
        await expect(tab.table("History").get_by_role("row").nth(1)).to_contain_text("Undo")
        await tab.looks_right("history")
    levels = (await site.world.control("levels", method="GET"))["levels"]
    assert [
        level["available"] for level in levels if level["item_id"] == item_id and level["location_id"] == LONG_ID
    ] == [7]


async def test_a_preview_can_be_put_off(site: Site) -> None:
    """A preview that is closed without a decision is found again from the list, in the other direction if wanted."""
    await site.add({"later oak": [5, 5]})
    await site.hand("later oak", 0, 2)
    async with site.tab() as tab:
        await push(tab, "later oak")
        await tab.page.keyboard.press("Escape")
        await expect(tab.page.get_by_text("Nothing has been changed")).to_be_visible()
        await tab.looks_right("preview-waits")
        await tab.button("Show").click()
        await tab.differing()
        await tab.dialog().get_by_role("button", name="Change direction").click()
        await tab.dialog().get_by_role("button", name=PULL).click()
        await tab.differing()
        await expect(tab.dialog().get_by_text("This direction overwrites it")).to_be_visible()
    assert (await site.count("later oak", 0), await site.shopify("later oak", 0)) == (7, 5)
