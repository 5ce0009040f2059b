"""Schedules on the page: made, changed and removed by a merchant."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from playwright.async_api import expect

from shared.contract.messages import JobOptions
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.domain.run_limits import RunLimits
from shared.domain.schedule import Action, Missed, Timing
from shared.mongodb.schedules.schedule import ScheduleWanted
from shared.mongodb.schedules.schedules import ScheduleStore
from tests.browser.site import Site
from tests.integration.shop_world import SHOP, new_id


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
        await expect(new.get_by_text("Nobody looks before it runs")).to_have_count(0)
        await new.get_by_label("Which differences it settles").select_option("all")
        await expect(new.get_by_text("Nobody looks before it runs")).to_be_visible()
        await new.get_by_label("Largest change of one place").fill("0")
        await expect(new.get_by_text("Enter a whole number")).to_be_visible()
        await new.get_by_label("Largest change of one place").fill("50")
        await new.get_by_role("checkbox", name="Fri").uncheck()
        await new.get_by_label("Time zone").fill("Europe/Berlin")
        await expect(new.get_by_text(re.compile(r"Next runs: .*02:00.*\(Europe/Berlin\)"))).to_be_visible()
        await tab.looks_right("schedule-new")
        await new.get_by_role("button", name="Save schedule").click()
        row = tab.table("Schedules").get_by_role("row", name=re.compile("Every night"))
        await expect(row).to_contain_text("Mon–Thu at 02:00 (Europe/Berlin)")
        await expect(row).to_contain_text("All differences; up to 50 units a place, 20% of places")
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


async def nightly(site: Site, *boms: str, due: bool, limits: RunLimits) -> None:
    """A schedule that pulls from Shopify; `due`: its moment is now."""
    keys = [key.get_secret_value() for key in site.world.settings.token_keys]
    wanted = ScheduleWanted(
        name="Nightly pull",
        enabled=due,
        action=Action.RECONCILE,
        direction=Direction.TO_LOCAL,
        selection=SelectionBody(bom_ids=list(boms)),
        options=JobOptions(),
        timing=Timing.hourly(0),
        time_zone="UTC",
        missed=Missed.RUN_ONCE,
        limits=limits,
    )
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    store = ScheduleStore(site.world.mongo.db, keys)
    await store.put(SHOP, new_id(), wanted, next_at=hour if due else None, target_url=None, secret=None, by="test")


async def test_a_schedule_above_its_limit_waits_for_the_merchant(site: Site) -> None:
    """A typing error of 4,000 units is not taken over at night: the page says why, and the merchant's word decides."""
    await site.add({"limit oak": [10, 20]})
    await site.edit("limit oak", 0, 4010)
    await nightly(site, "limit oak", due=True, limits=RunLimits(max_move=100))
    async with site.tab() as tab:
        await tab.open("/schedules")
        await expect(tab.page.get_by_text("Nightly pull waits for you")).to_be_visible()
        await expect(tab.page.get_by_text("One place would change by 4,000 units")).to_be_visible()
        await expect(tab.page.get_by_text("Nothing has been changed")).to_be_visible()
        assert await site.count("limit oak", 0) == 10
        await tab.looks_right("schedule-waits")
        await tab.page.set_viewport_size({"width": 400, "height": 800})
        await tab.looks_right("schedule-waits-narrow")
        await tab.page.set_viewport_size({"width": 1600, "height": 1000})
        await tab.page.get_by_role("button", name="Look at each place").click()
        choose = tab.dialog("Choose what Nightly pull may change")
        await expect(choose.get_by_role("table", name="Places that differ")).to_contain_text("limit oak")
        # As far as a run of the merchant's own: such a jump is confirmed by typing.
        await expect(choose.get_by_role("button", name="Change 1 place")).to_be_disabled()
        await choose.get_by_role("textbox", name="Type 1 to confirm").fill("1")
        await expect(choose.get_by_role("button", name="Change 1 place")).to_be_enabled()
        await tab.page.keyboard.press("Escape")
        await tab.button("Change 1 place: Nightly pull").click()
        await expect(tab.page.get_by_text("Nightly pull waits for you")).to_have_count(0)
        await tab.button("Runs of Nightly pull").click()
        await expect(tab.dialog("Runs of Nightly pull").get_by_text("Completed")).to_be_visible()
    assert (await site.count("limit oak", 0), await site.shopify("limit oak", 0)) == (4010, 4010)


