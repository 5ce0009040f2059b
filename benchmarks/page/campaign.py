"""The admin page with 10,000 BOMs at 20 locations, measured in Chromium: what a merchant waits for, and how it scrolls.

Every cell differs, so that the table has a row for each. Seeds the simulator and MongoDB in bulk, starts the services,
and works in the page: opens the list, searches, sorts, selects all, opens a preview of every cell, scrolls through its
rows, and starts a run. Prints, for each, the time from the event in the browser to the frame that shows its answer or
that it is at work on it, the share of long frames, and the heap. Ends with 1 where a limit is not held.
`python -m benchmarks.page.campaign [--boms 10000] [--locations 20] [--times 40]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import statistics
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from playwright.async_api import Browser, async_playwright

from benchmarks.page.measures import Measures
from benchmarks.stages.large_shop import LargeShop
from deploy.local.nodes import LocalNodes
from services.preview.bootstrap import PreviewService
from shared.observing.logs import configure_logs
from tests.browser.chromium import FLAGS, program
from tests.integration.shop_world import SHOP, ShopWorld, reconciler, shop_world

WITHIN_MS = 100.0
LONG_FRAME_SHARE = 0.01
HEAP_MB = 200.0


async def measured(browser: Browser, url: str, preview_id: str, times: int) -> dict[str, Any]:
    """Everything that is measured in the page."""
    context = await browser.new_context(viewport={"width": 1600, "height": 1000})
    context.set_default_timeout(60_000)
    measures = Measures(await context.new_page(), url)
    await measures.page.add_init_script(path=measures.script)
    figures: dict[str, Any] = {"open": await measures.opening(times)}
    figures["search"] = await measures.searching(times)
    figures["sort"] = await measures.sorting(times)
    figures["select_all"] = await measures.selecting_all(times)
    await measures.open_preview(preview_id)
    figures["scroll"] = await measures.scrolling()
    figures["heap_mb"] = await measures.heap()
    figures["start"] = await measures.starting()
    figures["heap_at_end_mb"] = await measures.heap()
    await context.close()
    return figures


def p95(milliseconds: Sequence[float]) -> float:
    """The 95th percentile, by nearest rank."""
    return sorted(milliseconds)[math.ceil(0.95 * len(milliseconds)) - 1]


def summed_up(figures: dict[str, Any]) -> dict[str, Any]:
    """Times as median, 95th percentile and the longest."""
    return {
        name: {
            "median_ms": round(statistics.median(value), 1),
            "p95_ms": round(p95(value), 1),
            "max_ms": round(max(value), 1),
            "times": len(value),
        }
        if isinstance(value, list)
        else value
        for name, value in figures.items()
    }


def complaints(summary: dict[str, Any]) -> list[str]:
    """The limits that are not held."""
    wrong = [
        f"{name}: p95 {value['p95_ms']} ms"
        for name, value in summary.items()
        if isinstance(value, dict) and value.get("p95_ms", 0) > WITHIN_MS
    ]
    if summary["scroll"]["long_share"] >= LONG_FRAME_SHARE:
        wrong.append(f"scroll: {summary['scroll']['long_share']:.1%} long frames")
    return wrong + [f"{name}: {summary[name]} MB" for name in ("heap_mb", "heap_at_end_mb") if summary[name] > HEAP_MB]


async def campaign(world: ShopWorld, browser: Browser, boms: int, times: int) -> dict[str, Any]:
    """Seed, serve, measure."""
    preview_id = await LargeShop(world, boms, all_differ=True).make()
    settings = world.settings.model_copy(update={"demo_sign_in": SHOP})
    async with reconciler(world):
        service = await PreviewService.start(settings, port=0, operations=False)
        try:
            return await measured(browser, f"http://127.0.0.1:{service.port}", preview_id, times)
        finally:
            await service.stop()


async def run(boms: int, locations: int, times: int) -> dict[str, Any]:
    """The whole campaign on servers of its own."""
    async with AsyncExitStack() as stack:
        nodes = await stack.enter_async_context(LocalNodes())
        world = await stack.enter_async_context(
            shop_world(nodes.amqp_url, nodes.mongodb_uri, "page_campaign", locations=locations)
        )
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=program(), headless=True, args=[*FLAGS])
        stack.push_async_callback(browser.close)
        return await campaign(world, browser, boms, times)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures as JSON, and what was wrong with them."""
    parser = argparse.ArgumentParser(description="The admin page with a large shop, measured in Chromium.")
    parser.add_argument("--boms", type=int, default=10_000)
    parser.add_argument("--locations", type=int, default=20)
    parser.add_argument("--times", type=int, default=40, help="how often each step is done")
    given = parser.parse_args(arguments)
    configure_logs("benchmark", "error")
    summary = summed_up(asyncio.run(run(given.boms, given.locations, given.times)))
    wrong = complaints(summary)
    sys.stdout.write(json.dumps(summary | {"wrong": wrong}, indent=2) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
