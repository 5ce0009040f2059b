"""The page inside a frame of an admin that is like Shopify's: it records what the page asks of App Bridge."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import Frame, Route

from services.preview.page.headers import ADMIN, APP_BRIDGE
from tests.browser.admin_page import AdminPage
from tests.browser.site import Site
from tests.integration.api.access.session_tokens import session_token
from tests.integration.shop_world import SHOP
from tests.waiting import until

_STAND_IN = Path(__file__).with_name("app_bridge.js").read_text(encoding="utf-8")
APP = f"{ADMIN}/store/tests/apps/trueup"


@dataclass
class ShopifyAdmin:
    """The admin: its window, and what it was told."""

    tab: AdminPage
    told: list[tuple[str, Any]] = field(default_factory=list)
    leaves: bool = False
    """What the merchant answers when asked whether to leave."""

    @property
    def frame(self) -> Frame:
        """The app's frame."""
        return next(frame for frame in self.tab.page.frames if frame.url.startswith(self.tab.url))

    def all(self, what: str) -> list[Any]:
        """Everything told of one kind, in order."""
        return [detail for kind, detail in self.told if kind == what]

    async def hears(self, what: str, detail: Any) -> None:
        """Wait until something was told last of its kind."""
        await until(lambda: self.all(what)[-1:] == [detail], what=f"{what} {detail}", progress=lambda: len(self.told))

    async def shows(self, name: str, value: Any) -> None:
        """Wait until the admin's frame around the page shows something: navigation, title or actions."""
        await until(
            lambda: bool(self.all("frame")) and self.all("frame")[-1][name] == value,
            what=f"{name} {value}",
            progress=lambda: len(self.told),
        )

    async def press(self, kind: str, label: str) -> None:
        """Press something of the admin's own."""
        await self.frame.evaluate("([kind, label]) => window.pressInAdmin(kind, label)", [kind, label])


@asynccontextmanager
async def embedded(site: Site, path: str = "/") -> AsyncIterator[ShopifyAdmin]:
    """A tab with the admin, which has opened the app at a path."""
    async with site.tab() as tab:
        admin = ShopifyAdmin(tab)
        host = base64.b64encode(b"admin.shopify.com/store/tests").decode()
        query = urlencode({"shop": SHOP, "host": host, "embedded": "1", "locale": "en-US"})
        frame = f'<iframe title="Trueup" src="{tab.url}{path}?{query}" style="width: 100%; height: 95vh"></iframe>'

        async def window(route: Route) -> None:
            html = f'<!doctype html><html lang="en"><title>Admin</title><body>{frame}</body></html>'
            await route.fulfill(content_type="text/html", body=html)

        async def bridge(route: Route) -> None:
            await route.fulfill(content_type="text/javascript", body=_STAND_IN)

        page = tab.page
        await page.route(f"{ADMIN}/**", window)
        await page.route(APP_BRIDGE, bridge)
        await page.expose_function("toldToAdmin", lambda call: admin.told.append((call["what"], call["detail"])))
        await page.expose_function("tokenOfAdmin", lambda: session_token(SHOP))
        await page.expose_function("answerOfMerchant", lambda: admin.leaves)
        await page.goto(APP)
        yield admin
