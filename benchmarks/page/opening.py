"""How long the admin page's list takes to open, next to a bare page of the same size, measured in the same run.

Both are opened in turn in fresh profiles of one Chromium: ours until the list can be worked with, the bare one until
its last byte is there and laid out. The bare one tells how fast machine and browser are just now, so the ratio can be
compared between machines; the seconds cannot.
`python -m benchmarks.page.opening [--boms 50] [--locations 4] [--times 15]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from time import perf_counter
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, async_playwright

from benchmarks.measuring.machine import described
from deploy.local.nodes import LocalNodes
from services.preview.bootstrap import PreviewService
from shared.observing.logs import configure_logs
from tests.browser.chromium import FLAGS, NO_LIMIT, program
from tests.integration.shop_world import SHOP, shop_world

Open = Callable[[Page], Awaitable[object]]


@asynccontextmanager
async def bare_page(size: int) -> AsyncIterator[str]:
    """The address of a page of that many bytes: a head, and plain text."""
    frame = b"<!doctype html><title>bare</title><p>%s</p>"
    word = b"trueup "
    content = frame % (word * ((size - len(frame)) // len(word)))

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=content, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", answer)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    try:
        yield str(server.make_url("/"))
    finally:
        await server.close()


async def opened(browser: Browser, open_it: Open) -> float:
    """Milliseconds until a page is open, in a profile that knows nothing of it."""
    context = await browser.new_context(viewport={"width": 1600, "height": 1000})
    context.set_default_timeout(NO_LIMIT)
    page = await context.new_page()
    began = perf_counter()
    await open_it(page)
    taken = (perf_counter() - began) * 1000
    await context.close()
    return taken


async def size_of(browser: Browser, open_it: Open) -> int:
    """Bytes of all bodies, as transferred, until it is open."""
    context = await browser.new_context()
    page = await context.new_page()
    requests: list[Any] = []
    page.on("requestfinished", lambda request: requests.append(request))  # noqa: PLW0108  # Playwright takes no bound method of a list
    await open_it(page)
    # Not until the network is silent: the stream of notices has no end.
    await page.wait_for_load_state("load")
    sizes = [(await request.sizes())["responseBodySize"] for request in requests]
    await context.close()
    return sum(sizes)


async def compared(browser: Browser, url: str, times: int) -> dict[str, Any]:
    """Both pages in turn, so that what else the machine does meets both."""

    async def ours(page: Page) -> None:
        await page.goto(url)
        await page.get_by_role("checkbox", name="Select all on this page").wait_for()

    size = await size_of(browser, ours)
    async with bare_page(size) as bare_url:

        async def bare(page: Page) -> None:
            await page.goto(bare_url, wait_until="load")

        taken = [(await opened(browser, ours), await opened(browser, bare)) for _ in range(times)]
    list_ms, bare_ms = (statistics.median(column) for column in zip(*taken, strict=True))
    ratios = sorted(ours_ms / bare_ms for ours_ms, bare_ms in taken)
    return {
        "bytes": size,
        "list_ms": round(list_ms, 1),
        "bare_ms": round(bare_ms, 1),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_min": round(ratios[0], 2),
        "ratio_max": round(ratios[-1], 2),
        "times": times,
    }


async def run(boms: int, locations: int, times: int, notes: dict[str, Any]) -> dict[str, Any]:
    """The measurement on servers of its own. `notes` is told on what."""
    async with AsyncExitStack() as stack:
        nodes = await stack.enter_async_context(LocalNodes())
        world = await stack.enter_async_context(
            shop_world(nodes.amqp_url, nodes.mongodb_uri, "page_open", locations=locations)
        )
        if not notes:
            notes.update(await described(nodes.management_url, world.mongo))
        await world.add_boms({f"B{n:05}": [10] * locations for n in range(boms)}, tracks=True)
        await world.agree()
        service = await PreviewService.start(
            world.settings.model_copy(update={"demo_sign_in": SHOP}), port=0, operations=False
        )
        stack.push_async_callback(service.stop)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=program(), headless=True, args=[*FLAGS])
        stack.push_async_callback(browser.close)
        return await compared(browser, f"http://127.0.0.1:{service.port}/", times)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description="How long the list takes to open, next to a bare page of its size.")
    parser.add_argument("--boms", type=int, default=50)
    parser.add_argument("--locations", type=int, default=4)
    parser.add_argument("--times", type=int, default=15, help="how often each page is opened")
    given = parser.parse_args(arguments)
    configure_logs("benchmark", "error")
    figures = asyncio.run(run(given.boms, given.locations, given.times, {}))
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
