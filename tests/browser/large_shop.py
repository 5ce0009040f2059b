"""A shop with a full page of BOMs at twenty locations, every cell different, and a preview of all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.async_api import Browser, ViewportSize

from benchmarks.stages.large_shop import LargeShop
from services.preview.bootstrap import PreviewService
from tests.backends.places import DatabasePool, VhostPool
from tests.browser.admin_page import WIDE, AdminPage
from tests.browser.chromium import NO_LIMIT
from tests.browser.standing_still import closed_when_still
from tests.integration.shop_world import SHOP, ShopWorld, shop_world

BOMS, LOCATIONS = 120, 20
"""More than two pages of the list; its table of differences has some 2,400 rows."""


@dataclass
class LargeSite:
    """The shop, its preview, and the page. Nothing of it is changed, so every test sees the same."""

    world: ShopWorld
    preview_id: str
    url: str
    browser: Browser
    boms: int

    @property
    def preview(self) -> str:
        """The address of the preview's dialog."""
        return f"/?reconcile=preview&preview={self.preview_id}&direction=toShopify"

    @asynccontextmanager
    async def tab(self, *, width: dict[str, int] = WIDE, script: str = "") -> AsyncIterator[AdminPage]:
        """A tab in a profile of its own; `script` runs before the page's."""
        size = ViewportSize(width=width["width"], height=width["height"])
        context = await self.browser.new_context(viewport=size)
        context.set_default_timeout(NO_LIMIT)
        asked: set[str] = set()
        context.on("request", lambda request: asked.add(f"{request.method} {request.url}"))
        try:
            async with closed_when_still(context, lambda: len(asked)):
                if script:
                    await context.add_init_script(script)
                tab = AdminPage(await context.new_page(), self.url)
                await tab.watch()
                yield tab
                tab.is_clean()
        finally:
            await context.close()


@asynccontextmanager
async def large_site(
    browser: Browser,
    amqp_url: str,
    mongodb_uri: str,
    vhosts: VhostPool,
    databases: DatabasePool,
    *,
    boms: int = BOMS,
) -> AsyncIterator[LargeSite]:
    """Everything that the page needs to show it; no run is started."""
    url = urlsplit(amqp_url)._replace(path=f"/{vhosts.take()}").geturl()
    async with shop_world(url, mongodb_uri, databases.take(), locations=LOCATIONS) as world:
        preview_id = await LargeShop(world, boms, all_differ=True).make()
        settings = world.settings.model_copy(update={"demo_sign_in": SHOP})
        service = await PreviewService.start(settings, port=0, operations=False)
        try:
            yield LargeSite(world, preview_id, f"http://127.0.0.1:{service.port}", browser, boms)
        finally:
            await service.stop()
