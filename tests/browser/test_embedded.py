"""Inside Shopify's admin: navigation, title, actions, messages, the save bar and its question are the admin's own."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser.admin_page import SHOTS
from tests.browser.shopify_admin import ShopifyAdmin, embedded
from tests.browser.site import Site

NOTIFY = ("When a webhook was missed", "notify")


async def _edit(admin: ShopifyAdmin) -> None:
    label, choice = NOTIFY
    await admin.frame.get_by_role("combobox", name=label).select_option(choice)
    await admin.hears("save bar", ["Save", "Discard"])


async def test_the_admin_shows_what_lies_around_the_page(site: Site) -> None:
    """Navigation and title stand in the admin, not in the page; its links lead through the page and its address."""
    async with embedded(site) as admin:
        await expect(admin.frame.get_by_role("grid", name="Bills of materials")).to_be_visible()
        await admin.shows("title", "Bill of materials")
        links = admin.all("frame")[-1]["navigation"]
        assert links[0] == {"href": "/", "label": "Bill of materials", "home": True}
        assert {"href": "/history", "label": "History", "home": False} in links
        await expect(admin.frame.get_by_role("navigation")).to_have_count(0)
        await admin.press("navigation", "History")
        await admin.shows("title", "History")
        await admin.hears("address", "/history")
        # What the admin gave is still there: a reload of the frame needs it.
        assert "host=" in admin.frame.url
        await admin.frame.evaluate("() => history.back()")
        await admin.shows("title", "Bill of materials")
        assert True in admin.all("loading")
        await admin.hears("loading", False)
        await admin.tab.page.screenshot(path=SHOTS / "embedded-list-1600.png")


async def test_a_deep_link_of_the_admin_opens_its_screen(site: Site) -> None:
    """The admin opens the app at any address of the page."""
    async with embedded(site, "/drift") as admin:
        await admin.shows("title", "Drift")
        await expect(admin.frame.get_by_role("heading", name="Drift", exact=True)).to_be_attached()


async def test_an_edited_form_is_held_by_the_admins_save_bar(site: Site) -> None:
    """Leaving asks, staying keeps what was typed, discarding takes it back, saving is told by the admin's message."""
    label, choice = NOTIFY
    async with embedded(site, "/drift") as admin:
        field = admin.frame.get_by_role("combobox", name=label)
        await _edit(admin)
        await admin.press("navigation", "History")
        await admin.hears("leaving", None)
        await expect(field).to_have_value(choice)
        await admin.shows("title", "Drift")
        await admin.press("save bar", "Discard")
        await admin.hears("save bar", None)
        await expect(field).not_to_have_value(choice)
        await _edit(admin)
        await admin.press("save bar", "Save")
        await admin.hears("toast", {"message": "The policy is saved.", "isError": False, "action": None})
        await admin.hears("save bar", None)
        await field.select_option("off")
        await admin.hears("save bar", ["Save", "Discard"])
        admin.leaves = True
        await admin.press("navigation", "History")
        await admin.shows("title", "History")


async def test_alone_the_page_asks_itself(site: Site) -> None:
    """Outside the admin: a bar of its own, a question on links and on the back button, and a message that stays."""
    label, choice = NOTIFY
    async with site.tab() as tab:
        await tab.open("/")
        await expect(tab.list).to_be_visible()
        drift = tab.page.get_by_role("link", name="Drift", exact=True)
        history = tab.page.get_by_role("link", name="History", exact=True)
        await drift.click()
        field = tab.page.get_by_role("combobox", name=label)
        await field.select_option(choice)
        bar = tab.page.get_by_role("region", name="Unsaved changes")
        await tab.looks_right("save-bar-1600")
        asked = tab.dialog("Leave without saving?")
        await history.click()
        await expect(asked).to_be_visible()
        await tab.looks_right("leaving-1600")
        await asked.get_by_role("button", name="Stay").click()
        await expect(field).to_have_value(choice)
        await tab.page.go_back()
        await expect(asked).to_be_visible()
        await tab.page.keyboard.press("Escape")
        await expect(asked).to_have_count(0)
        await expect(tab.page).to_have_url(re.compile("/drift$"))
        await bar.get_by_role("button", name="Save").click()
        message = tab.page.get_by_role("region", name="Messages")
        await expect(message).to_contain_text("The policy is saved.")
        await tab.looks_right("toast-1600")
        await expect(bar).to_have_count(0)
        # A message outlives its screen, and is closed by keyboard.
        await history.click()
        await expect(tab.table("History").or_(tab.page.get_by_text("No run yet"))).to_be_visible()
        await expect(message).to_contain_text("The policy is saved.")
        await tab.page.keyboard.press("F6")
        await tab.page.keyboard.press("Tab")
        await tab.page.keyboard.press("Escape")
        await expect(message).to_have_count(0)
        await drift.click()
        await field.select_option("off")
        await tab.page.go_back()
        await asked.get_by_role("button", name="Leave page").click()
        await expect(tab.page).to_have_url(re.compile("/history$"))
