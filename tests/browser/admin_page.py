"""One tab with the admin page: what a merchant does in it, and what must hold on every screen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import ConsoleMessage, Locator, Page, Request, Response, Route, expect

from deploy.local.run_directory import RUN_DIRECTORY

SHOTS = RUN_DIRECTORY / "screenshots"
AXE = Path(__file__).resolve().parents[2] / "admin_ui" / "node_modules" / "axe-core" / "axe.min.js"
WIDE, NARROW = {"width": 1600, "height": 1000}, {"width": 400, "height": 800}
PUSH, PULL = "Update Shopify to match local values", "Update local values to match Shopify"

_VIOLATIONS = """async () => {
    const found = await axe.run(document, { resultTypes: ["violations"] });
    return found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(" | ")}`);
}"""


@dataclass
class AdminPage:
    """A tab. `trouble` collects errors of the page; a test that provokes some clears those it expects."""

    page: Page
    url: str
    trouble: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    unsound: list[str] = field(default_factory=list)

    async def watch(self) -> None:
        """Note every request, and let none leave the page's own origin."""

        async def stop(route: Route) -> None:
            self.foreign.append(route.request.url)
            await route.abort()

        def note(request: Request) -> None:
            self.requests.append(request.url)

        def hear(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                self.trouble.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

        def fail(response: Response) -> None:
            if response.status >= 400:
                self.trouble.append(f"{response.status} of {response.request.method} {response.url}")

        await self.page.context.route(lambda url: not url.startswith((self.url, "blob:", "data:")), stop)
        self.page.on("request", note)
        self.page.on("console", hear)
        self.page.on("response", fail)
        self.page.on("pageerror", lambda error: self.trouble.append(f"error of the page: {error}"))

    async def open(self, path: str = "/") -> None:
        """Open an address of the page."""
        await self.page.goto(self.url + path)

    def dialog(self, name: str = "Reconcile inventory") -> Locator:
        """The open dialog."""
        return self.page.get_by_role("dialog", name=name, exact=True)

    def table(self, name: str) -> Locator:
        """A table by its name."""
        return self.page.get_by_role("table", name=name)

    @property
    def list(self) -> Locator:
        """The bills of materials: a table to choose rows from, which the arrow keys walk through."""
        return self.page.get_by_role("grid", name="Bills of materials")

    def button(self, name: str | re.Pattern[str]) -> Locator:
        """A button by its name."""
        return self.page.get_by_role("button", name=name, exact=isinstance(name, str))

    async def search(self, text: str, *, finds: int) -> None:
        """Narrow the list and wait for what it finds."""
        await self.page.get_by_role("searchbox", name="Search bills of materials").fill(text)
        boxes = self.list.get_by_role("rowheader")
        await expect(boxes).to_have_count(finds)

    async def choose(self, direction: str) -> None:
        """Select what the list shows and ask for a reconcile in a direction, as far as the preview."""
        await self.page.get_by_role("checkbox", name="Select all on this page").check()
        await self.button("More actions").click()
        await self.page.get_by_role("menuitem", name="Reconcile inventory").click()
        await self.page.get_by_role("button", name=direction).click()

    async def differing(self) -> Locator:
        """The table of the preview, once it is there."""
        table = self.dialog().get_by_role("table", name="Places that differ")
        await expect(table).to_be_visible()
        return table

    async def start(self) -> None:
        """Start the run of the preview on the screen."""
        await self.dialog().get_by_role("button", name="Start Reconciliation").click()

    async def ended(self, **figures: int) -> None:
        """Wait for the summary, and hold its figures against those expected."""
        await expect(self.dialog().get_by_role("button", name="Done")).to_be_visible()
        for name, number in figures.items():
            await expect(self.dialog().get_by_text(re.compile(rf"^{name.capitalize()} {number}$"))).to_be_visible()

    async def done(self) -> None:
        """Close the summary."""
        await self.dialog().get_by_role("button", name="Done").click()
        await expect(self.dialog()).to_have_count(0)

    async def looks_right(self, name: str) -> None:
        """What holds on every screen: no violation that axe finds, and nothing wider than the window.

        A picture of it is left under .run/screenshots. What does not hold is told at the end, of all screens at once.
        """
        SHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SHOTS / f"{name}.png", animations="disabled")
        if not await self.page.evaluate("() => 'axe' in window"):
            await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[str] = await self.page.evaluate(_VIOLATIONS)
        self.unsound += [f"{name}: {violation}" for violation in found]
        overflow: Any = await self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if overflow > 0:
            self.unsound.append(f"{name} is {overflow} px wider than the window")

    def is_clean(self) -> None:
        """No error, no failed request, nothing asked of another origin."""
        wrong = [f"asked of another origin: {url}" for url in self.foreign] + self.trouble + self.unsound
        assert not wrong, "\n".join(wrong)
