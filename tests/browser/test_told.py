"""Being told on the page: the bell, what waits for a decision, messages on what ends elsewhere, and who is told."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from shared.domain.notices import Happening, Matter
from shared.mongodb.notices.mail import MailStore
from shared.mongodb.notices.notices import NoticeStore
from shared.mongodb.notices.targets import TargetStore
from tests.browser.admin_page import NARROW, PUSH
from tests.browser.site import Site
from tests.browser.test_layout import Layouts
from tests.integration.hook_receiver import receiver
from tests.integration.shop_world import SHOP, new_id

WAITS = re.compile("is waiting for your decision")
NOTHING_OPEN = re.compile("^Notifications(: [0-9]+ new)?$")
"""The bell; news of other tests' BOMs may come at any time."""


async def happens(site: Site, matter: Matter, subject: str = "", **facts: str | int | None) -> None:
    """Something that the shop is told of."""
    now = datetime.now(UTC)
    await NoticeStore(site.world.mongo.db).note(
        Happening(
            shop=SHOP,
            matter=matter,
            subject=subject,
            occurrence=now.isoformat(),
            at=now,
            facts=facts,
            open=matter is not Matter.RUN_ENDED,
        )
    )


async def test_the_bell_tells_what_needs_somebody_and_loses_nothing_on_reload(site: Site) -> None:
    """Its number is that of what is open, also after a reload; the panel says what to do; the focus comes back."""
    schedule = new_id()
    await happens(site, Matter.SCHEDULE_FAILED, schedule, name="Every night", outcome="failed")
    async with site.tab() as tab:
        await tab.open()
        ring = tab.button("Notifications: 1 needs you")
        await expect(ring).to_be_visible()
        await tab.page.reload()
        await expect(ring).to_be_visible()
        await ring.focus()
        await tab.page.keyboard.press("Enter")
        panel = tab.page.get_by_role("dialog", name="Notifications")
        await expect(panel.get_by_text("The schedule “Every night” failed")).to_be_visible()
        await expect(panel.get_by_text("What to do:")).to_be_visible()
        await tab.looks_right("bell-1600")
        await tab.page.keyboard.press("Escape")
        await expect(panel).to_have_count(0)
        await expect(ring).to_be_focused()
        await ring.click()
        await panel.get_by_role("button", name="Dismiss: The schedule “Every night” failed").click()
        await expect(tab.button(NOTHING_OPEN)).to_be_visible()
        await panel.get_by_role("button", name="Show: The schedule “Every night” failed").click()
        await expect(tab.page.get_by_role("heading", name="Schedules", level=1)).to_be_visible()


@pytest.mark.long
async def test_nothing_of_it_is_cut_covered_or_out_of_reach(site: Site) -> None:
    """The bell's list and the screen of who is told, at every width."""
    name = "Every night, all of the warehouse and the three shops of the old town"
    await happens(site, Matter.SCHEDULE_FAILED, new_id(), name=name, outcome="failed")
    await happens(site, Matter.RUN_ENDED, new_id(), source="admin", direction="toShopify", state="completed", updated=9)
    targets = TargetStore(site.world.mongo.db, site.world.settings.fernet_keys)
    target_id, url = new_id(), "https://hooks.example.com/a/rather/long/address/of/a/program/that/is/told"
    await targets.put(SHOP, target_id, url=url, matters=[Matter.RUN_ENDED], enabled=True, by="test")
    await MailStore(site.world.mongo.db).say_set_up("trueup@example.com")
    mail = MailStore(site.world.mongo.db)
    await mail.add(SHOP, "somebody.with.a.rather.long.name@warehouse.example.com", "42")
    try:
        async with site.tab() as tab:
            layouts = Layouts(tab)
            await tab.open("/notifications")
            await expect(tab.page.get_by_text("Waits for its code")).to_be_visible()
            await layouts.look("notifications")
            await tab.button(re.compile("^Notifications: ")).click()
            await expect(tab.page.get_by_role("dialog", name="Notifications").get_by_text(name)).to_be_visible()
            await layouts.look("bell")
            await tab.page.keyboard.press("Escape")
            await tab.button("Add address").click()
            await expect(tab.dialog("Add address")).to_be_visible()
            await layouts.look("add-address")
            layouts.hold()
    finally:
        await mail.say_set_up(None)
        await targets.delete(SHOP, target_id)


