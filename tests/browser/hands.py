"""Two ways to use the page: with the keyboard alone, and with a finger alone. Each notes what stood in its way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from playwright.async_api import FilePayload, Locator, expect

from tests.browser.admin_page import NARROW, WIDE, AdminPage
from tests.browser.site import Site
from tests.waiting import until

_SCRIPT = Path(__file__).with_name("hands.js").read_text(encoding="utf-8")
_MOST_KEYS = 150
_HAS_FOCUS = "() => document.activeElement !== document.body"
_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_OTHER_HAND = "() => window.trueupOtherHand"


class Hand(Protocol):
    """Somebody who uses the page in one way only."""

    name: str
    tab: AdminPage
    wrong: list[str]

    async def press(self, target: Locator) -> None:
        """Press a button, follow a link, tick a box."""

    async def write(self, target: Locator, text: str) -> None:
        """Write into a field, in place of what is there."""

    async def enter(self) -> None:
        """Send what was written."""

    async def choose(self, target: Locator, label: str) -> None:
        """Choose one of a list's entries."""

    async def look(self, screen: str) -> None:
        """Look at a screen: axe, a picture, and what this hand would stumble over."""


class _Any:
    """What both have in common."""

    name = ""

    def __init__(self, tab: AdminPage) -> None:
        self.tab = tab
        self.wrong: list[str] = []

    async def _ask(self, function: str, target: Locator | None = None) -> Any:
        if target is None:
            return await self.tab.page.evaluate(f"() => {_SCRIPT}.{function}()")
        return await target.evaluate(f"(element) => {_SCRIPT}.{function}(element)")

    async def enter(self) -> None:
        """Send what was written; a telephone's keyboard has this key as well."""
        await self.tab.page.keyboard.press("Enter")

    async def look(self, screen: str) -> None:
        """Look at a screen."""
        await self.tab.looks_right(f"walk-{self.name}-{screen}")


class Keys(_Any):
    """The keyboard alone: the focus is always seen, never lost, and every key is pressed where it is."""

    name = "keys"

    async def _reach(self, target: Locator) -> None:
        """Tab and the arrows until the focus is there."""
        await expect(target).to_be_visible()
        for _ in range(_MOST_KEYS):
            stop = await self._ask("stop", target)
            if stop["wrong"] is not None:
                self.wrong.append(stop["wrong"])
            if stop["there"]:
                return
            await self.tab.page.keyboard.press(stop["key"])
        raise AssertionError(f"{_MOST_KEYS} keys did not lead to {target}")

    async def _kept(self, after: str) -> None:
        await self.tab.page.evaluate(_FRAMES)
        what = f"the focus somewhere after {after}"
        await until(partial(self.tab.page.evaluate, _HAS_FOCUS), what=what)

    async def press(self, target: Locator) -> None:
        """Enter, or for a box Space."""
        await self._reach(target)
        is_box = await target.evaluate("(element) => element.matches('[type=checkbox], [type=radio], summary')")
        await self.tab.page.keyboard.press("Space" if is_box else "Enter")
        await self._kept(str(target))

    async def write(self, target: Locator, text: str) -> None:
        """Letter by letter."""
        await self._reach(target)
        await self.tab.page.keyboard.press("ControlOrMeta+a")
        await self.tab.page.keyboard.type(text)

    async def choose(self, target: Locator, label: str) -> None:
        """With the arrows, entry by entry."""
        await self._reach(target)
        entries = await target.locator("option").all_inner_texts()
        wanted = entries.index(label)
        present: int = await target.evaluate("(element) => element.selectedIndex")
        for _ in range(abs(wanted - present)):
            await self.tab.page.keyboard.press("ArrowDown" if wanted > present else "ArrowUp")
        await expect(target).to_have_js_property("selectedIndex", wanted)


class Finger(_Any):
    """A finger on a telephone's screen: large enough, apart, and nothing lies over what it wants."""

    name = "touch"

    async def press(self, target: Locator) -> None:
        """One tap."""
        await target.tap()

    async def write(self, target: Locator, text: str) -> None:
        """A tap, then the letters of the telephone's keyboard."""
        await target.tap()
        await self.tab.page.keyboard.press("ControlOrMeta+a")
        await self.tab.page.keyboard.type(text)

    async def choose(self, target: Locator, label: str) -> None:
        """The list that opens is the telephone's own, no part of the page."""
        await expect(target).to_be_visible()
        await target.select_option(label=label)

    async def look(self, screen: str) -> None:
        """And what is too small, too close or covered."""
        await super().look(screen)
        self.wrong += [f"{screen}: {told}" for told in await self._ask("touch")]


async def pick_file(hand: Hand, button: Locator, file: FilePayload) -> None:
    """Choose a file in the window that the button opens, which is the browser's own."""
    async with hand.tab.page.expect_file_chooser() as asked:
        await hand.press(button)
    await (await asked.value).set_files(file)


@contextmanager
def step(name: str) -> Iterator[None]:
    """A part of a walk: what goes wrong in it says where that was."""
    try:
        yield
    except Exception as error:
        error.add_note(f"in the step: {name}")
        raise


@asynccontextmanager
async def hand_on(site: Site, kind: type[Keys | Finger]) -> AsyncIterator[Hand]:
    """A tab used in this way only; at the end nothing may have stood in the way, and no other hand was seen."""
    touch: dict[str, Any] = {"has_touch": True, "is_mobile": True} if kind is Finger else {}
    async with site.tab(width=NARROW if touch else WIDE, **touch) as tab:
        await tab.page.add_init_script(f"{_SCRIPT}.guard({kind.name!r})")
        hand = kind(tab)
        try:
            yield hand
        except Exception as error:
            error.add_note("\n".join(dict.fromkeys(hand.wrong)))
            raise
        other: list[str] = await tab.page.evaluate(_OTHER_HAND)
        told = [*dict.fromkeys(hand.wrong), *(f"another hand: {event}" for event in other)]
        assert not told, "\n".join(told)
