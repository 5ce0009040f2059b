"""What holds for the whole page: keyboard alone, narrow screens, bad connections, speed, size."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from functools import partial
from pathlib import Path

from playwright.async_api import Page, Response, Route, expect

from tests.browser.admin_page import NARROW, PUSH
from tests.browser.site import Site
from tests.browser.standing_still import CHANGES
from tests.integration.api.access.session_tokens import session_token
from tests.integration.shop_world import SHOP
from tests.waiting import until

ASSETS = Path(__file__).resolve().parents[2] / "admin_ui" / "dist" / "assets"
MAX_SCRIPT = 250_000
DATA_REQUESTS = 8
"""The shop, notices, first steps, rows, locations, facets, open runs, missed webhooks."""

OTHER_REQUESTS = 5
"""The document, two scripts, the style, the session token."""

OF_A_NEW_SHOP = 2
"""Its first steps with what they use; they go with the first run, which an earlier test may have made."""

MAX_BYTES = 180 * 1024
"""Compressed, as transferred: the page's own files. With the rows of a large shop: tests/browser/test_large_shop.py."""

MAX_CHANGES = 100
"""Changes of the document's tree until the list can be worked with; there are some fifty."""

MAX_TABS = 60
_HAS_FOCUS = "() => document.activeElement !== document.body"


def test_the_scripts_are_small() -> None:
    """All JavaScript of the page together is at most 250 kB compressed."""
    scripts = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in ASSETS.glob("*.js")}
    assert scripts
    assert sum(scripts.values()) <= MAX_SCRIPT, scripts


async def test_the_list_is_there_at_once(site: Site) -> None:
    """What it takes until one can work with it: thirteen requests, those for data side by side, few bytes, few changes.

    How long that takes next to a bare page is measured by `benchmarks/page/opening.py`.
    """
    asked: list[Route] = []
    all_asked = asyncio.Event()

    async def keep(route: Route) -> None:
        asked.append(route)
        if len(asked) == DATA_REQUESTS:
            all_asked.set()
        # Nothing is asked for only once something else has come.
        await all_asked.wait()
        await route.continue_()

    async with site.tab() as tab:
        answers: list[Response] = []
        # Playwright takes no bound method of a list.
        tab.page.on("response", lambda response: answers.append(response))  # noqa: PLW0108  # see above
        await tab.page.route("**/api/**", keep)
        await tab.open()
        await tab.page.get_by_role("checkbox", name="Select all on this page").wait_for()
        changes: int = await tab.page.evaluate(CHANGES)
        expected = DATA_REQUESTS + OTHER_REQUESTS
        await until(
            lambda: len({answer.url for answer in answers}) >= expected,
            what="every answer",
            progress=lambda: len(answers),
        )
        whole = [answer for answer in answers if "/api/" not in answer.url]
        transferred = [(await answer.request.sizes())["responseBodySize"] for answer in whole]
    # On a slow machine what is asked again every ten seconds may have been asked twice by then.
    assert len({route.request.url for route in asked}) == DATA_REQUESTS, [route.request.url for route in asked]
    urls = {answer.url for answer in answers}
    assert expected <= len(urls) <= expected + OF_A_NEW_SHOP, urls
    assert sum(transferred) <= MAX_BYTES, transferred
    assert changes <= MAX_CHANGES


async def _tab_to(page: Page, name: str) -> None:
    """Press Tab until the thing of this name has the focus."""
    for _ in range(MAX_TABS):
        await page.keyboard.press("Tab")
        focused: str = await page.evaluate(
            "() => { const e = document.activeElement; return (e.getAttribute('aria-label') || "
            "(e.labels && e.labels[0] ? e.labels[0].innerText : '') || e.innerText || '').trim(); }"
        )
        if name in focused:
            return
    raise AssertionError(f"{MAX_TABS} times Tab did not reach {name!r}")