async def test_a_decision_is_the_shop_s_and_gone_for_all_once_it_is_made(site: Site) -> None:
    """A preview taken in one browser waits in another, which starts it; the first learns it without being asked."""
    await site.add({"told oak": [5, 5]})
    await site.hand("told oak", 0, 3)
    async with site.tab() as first, site.tab() as second:
        await first.open()
        await first.search("told oak", finds=1)
        await first.choose(PUSH)
        await first.differing()
        await first.dialog().get_by_role("button", name="Close").first.click()
        await second.open()
        for tab in (first, second):
            await expect(tab.page.get_by_text(WAITS).first).to_be_visible()
        await second.page.locator("main").get_by_role("button", name="Show").first.click()
        await second.page.get_by_role("button", name=PUSH).click()
        await second.differing()
        await second.start()
        await second.ended(updated=1)
        await expect(first.page.locator("main").get_by_text(WAITS)).to_have_count(0)
        # What has ended in the other browser is told here.
        await expect(first.page.get_by_text("A reconcile has ended: 1 place changed").first).to_be_visible()


async def test_a_failed_preview_waits_for_nobody_s_decision(site: Site) -> None:
    """It is told as what it is, with what to do, and not as something to decide."""
    await happens(site, Matter.RUN_ENDED, new_id(), source="admin", direction="toShopify", state="completed", updated=1)
    async with site.tab() as tab:
        await tab.open()
        # What was there is told by the bell alone; from here on what ends is told by a message.
        await expect(tab.button(re.compile("^Notifications: [0-9]+ new$"))).to_be_visible()
        preview_id = new_id()
        await happens(site, Matter.PREVIEW_FAILED, preview_id, failure="Shopify did not answer.", remedy="Try again.")
        await expect(tab.button("Notifications: 1 needs you")).to_be_visible()
        await expect(tab.page.get_by_text("A preview failed").first).to_be_visible()
        await expect(tab.page.get_by_text(WAITS)).to_have_count(0)


async def test_who_is_told_is_chosen_on_the_page(site: Site) -> None:
    """An address of a program gets its secret once and a test, and what was sent is listed; on a phone as well."""
    async with receiver() as hook, site.tab(width=NARROW) as tab:
        await tab.open("/notifications")
        await expect(tab.page.get_by_text("E-mail is not set up")).to_be_visible()
        await tab.looks_right("notifications-400")
        await tab.button("Add address").click()
        dialog = tab.dialog("Add address")
        await dialog.get_by_label("Address", exact=True).fill("http://10.1.2.3/hook")
        await dialog.get_by_role("button", name="Add address").click()
        await expect(dialog.get_by_text("must be an https address")).to_be_visible()
        tab.trouble.clear()
        await dialog.get_by_label("Address", exact=True).fill(hook.url)
        await dialog.get_by_role("button", name="Add address").click()
        secret = tab.dialog("Its secret").get_by_label("Its secret")
        await expect(secret).to_have_value(re.compile("^whsec_"))
        await tab.dialog("Its secret").get_by_role("button", name="Close").first.click()
        await tab.button(f"Send a test to {hook.url}").click()
        await hook.until(1)
        await tab.button(f"Messages to {hook.url}").click()
        messages = tab.dialog(f"Messages to {hook.url}")
        await expect(messages.get_by_text("Taken")).to_be_visible()
        await tab.looks_right("notification-messages-400")
        await messages.get_by_role("button", name=re.compile("Send again: the message of")).click()
        await hook.until(2)
        assert hook.taken[0][0]["webhook-id"] == hook.taken[1][0]["webhook-id"]