async def test_what_a_schedule_would_do_is_seen_before_it_runs(site: Site) -> None:
    """Looking changes nothing; what was seen is run by one more press, and left out by another."""
    await site.add({"look oak": [10, 20]})
    await site.edit("look oak", 1, 26)
    await site.hand("look oak", 0, 1)
    await nightly(site, "look oak", due=False, limits=RunLimits())
    async with site.tab() as tab:
        await tab.open("/schedules")
        for word in ("Skip it: Nightly pull", "Change 1 place: Nightly pull"):
            await tab.button("Run now: Nightly pull").click()
            await tab.page.get_by_role("menuitem", name="See what it would do").click()
            looked = tab.dialog("What Nightly pull would do now")
            await looked.get_by_role("button", name="See what it would do").click()
            await expect(looked.get_by_text("In 1 place the local number would become Shopify's.")).to_be_visible()
            await expect(looked.get_by_text("1 place differs in another way and is left for you.")).to_be_visible()
            assert await site.count("look oak", 1) == 20
            await tab.looks_right("schedule-look")
            await looked.get_by_role("button", name=word).click()
            await expect(looked.get_by_role("status")).to_have_text(re.compile("Skipped|Completed"))
            await looked.get_by_role("button", name="Close").last.click()
    assert (await site.count("look oak", 0), await site.count("look oak", 1)) == (11, 26)


async def test_a_waiting_run_is_approved_in_part(site: Site) -> None:
    """Places and whole BOMs are left out of a run that waits; just the others change."""
    await site.add({"some ash": [10, 20], "some elm": [10, 20], "some fir": [10, 20]})
    for bom in ("some ash", "some elm", "some fir"):
        await site.edit(bom, 0, 13)
        await site.edit(bom, 1, 23)
    await site.hand("some fir", 1, 1)
    await nightly(site, "some ash", "some elm", "some fir", due=True, limits=RunLimits(max_move=2))
    async with site.tab() as tab:
        await tab.open("/schedules")
        await tab.button(re.compile("^Look at each place")).click()
        choose = tab.dialog("Choose what Nightly pull may change")
        await expect(choose.get_by_text("5 places here will be set to Shopify's value")).to_be_visible()
        fir = choose.get_by_role("checkbox", name="BOM some fir at Location 2: include in the run")
        await expect(fir).not_to_be_checked()
        await choose.get_by_role("checkbox", name="BOM some elm: include all its places").first.uncheck()
        await choose.get_by_role("checkbox", name="BOM some ash at Location 1: include in the run").uncheck()
        await expect(choose.get_by_text("2 places here will be set to Shopify's value")).to_be_visible()
        await tab.looks_right("schedule-approve-some-1600")
        await tab.page.set_viewport_size({"width": 400, "height": 800})
        await tab.looks_right("schedule-approve-some-400")
        await tab.page.set_viewport_size({"width": 1600, "height": 1000})
        await choose.get_by_role("button", name="Change 2 places").click()
        await expect(tab.page.get_by_text("Nightly pull waits for you")).to_have_count(0)
        await tab.button("Runs of Nightly pull").click()
        await expect(tab.dialog("Runs of Nightly pull").get_by_text("Completed")).to_be_visible()
    counted = [await site.count(bom, place) for bom in ("some ash", "some elm", "some fir") for place in (0, 1)]
    assert counted == [10, 23, 10, 20, 13, 21]
    # What was left out must not be drift to later tests of the same shop.
    await site.world.agree(["some ash", "some elm", "some fir"])