async def test_the_walkthrough_by_keyboard_alone(site: Site) -> None:
    """Without a mouse: search, select, ask, choose, start, and close; the focus is never lost."""
    await site.add({"key oak": [5, 5]})
    await site.hand("key oak", 0, 2)
    async with site.tab() as tab:
        keys = tab.page.keyboard
        await tab.open()
        await tab.page.get_by_role("checkbox", name="Select all on this page").wait_for()
        await _tab_to(tab.page, "Search bills of materials")
        await keys.type("key oak")
        await expect(tab.list.get_by_role("rowheader")).to_have_count(1)
        # One stop of Tab for the whole list; within it the arrows go from row to row, and up to the titles.
        await _tab_to(tab.page, "BOM key oak")
        await keys.press("ArrowUp")
        await expect(tab.page.get_by_role("checkbox", name="Select all on this page")).to_be_focused()
        await keys.press("Space")
        await expect(tab.button("More actions")).to_be_visible()
        await keys.press("Shift+Tab")
        await expect(tab.button("More actions")).to_be_focused()
        await keys.press("Enter")
        await expect(tab.page.get_by_role("menuitem", name="Reconcile inventory")).to_be_focused()
        await keys.press("Enter")
        await expect(tab.dialog().get_by_role("heading", name="Choose reconciliation direction")).to_be_visible()
        await _tab_to(tab.page, PUSH)
        await keys.press("Enter")
        await tab.differing()
        await _tab_to(tab.page, "Start Reconciliation")
        await keys.press("Enter")
        await tab.ended(updated=1, errors=0)
        await _tab_to(tab.page, "Done")
        await keys.press("Enter")
        await expect(tab.dialog()).to_have_count(0)
        # The dialog gives it back in the frame after the next.
        await until(partial(tab.page.evaluate, _HAS_FOCUS), what="the focus somewhere after the dialog")
    assert await site.shopify("key oak", 0) == 7


async def test_every_screen_fits_a_narrow_window(site: Site) -> None:
    """At 400 px nothing is cut off or wider than the window: list, dialog, popover, history."""
    await site.add({"slim oak with a name that is far longer than most names are": [5, 5]})
    name = "slim oak with a name that is far longer than most names are"
    await site.hand(name, 0, 1234567)
    async with site.tab(width=NARROW) as tab:
        await tab.open()
        await tab.search("slim oak", finds=1)
        await tab.looks_right("narrow-list")
        await tab.button(re.compile(f"{name}, Location 1")).click()
        await expect(tab.page.get_by_role("button", name="Push to Shopify")).to_be_visible()
        await tab.looks_right("narrow-popover")
        await tab.page.keyboard.press("Escape")
        await tab.choose(PUSH)
        await tab.differing()
        await tab.page.get_by_label("Type 1 to confirm").fill("1")
        await tab.looks_right("narrow-preview")
        await tab.start()
        await tab.ended(updated=1)
        await tab.looks_right("narrow-summary")
        await tab.done()
        await tab.open("/history")
        await expect(tab.table("History")).to_be_visible()
        await tab.looks_right("narrow-history")


async def test_the_merchants_locale_writes_numbers(site: Site) -> None:
    """Numbers and times are written as the merchant's browser says."""
    await site.add({"lang oak": [1234567, 5]})
    async with site.tab(locale="de-DE") as tab:
        await tab.open()
        await tab.search("lang oak", finds=1)
        await expect(tab.button(re.compile(r"1\.234\.567"))).to_be_visible()


async def test_a_lost_connection_is_told_and_found_again(site: Site) -> None:
    """Offline the page says so and keeps what it shows; back online it goes on by itself."""
    async with site.tab() as tab:
        await tab.open()
        await tab.search("B00", finds=2)
        await tab.page.context.set_offline(True)
        await expect(tab.page.get_by_text(re.compile("No connection"))).to_be_visible()
        await expect(tab.list.get_by_role("rowheader")).to_have_count(2)
        await tab.looks_right("offline")
        await tab.page.context.set_offline(False)
        await expect(tab.page.get_by_text(re.compile("No connection"))).to_have_count(0)
        await tab.search("B001", finds=1)
        tab.trouble.clear()  # the browser tells of each request that could not be sent


