"""The system's Chromium, driven by Playwright; nothing is downloaded.

Playwright's own limits of time are off: how long a page takes is the machine's affair. A page that really hangs is
noticed by standing still (tests/browser/still_page.py).
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

NO_LIMIT = 24 * 3600 * 1000
"""Milliseconds. A day, since `expect` takes none and 0 for its default of five seconds."""

expect.set_options(timeout=NO_LIMIT)

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Exact figures of memory instead of rounded ones, and a collector that can be called.
    "--enable-precise-memory-info",
    "--js-flags=--expose-gc",
    # An admin that looks public may frame the page of this machine.
    "--disable-features=LocalNetworkAccessChecks",
)
"""None of them lets a page do more; a browser that fetches things of its own would hide what the page fetches."""


def program() -> str:
    """Where Chromium is; `make setup-dev` installs it. The headless shell opens no windows, which costs a quarter."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, names) if path is not None), None)
    if found is None:
        pytest.fail("there is no chromium here; make setup-dev installs it")
    return found


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for the whole run; each test has a profile of its own in it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program(), headless=True, args=[*FLAGS], timeout=NO_LIMIT
        )
        yield browser
        await browser.close()
