"""A run that waits says for what: in its document, on the page, on the command line, in the metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from shared import metrics
from shared.domain.comparison import Direction
from tests.integration.api.jobs.job_page import shown
from tests.integration.command_line.command_line_runs import trueup
from tests.integration.shop_world import SHOP, ShopWorld, reconciler, shop_world
from tests.waiting import until, writes_to


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """Six cells whose count is 2 above Shopify's value."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=3) as made:
        await made.add_boms({"A": [1, 2, 3], "B": [4, 5, 6]}, tracks=True)
        await made.agree()
        await made.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        await made.control("calls/reset")
        yield made


@pytest.mark.parametrize(
    ("fault", "reason", "word"),
    [
        ({"status": 429, "headers": {"Retry-After": "40"}}, "throttled", "no more calls"),
        ({"status": 430, "headers": {"Retry-After": "-1"}}, "throttled", "no more calls"),
        ({"status": 429}, "throttled", "no more calls"),
        ({"status": 503}, "no_answer", "does not answer"),
    ],
)
async def test_a_run_says_what_it_waits_for(world: ShopWorld, fault: dict[str, Any], reason: str, word: str) -> None:
    """429 and 430 with and without figures, and 5xx: told everywhere, few calls are made, and the run ends after it."""
    await world.control("/control/faults", {"kind": "status", "count": 100_000, "shop": SHOP, **fault})
    async with reconciler(world, watchdog_every=0.2):
        job_id = await world.request(Direction.TO_SHOPIFY)
        job = await world.document("jobs", job_id, lambda found: bool(found.get("held")))
        assert job["held"]["reason"] == reason

        async def measured() -> bool:
            return metrics.REGISTRY.get_sample_value("trueup_jobs_held", {"reason": reason}) == 1

        await until(measured, what="the metric", progress=writes_to(world.mongo.db))
        held = (await shown(world, job_id))["held"]
        assert held["reason"] == reason
        assert word in held["message"]
        for arguments in (["jobs", "list"], ["jobs", "show", job_id]):
            told = await trueup(world.settings, *arguments, "--shop", SHOP)
            assert word in told.output, told
        assert (await trueup(world.settings, "jobs", "show", job_id, "--shop", SHOP, "--json")).document["held"]
        await world.control("/control/faults", method="DELETE")
        # What is still to be waited passes at once: a lane that is made anew knows of no refusal.
    async with reconciler(world, watchdog_every=0.2):
        await world.mongo.db["cells"].update_many({}, {"$set": {"freed_at": datetime.now(UTC)}})
        ended = await world.ended(job_id)
    assert (ended["state"], ended["totals"]["updated"]) == ("completed", 6)
    assert (await shown(world, job_id))["held"] is None