async def test_a_failure_of_the_service_has_an_answer(site: Site) -> None:
    """A broker that is away is told in a merchant's words, not a program's, with a way to try again, which works."""
    kind = "urn:trueup:problem:broker-unavailable"

    async def broken(route: Route) -> None:
        problem = {"title": "x", "detail": "send the same keys", "type": kind, "status": 503, "errors": []}
        await route.fulfill(status=503, json=problem)

    async with site.tab() as tab:
        await tab.page.route("**/api/boms?*", broken)
        await tab.open()
        await expect(tab.page.get_by_text("Something went wrong on our side")).to_be_visible()
        await expect(tab.page.get_by_text("Runs that have started go on").first).to_be_visible()
        await expect(tab.page.get_by_text("the same keys")).to_have_count(0)
        await tab.looks_right("service-failed")
        await tab.page.unroute("**/api/boms?*", broken)
        await tab.page.get_by_role("button", name="Try again").first.click()
        await expect(tab.list).to_be_visible()
        tab.trouble.clear()


async def test_an_expired_token_is_renewed_unseen(site: Site) -> None:
    """A token that the service refuses as expired is fetched anew, once, and the merchant sees nothing of it."""
    asked: list[str] = []

    async def old_at_first(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            old = session_token(SHOP, age=300)
            await route.fulfill(json={"token": old, "shop": SHOP, "expires_in": 60})
        else:
            await route.continue_()

    async with site.tab() as tab:
        # The page believes the demo's word on how long a token lives.
        await tab.page.route("**/demo/session-token", old_at_first)
        await tab.open()
        await expect(tab.list).to_be_visible()
        assert len(asked) >= 2
        tab.trouble.clear()


async def test_without_shopify_or_demo_the_page_says_where_to_go(site: Site) -> None:
    """Opened from nowhere there is no session: the page says how to open it, and asks for nothing."""

    async def plain(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=(await answer.text()).replace('content="demo"', 'content="none"'))

    async with site.tab() as tab:
        await tab.page.route(f"{tab.url}/", plain)
        await tab.open()
        await expect(tab.page.get_by_text("Open Trueup from Shopify's admin")).to_be_visible()
        await tab.looks_right("no-session")
        assert not [url for url in tab.requests if "/api/" in url]


async def test_a_search_without_a_match_says_so(site: Site) -> None:
    """An empty result is a sentence with a way out, not an empty table."""
    async with site.tab() as tab:
        await tab.open()
        await tab.page.get_by_role("searchbox", name="Search bills of materials").fill("nothing is called so")
        await expect(tab.page.get_by_text("No BOM matches")).to_be_visible()
        await tab.looks_right("no-match")


async def test_what_comes_too_fast_waits_and_is_sent_again_and_an_act_says_so(site: Site) -> None:
    """A read that is refused with 429 is sent again after its Retry-After, unseen; a click's answer says what to do."""
    await site.add({"haste oak": [5, 5]})
    await site.hand("haste oak", 0, 2)
    problem = {
        "type": "urn:trueup:problem:too-many-requests",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Too much. Try again in 1 second.",
        "errors": [{"field": "header.Authorization", "message": "Too much.", "remedy": "Try again in 1 second."}],
    }
    answers: dict[str, list[str]] = {"GET": [], "POST": []}

    async def too_many(route: Route) -> None:
        seen = answers[route.request.method]
        seen.append(route.request.url)
        if len(seen) > 2:
            await route.continue_()
        else:
            headers = {"Retry-After": "1", "Content-Type": "application/problem+json"}
            await route.fulfill(status=429, headers=headers, body=json.dumps(problem))

    async with site.tab() as tab:
        await tab.page.route("**/api/boms?*", too_many)
        await tab.page.route("**/api/previews", too_many)
        await tab.open()
        await tab.search("haste oak", finds=1)
        assert len(answers["GET"]) >= 3
        await expect(tab.page.get_by_role("alert")).to_have_count(0)
        await tab.choose(PUSH)
        alert = tab.page.get_by_role("alert").filter(has_text="Too much at once").last
        await expect(alert).to_contain_text("Try again in 1 second.")
        await tab.looks_right("busy")
        assert len(answers["POST"]) == 1
        await alert.get_by_role("button", name="Try again").click()
        await expect(alert).to_be_visible()
        await until(lambda: len(answers["POST"]) == 2, what="the second click's request")
        await alert.get_by_role("button", name="Try again").click()
        await tab.differing()
        tab.trouble.clear()  # the browser notes each 429 of its own accord
