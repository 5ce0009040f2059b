"""The pictures of docs/merchants-guide.md, made anew from the page with all services behind it."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Locator, expect

from tests.browser.admin_page import PUSH, AdminPage
from tests.browser.chromium import chromium
from tests.browser.site import Site, open_site, site

__all__ = ["chromium", "open_site", "site"]

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SIZE = {"width": 1100, "height": 760}
OTHERS = {"B000": "Apple crate", "B001": "Baking set"}
GOODS = ("Oak gift box", "Picnic basket", "Tea tasting set", "Tool roll", "Workshop apron")


async def picture(name: str, of: AdminPage | Locator) -> None:
    """Keep what is on the screen."""
    PICTURES.mkdir(exist_ok=True)
    shown = of.page if isinstance(of, AdminPage) else of
    await shown.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


async def test_pictures(site: Site) -> None:
    """A merchant's way: the list, a direction, the preview, the summary."""
    await site.add({name: [24, 10] for name in GOODS})
    for bom_id in (*OTHERS, *GOODS):
        await site.name(bom_id, OTHERS.get(bom_id, bom_id), tags=["gifts"])
    await site.hand(GOODS[0], 0, 6)
    await site.hand(GOODS[3], 1, -2)
    await site.edit(GOODS[1], 1, 7)
    async with site.tab(width=SIZE) as tab:
        await tab.open()
        for name in GOODS:
            await expect(tab.list.get_by_role("rowheader", name=name)).to_be_visible()
        await picture("list", tab)
        await tab.page.get_by_role("checkbox", name="Select all on this page").check()
        await tab.button("More actions").click()
        await tab.page.get_by_role("menuitem", name="Reconcile inventory").click()
        await expect(tab.dialog().get_by_role("heading", name="Choose reconciliation direction")).to_be_visible()
        await picture("direction", tab)
        await tab.dialog().get_by_role("button", name=PUSH).click()
        await tab.differing()
        await picture("preview", tab)
        await tab.dialog().get_by_role("button", name="Leave out 1 cell").click()
        await tab.start()
        await tab.ended(updated=2, errors=0)
        await picture("summary", tab)
        await tab.done()
