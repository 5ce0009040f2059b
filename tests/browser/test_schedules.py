"""Schedules on the page: made, changed and removed by a merchant."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser.site import Site


async def test_a_schedule_is_made_changed_and_removed_on_the_page(site: Site) -> None:
    """What the form lacks is named; what is saved is there after a reload, can be changed, and goes when removed."""
    async with site.tab() as tab:
        await tab.open("/schedules")
        await expect(tab.page.get_by_text("No schedule yet")).to_be_visible()
        await tab.button("Add schedule").click()
        new = tab.dialog("Add schedule")
        await new.get_by_role("button", name="Save schedule").click()
        await expect(new.get_by_text("Give it a name.")).to_be_visible()
        await new.get_by_role("textbox", name="Name").fill("Every night")
        await new.get_by_label("What it does").select_option("toLocal")
        await expect(new.get_by_text("Nobody looks before it runs")).to_be_visible()
        await new.get_by_label("Time zone").fill("Europe/Berlin")
        await tab.looks_right("schedule-new")
        await new.get_by_role("button", name="Save schedule").click()
        row = tab.table("Schedules").get_by_role("row", name=re.compile("Every night"))
        await expect(row).to_contain_text("Every day at 03:00 (Europe/Berlin)")
        await tab.page.reload()
        await tab.button("Edit Every night").click()
        edit = tab.dialog("Edit Every night")
        await expect(edit.get_by_label("What it does")).to_have_value("toLocal")
        await edit.get_by_label("What it does").select_option("preview")
        await edit.get_by_label("When", exact=True).select_option("hourly")
        await edit.get_by_role("button", name="Save schedule").click()
        await expect(row).to_contain_text("Preview only")
        await expect(row).to_contain_text("Every hour, at minute 0")
        await tab.button("Runs of Every night").click()
        await expect(tab.dialog("Runs of Every night").get_by_text("It has not run yet")).to_be_visible()
        await tab.page.keyboard.press("Escape")
        await tab.page.set_viewport_size({"width": 400, "height": 800})
        await tab.looks_right("schedules-narrow")
        await tab.page.set_viewport_size({"width": 1600, "height": 1000})
        await tab.button("Edit Every night").click()
        await edit.get_by_role("button", name="Remove").click()
        await edit.get_by_role("button", name="Yes, remove this schedule").click()
        await expect(tab.page.get_by_text("No schedule yet")).to_be_visible()
