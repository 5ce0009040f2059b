"""Missed webhooks on the page: the banner, the evidence, the policy, and a person's approval."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.admin_page import NARROW
from tests.browser.site import Site


@pytest.mark.long
async def test_what_the_breaker_stops_a_person_releases(site: Site) -> None:
    """A base that moved too far stops repair; the list says so, the evidence is shown, and an approval repairs it."""
    await site.add({"far oak": [10, 20]})
    await site.world.agree()
    await site.drift.policy(max_move=5)
    await site.edit("far oak", 0, 90)
    await site.drift.sweep(full=True)
    await site.drift.until(1, state="missed")
    async with site.tab() as tab:
        await tab.open()
        await expect(tab.page.get_by_text("Automatic repair has stopped and needs you")).to_be_visible()
        await tab.looks_right("drift-banner")
        await tab.button("Look at drift").click()
        row = tab.table("Missed webhooks").get_by_role("row", name=re.compile("far oak"))
        await expect(row).to_contain_text("Known 10, Shopify says 90")
        await tab.looks_right("drift-open")
        await tab.button("Approve repair").click()
        asked = tab.dialog("Approve repair")
        await tab.looks_right("drift-approving")
        await asked.get_by_role("button").last.click()
        await expect(row).to_contain_text("Repaired")
        await expect(tab.button("Approve repair")).to_have_count(0)
        await tab.looks_right("drift-repaired")
    assert (await site.count("far oak", 0), await site.shopify("far oak", 0)) == (90, 90)


async def test_some_of_what_drifted_is_approved_by_location_and_by_row(site: Site) -> None:
    """One location is left out, then one row is repaired by itself: the rest stays and is still asked about."""
    await site.add({"part oak": [10, 20], "part elm": [30, 40]})
    await site.world.agree()
    await site.drift.policy(max_move=5)
    await site.world.edit({(bom, place): 90 for bom in ("part oak", "part elm") for place in site.world.locations[:2]})
    await site.drift.sweep(full=True)
    await site.drift.until(4, state="missed")
    async with site.tab() as tab:
        await tab.open("/drift")
        await tab.button("Approve repair").click()
        asked = tab.dialog("Approve repair")
        await expect(asked.get_by_text(re.compile("Shopify changed: 2 places, by up to"))).to_have_count(2)
        await asked.get_by_role("checkbox", name=re.compile("Location 2")).uncheck()
        await expect(asked.get_by_text("2 places stay open, and automatic repair stays stopped.")).to_be_visible()
        await tab.looks_right("drift-approve-some")
        await asked.get_by_role("button", name="Repair 2 places").click()
        table = tab.table("Missed webhooks")
        await expect(table.get_by_text("Repaired")).to_have_count(2)
        await expect(tab.button("Approve repair")).to_be_visible()
        assert [await site.count("part oak", place) for place in (0, 1)] == [90, 20]
        row = table.get_by_role("row", name=re.compile("20 becomes 90"))
        await expect(row).to_contain_text("part oak")
        await tab.looks_right("drift-row")
        await row.get_by_role("button", name=re.compile("Repair")).click()
        await expect(table.get_by_text("Repaired")).to_have_count(3)
    assert [await site.count("part elm", place) for place in (0, 1)] == [90, 40]
    # What stays open must not be drift to later tests of the same shop.
    await site.world.agree(["part oak", "part elm"])


async def test_the_policy_is_chosen_on_the_page(site: Site) -> None:
    """What is done about missed webhooks is read and saved on the page, on a narrow screen, too."""
    async with site.tab(width=NARROW) as tab:
        await tab.open("/drift")
        policy = tab.page.get_by_role("form", name="Policy")
        await policy.get_by_role("combobox", name="When a webhook was missed").select_option("notify")
        await tab.page.get_by_role("region", name="Unsaved changes").get_by_role("button", name="Save").click()
        await expect(tab.page.get_by_text("The policy is saved")).to_be_visible()
        await tab.looks_right("drift-policy-narrow")
        await tab.page.reload()
        await expect(policy.get_by_role("combobox", name="When a webhook was missed")).to_have_value("notify")
