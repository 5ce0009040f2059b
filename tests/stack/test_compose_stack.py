"""The stack as an operator brings it up: a job runs through it, and its containers may do no more than they need."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stack.compose_stack import CLIENT_SECRET, DEPLOY, OURS, Stack, call, stack, status_of
from tests.waiting import until

SHOP = "stack.myshopify.com"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with fresh secrets."""
    folder = tmp_path_factory.mktemp("stack") / "secrets"
    subprocess.run(
        [sys.executable, DEPLOY / "make_secrets.py", folder],
        check=True,
        env={**os.environ, "TRUEUP_SHOPIFY_CLIENT_SECRET": CLIENT_SECRET},
    )
    return folder


@pytest.fixture(scope="module")
async def running(secrets: Path) -> AsyncIterator[Stack]:
    """The stack, up and healthy."""
    async with stack(secrets) as made:
        yield made


def test_the_configuration_is_clean(secrets: Path) -> None:
    """Compose takes the files as they are, and warns of nothing."""
    answer = Stack(secrets).compose("config", "--quiet")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


async def test_a_job_runs_through_the_stack(running: Stack) -> None:
    """From an empty stack: a shop, its BOMs, drift, a preview and a job that settles it, a webhook that is applied."""
    simulator = running.url("simulator", 8000)
    webhooks = "http://webhook-front:8080/webhooks/shopify"
    two = [{"name": "A"}, {"name": "B"}]
    wanted = {"domain": SHOP, "access_token": "shpat_stack", "webhook_url": webhooks, "locations": two}
    places = [place["id"] for place in call(f"{simulator}/control/shops", wanted)["locations"]]
    shop = f"{simulator}/control/shops/{SHOP}"
    levels = [{"location_id": place, "available": 10, "age_seconds": 3600} for place in places]
    goods = [{"sku": f"S{n}", "title": f"Good {n}", "levels": levels} for n in range(5)]
    items = call(f"{shop}/items", {"items": goods})
    running.trueup("shop", "add", SHOP, "--token-file", "-", stdin="shpat_stack\n")
    running.trueup("boms", "import", "--shop", SHOP, "--all-variants")
    item = items["items"][0]["id"]
    moved = {"item_id": item, "location_id": places[0], "available": 3, "age_seconds": 3600, "silent": True}
    call(f"{shop}/edit", {"levels": [moved]})
    to_local = (
        "reconcile",
        "--shop",
        SHOP,
        "--direction",
        "toLocal",
        "--all",
        "--yes",
        "--yes-beyond-limits",
        "--watch",
        "--json",
    )
    job = json.loads(running.trueup(*to_local))
    assert job["state"] == "completed", job
    assert job["totals"]["updated"] == 1, job
    assert job["totals"]["total"] == len(goods) * len(places)
    call(f"{shop}/sell", {"lines": [{"item_id": item, "location_id": places[1], "quantity": 2}]})
    call(f"{shop}/webhooks/drain", {})
    await _agrees(running, cells=len(goods) * len(places))


async def _agrees(running: Stack, *, cells: int) -> None:
    """Wait until a preview finds no cell that differs: a webhook that was taken is applied in a moment."""

    def differing() -> int:
        rows = json.loads(running.trueup("previews", "take", "--shop", SHOP, "--all", "--in-sync", "--json"))["rows"]
        assert len(rows) == cells, rows
        return sum(bool(row["difference"]) for row in rows)

    async def none_differs() -> bool:
        return await asyncio.to_thread(differing) == 0

    await until(none_differs, what="agreement")


@pytest.mark.parametrize("service", OURS)
def test_a_container_may_do_no_more_than_it_needs(running: Stack, service: str) -> None:
    """No root, no capability, nothing to write to but a small /tmp; limits of memory and processes."""
    told = running.inspect(service)
    assert told["Config"]["User"] == "10001:10001"
    assert told["HostConfig"]["ReadonlyRootfs"] is True
    assert told["HostConfig"]["CapDrop"] == ["ALL"]
    assert told["HostConfig"]["Memory"] > 0
    assert told["HostConfig"]["PidsLimit"] > 0
    refused = running.compose("exec", "-T", service, "python3", "-c", "open('/opt/trueup/x', 'w')")
    assert refused.returncode != 0
    assert not [word for word in told["Config"]["Env"] if CLIENT_SECRET in word or "mongodb://" in word]


def test_the_page_is_served(running: Stack) -> None:
    """The preview service answers with the page, and its API asks who is there."""
    page = running.url("preview", 8080)
    assert status_of(f"{page}/") == 200
    assert status_of(f"{page}/api/boms") == 401


async def test_prometheus_reads_the_services(running: Stack) -> None:
    """Every service that runs is found by its name and read; every rule is evaluated."""
    server = running.url("prometheus", 9090)
    wanted = {"webhook-ingest", "preview", "reconciler", "rabbitmq", "rabbitmq-queues"}

    def read() -> set[str]:
        told = call(f"{server}/api/v1/query?query=up==1")["data"]["result"]
        return wanted & {series["metric"]["job"] for series in told}

    await until(lambda: read() == wanted, what=f"Prometheus reads {wanted}", progress=read)
    rules = [r for g in call(f"{server}/api/v1/rules")["data"]["groups"] for r in g["rules"]]
    assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
    assert rules
