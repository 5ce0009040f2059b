"""What the services and the page ask of MongoDB is found by an index, by the plans that the server has really chosen.

A statement that scans a collection costs nothing in a test and everything after a year: the profiler tells of each.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest

from benchmarks.fairness import session_token
from services.preview.bootstrap import PreviewService
from shared.domain.comparison import Direction
from tests.integration.counted_cost import counted_at
from tests.integration.shop_world import CLIENT_ID, CLIENT_SECRET, SHOP
from tests.integration.sweeper.drift_setup import DriftWorld, drift_world

PAGES = (
    "/boms?with_cells=true&limit=50",
    "/boms?search=b00&sort=-name&limit=50",
    "/boms?search=b00&sort=bom_id&with_cells=true&limit=50",
    "/boms?class=shopify_moved&limit=50",
    "/boms?class=in_sync&location_id={place}&limit=50",
    "/boms?differs=true&limit=50",
    "/boms?sort=-difference&with_cells=true&limit=50",
    "/boms?sort=-difference&differs=true&search=b00&location_id={place}&limit=50",
    "/boms?tag=gift&limit=50",
    "/boms?tracks=true&limit=50",
    "/facets",
    "/locations",
    "/cells/{bom}/{place}",
    "/cells/{bom}/{place}/history?limit=50",
    "/cells/{bom}/{place}/history?group=runs&limit=50",
    "/cells/{bom}/{place}/history/export.csv",
    "/previews?limit=5",
    "/previews/{preview}",
    "/previews/{preview}/rows?limit=50",
    "/previews/{preview}/rows?class=shopify_moved&limit=50",
    "/previews/{preview}/rows?sort=size&limit=50",
    "/previews/{preview}/rows?only=differences&sort=size&limit=50",
    "/previews/{preview}/rows?reason=in_sync&limit=50",
    "/previews/{preview}/rows?bom_id={bom}&limit=50",
    "/previews/{preview}/export.csv",
    "/jobs?limit=50",
    "/jobs?open=true&limit=5",
    "/jobs?state=failed&limit=50",
    "/jobs?source=drift&limit=50",
    "/jobs?of_job_id={job}&limit=50",
    "/jobs/{job}",
    "/jobs/{job}/cells?limit=50",
    "/jobs/{job}/cells?state=error&limit=50",
    "/jobs/{job}/cells?code=CONFLICT&limit=50",
    "/jobs/{job}/cells?bom_id={bom}&limit=50",
    "/jobs/{job}/boms?limit=50",
    "/jobs/{job}/boms?only=errors&limit=50",
    "/jobs/{job}/export.csv",
    "/jobs/{job}/undo",
    "/history/export.csv",
    "/drift?limit=50",
    "/drift?state=resolved&late=false&limit=50",
    "/drift?job_id={job}&limit=50",
    "/drift/history",
    "/drift/policy",
    "/schedules",
    "/audit?limit=50",
)
"""What the page reads. One that is refused reads nothing: the test says so."""


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[DriftWorld]:
    """Ten BOMs that track at two locations, in agreement; everything runs."""
    async with drift_world(vhost_url, mongodb_uri, database_name) as made:
        yield made


async def test_every_query_has_its_index(world: DriftWorld) -> None:
    """Those of webhooks, a missed one with its sweep and repair, a preview, a job, and all that the page reads."""
    shop, settings = world.shop, world.shop.settings
    api = await PreviewService.start(settings, port=0, operations=False)
    try:
        async with counted_at(shop.mongo.db, settings.amqp_url.get_secret_value(), ()) as cost:
            place = shop.locations[1]
            await world.webhooks(drop_next=1)
            await shop.sell("B001", place, 3)
            await shop.sell("B002", place, 1)
            await world.sweep()
            await world.until(1, state="resolved")
            await world.sweep(full=True)
            preview = await shop.preview()
            job = await shop.run(Direction.TO_SHOPIFY, preview_id=preview)
            await shop.verified()
            await _read_pages(
                f"http://127.0.0.1:{api.port}/api",
                {"bom": "B001", "place": place, "preview": preview, "job": job["job_id"]},
            )
    finally:
        await api.stop()
    assert not cost.badly_planned, "\n".join(cost.badly_planned)


async def _read_pages(url: str, names: Mapping[str, str]) -> None:
    token = session_token(SHOP, secret=CLIENT_SECRET, client_id=CLIENT_ID)
    headers = {"Authorization": f"Bearer {token}"}
    refused = []
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=None)) as http:
        for page in PAGES:
            async with http.get(url + page.format(**names)) as response:
                text = await response.text()
                if not response.ok:
                    refused.append(f"{page}: {response.status} {text[:300]}")
    assert not refused, "\n".join(refused)
