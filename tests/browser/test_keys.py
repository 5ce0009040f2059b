"""Keys for other programs, on the page: made and shown once, listed with their use, taken back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from playwright.async_api import expect

from shared.domain.server_key import Scope
from shared.mongodb.server_keys.server_keys import ServerKeys
from tests.browser.admin_page import NARROW
from tests.browser.site import Site
from tests.browser.test_layout import Layouts
from tests.integration.shop_world import SHOP
from tests.waiting import arrival, until


async def status_of(site: Site, key: str) -> int:
    """What the API says to a program with this key."""

    async def asked() -> int:
        headers = {"Authorization": f"Bearer {key}"}
        async with aiohttp.ClientSession() as client, client.get(f"{site.url}/api/boms", headers=headers) as answer:
            return answer.status

    return await arrival(asked(), what="an answer")


async def test_a_key_is_made_shown_once_and_taken_back_by_keyboard_alone(site: Site) -> None:
    """The program with it is let in, and refused once it is taken back; the focus comes back where it was."""
    async with site.tab() as tab:
        await tab.open("/settings")
        make = tab.button("Make a key")
        await make.focus()
        await tab.page.keyboard.press("Enter")
        dialog = tab.dialog("Make a key")
        await dialog.get_by_role("button", name="Make the key").click()
        await expect(dialog.get_by_text("Write which program gets the key.")).to_be_visible()
        await dialog.get_by_label("Which program has it").fill("Warehouse")
        push = dialog.get_by_role("checkbox", name="Let runs write to Shopify")
        await push.focus()
        await tab.page.keyboard.press("Space")
        await expect(dialog.get_by_role("checkbox", name="Start and undo runs")).to_be_checked()
        await tab.page.keyboard.press("Space")
        await tab.looks_right("key-make-1600")
        await dialog.get_by_label("Which program has it").focus()
        await tab.page.keyboard.press("Enter")
        shown = tab.dialog("The key").get_by_role("textbox", name="The key")
        await expect(shown).to_have_value(re.compile("^trueup_live_"))
        key = await shown.input_value()
        await tab.looks_right("key-made-1600")
        await tab.page.keyboard.press("Escape")
        await expect(tab.dialog("The key")).to_have_count(0)
        assert await status_of(site, key) == 200
        await expect(tab.page.get_by_text("See everything · Start and undo runs")).to_be_visible()
        assert key not in await tab.page.content()
        back = tab.button("Take back the key of Warehouse")
        await back.focus()
        await tab.page.keyboard.press("Enter")
        asked = tab.dialog("Take back the key of Warehouse?")
        await expect(asked).to_be_visible()
        await tab.page.keyboard.press("Escape")
        await expect(back).to_be_focused()
        await tab.page.keyboard.press("Enter")
        await asked.get_by_role("button", name="Take back").press("Enter")
        await expect(tab.page.get_by_text(re.compile("^Taken back .* by Staff member"))).to_be_visible()

        async def refused() -> bool:
            return await status_of(site, key) == 401

        await until(refused, what="the refusal of a key that was taken back")


@pytest.mark.long
async def test_keys_are_whole_at_every_width(site: Site) -> None:
    """The list, the dialogs and what has ended, from a narrow phone to a wide window."""
    keys, day = ServerKeys(site.world.mongo.db), timedelta(days=1)
    name = "The warehouse of the old town, and everything that is kept there for the three shops"
    await keys.add(SHOP, name=name, scopes=list(Scope), expires_at=datetime.now(UTC) + day, by="user:42")
    await keys.add(SHOP, name="The old till", scopes=[Scope.READ], expires_at=datetime.now(UTC) - day, by="user:42")
    async with site.tab(width=NARROW) as tab:
        layouts = Layouts(tab)
        await tab.open("/settings")
        await expect(tab.page.get_by_text(name)).to_be_visible()
        await expect(tab.page.get_by_text("The old till")).to_be_visible()
        await layouts.look("keys")
        await tab.button("Make a key").click()
        dialog = tab.dialog("Make a key")
        await expect(dialog).to_be_visible()
        await layouts.look("key-make")
        await dialog.get_by_label("Which program has it").fill("Till")
        await dialog.get_by_role("button", name="Make the key").click()
        await expect(tab.dialog("The key")).to_be_visible()
        await layouts.look("key-made")
        await tab.page.keyboard.press("Escape")
        await tab.button(f"Take back the key of {name}").click()
        await expect(tab.dialog(f"Take back the key of {name}?")).to_be_visible()
        await layouts.look("key-take-back")
        layouts.hold()
