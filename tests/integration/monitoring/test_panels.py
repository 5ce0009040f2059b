"""Load with faults on running services: what the dashboards show of it, and what the alerts say."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aio_pika
import pytest
from aiohttp.test_utils import TestServer

from deploy.grafana.dashboards import DASHBOARDS
from services.preview.bootstrap import PreviewService
from services.reconciler.sweeper.sweeper import SweepTimes
from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.domain.cell import partition_of
from shared.domain.comparison import Direction
from shared.metrics import REGISTRY
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.drift.sweeps import SweepStore
from shared.rabbitmq import topology
from tests.integration.api.access.session_tokens import session_token
from tests.integration.monitoring.mongodb_figures import NAMES, figures_app
from tests.integration.monitoring.prometheus_server import Prometheus, prometheus
from tests.integration.shop_world import SHOP, ShopWorld, reconciler, shop_world
from tests.integration.sweeper.drift_setup import DriftWorld
from tests.waiting import arrival

TIMES = SweepTimes(
    every=timedelta(hours=1),
    grace=timedelta(seconds=0.3),
    follow=timedelta(seconds=0.1),
    marker=0.5,
    tick=0.05,
    measure_every=0.1,
)
SILENT = timedelta(seconds=0.5)
JOBS = 6
WINDOW = "1h"
"""In the place of Grafana's $__rate_interval: all that has happened since Prometheus came up, however slowly."""

MAY_BE_ZERO = frozenset(
    {
        # Gauges of a moment that has passed by the time they are read.
        "jobs-age", "jobs-open", "queue-ready", "queue-age", "queue-unacked", "lanes",
        "message-oldest", "dead-lettering", "previews-open",
        # No shop asks for too much here, and a loop that is on time has no lag.
        "refused-by-limit", "loop-lag",
        # No job has to wait just then, no shop has a schedule, and Shopify's version is the one asked for.
        "jobs-held", "scheduled-runs", "outgoing-webhooks", "shopify-notices",
        # A shop is silent by comparison with earlier days.
        "silent-shops",
        # Nothing in this load leaves drift for a person.
        "drift-unrepaired", "breakers",
        # The states of the first board, and what has not gone wrong here.
        "firing", "rounds", "oldest-job", "oldest-delivery", "silent", "paused", "stopped", "not-delivered", "told",
    }
)  # fmt: skip


MAY_BE_EMPTY = frozenset({"webhook-loss-by-shop"})
"""Of a shop that has had few webhooks no share is told."""


@dataclass
class Monitored:
    """The running parts."""

    shop: ShopWorld
    drift: DriftWorld
    preview: PreviewService
    prometheus: Prometheus


@pytest.fixture
async def monitored(
    vhost_url: str, mongodb_uri: str, database_name: str, broker_metrics_url: str, tmp_path: Path
) -> AsyncIterator[Monitored]:
    """Twelve BOMs at two locations in agreement, all services but the workers, and a Prometheus that reads them."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(shop_world(vhost_url, mongodb_uri, database_name, locations=2))
        ingest = await WebhookIngestService.start(world.settings)
        stack.push_async_callback(ingest.stop)
        await world.control("webhooks", {"url": f"http://127.0.0.1:{ingest.port}/webhooks/shopify"})
        await world.add_boms({f"B{n:02}": [50, 50] for n in range(12)}, tracks=True)
        await world.agree()
        roles = frozenset({"planner", "aggregator", "sweeper"})
        service = await stack.enter_async_context(
            reconciler(world, roles=roles, sweep_times=TIMES, watchdog_every=0.1, silent_after=SILENT)
        )
        preview = await PreviewService.start(world.settings)
        stack.push_async_callback(preview.stop)
        figures = TestServer(figures_app(world.mongo.client), host="127.0.0.1")
        await figures.start_server()
        stack.push_async_callback(figures.close)
        targets = {
            "webhook-ingest": f"http://127.0.0.1:{ingest.operations_port}",
            "preview": f"http://127.0.0.1:{preview.operations_port}",
            "reconciler": f"http://127.0.0.1:{service.operations_port}",
            "rabbitmq": broker_metrics_url,
            "rabbitmq-queues": broker_metrics_url,
            "mongodb": str(figures.make_url("")),
        }
        vhost = urlsplit(vhost_url).path.removeprefix("/")
        server = await stack.enter_async_context(prometheus(tmp_path, world.http, targets, vhost))
        drift = DriftWorld(world, SweepStore(world.mongo.db), DriftStore(world.mongo.db), ingest)
        yield Monitored(world, drift, preview, server)


@pytest.mark.long
async def test_every_panel_shows_the_load(monitored: Monitored) -> None:
    """Under load with faults every panel's query has data, and a figure that the load moves is not zero."""
    server = monitored.prometheus
    # All series are there before the load; what the first event makes has no increase by it.
    await server.scraped(JOBS)
    await lose_cell_messages(monitored)
    async with reconciler(monitored.shop, roles={"worker"}):
        for round_no in (1, 2):
            async with asyncio.TaskGroup() as group:
                group.create_task(slow_webhook(monitored))
                group.create_task(load(monitored, round_no))
            await server.scraped(JOBS)
        empty, zero = [], []
        for dashboard in DASHBOARDS:
            for panel in dashboard.panels:
                asked = [shown_at_once(query.expression) for query in panel.queries]
                shown = {expression: await server.values(expression) for expression in asked}
                if panel.name in MAY_BE_EMPTY:
                    continue
                if panel.kind == "table":  # what has not happened is no row
                    zero += [panel.name] if panel.name not in MAY_BE_ZERO and not any(shown.values()) else []
                    continue
                empty += [(panel.name, expression) for expression, values in shown.items() if not values]
                if panel.name not in MAY_BE_ZERO and not any(map(any, shown.values())):
                    zero.append(panel.name)
        assert (empty, zero) == ([], [])
        await server.until('ALERTS{alertname="DeadLetters",alertstate="firing"}')
    alerts = {alert["labels"]["alertname"]: alert for alert in (await server.get("alerts"))["alerts"]}
    said = alerts["DeadLetters"]["annotations"]
    assert said["summary"] == "Messages of trueup.jobs went to the dead letters"
    assert said["runbook_url"] == "docs/runbooks/dead-letters.md"
    assert said["panel_url"].endswith("/d/trueup-queues?viewPanel=9")
    health = {rule["health"] for group in (await server.get("rules"))["groups"] for rule in group["rules"]}
    assert health == {"ok"}


def shown_at_once(expression: str) -> str:
    """The expression without Grafana's variables: all shops, and all that has happened."""
    for variable, value in (("$__rate_interval", WINDOW), ("$__range", WINDOW), ("$shop", ".*")):
        expression = expression.replace(variable, value)
    return expression


async def lose_cell_messages(monitored: Monitored) -> None:
    """A job whose cell messages vanish before any worker runs, and a message that nobody can read."""
    world = monitored.shop
    await world.edit({("B00", location): 44 for location in world.locations})
    job_id = await world.request(Direction.TO_LOCAL, {"bom_ids": ["B00"]})
    await world.published(job_id)
    connection = await aio_pika.connect(world.settings.amqp_url.get_secret_value())
    async with connection:
        channel = await connection.channel()
        queue = await channel.get_queue(topology.CELLS[partition_of(SHOP, topology.PARTITIONS)].name)
        await queue.purge()
        exchange = await channel.get_exchange(topology.COMMANDS)
        await exchange.publish(aio_pika.Message(b"no JSON"), topology.JOB_REQUEST)


async def load(monitored: Monitored, round_no: int) -> None:
    """A round: previews and requests, jobs in both directions with stale and failing cells, webhooks, missed ones."""
    world, drift = monitored.shop, monitored.drift
    places = world.locations
    await orders(monitored)
    # A preview through the API, and one that fails for a shop that is paused.
    await api(monitored)
    # A stale row: Shopify's value moves, unheard, between the preview and the push.
    await world.hand("B01", places[0], 3)
    preview_id = await world.preview({"bom_ids": ["B01"]})
    await world.edit({("B01", places[0]): 40 + round_no}, age=0)
    # A lack of budget, and an item that is gone.
    throttled = {"shop": SHOP, "operation": "inventorySetQuantities", "kind": "throttled", "count": 1}
    await world.control("/control/faults", throttled)
    await world.run(Direction.TO_SHOPIFY, {"bom_ids": ["B01"]}, preview_id=preview_id)
    await world.control("delete_item", {"item_id": world.items["B02"]})
    failed = await world.run(Direction.TO_LOCAL, {"bom_ids": ["B02", "B03"]})
    assert failed["state"] == "completed_with_errors", failed
    await world.control("restore_item", {"item_id": world.items["B02"]})
    # A missed webhook, found and repaired.
    await world.edit({("B04", place): 30 + round_no for place in places}, age=3600 - round_no)
    await drift.sweep(full=True)
    await drift.until(2 * round_no, state="resolved", outcome="repaired")


async def orders(monitored: Monitored) -> None:
    """Sales with their webhooks, each sent twice, and a request whose signature fits no secret."""
    world = monitored.shop
    await monitored.drift.webhooks(duplicate_ratio=1.0)
    for place in world.locations:
        await world.sell("B05", place)
    await monitored.drift.drained()
    url = f"http://127.0.0.1:{monitored.drift.ingest.port}/webhooks/shopify"
    async with world.http.post(url, data=b"{}", headers={"X-Shopify-Hmac-Sha256": "no"}) as response:
        assert response.status == 401


async def slow_webhook(monitored: Monitored) -> None:
    """A webhook whose body never comes is refused in time, 408."""
    reader, writer = await asyncio.open_connection("127.0.0.1", monitored.drift.ingest.port)
    # With headers that can be right: of others no body is waited for.
    signature = base64.b64encode(bytes(32)).decode()
    headers = {
        "Host": "trueup",
        "Content-Type": "application/json",
        "Content-Length": "2",
        "X-Shopify-Topic": "locations/update",
        "X-Shopify-Shop-Domain": SHOP,
        "X-Shopify-Webhook-Id": "b1b2b3b4-0000-4000-8000-000000000000",
        "X-Shopify-Hmac-Sha256": signature,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"POST /webhooks/shopify HTTP/1.1\r\n{lines}\r\n".encode())
    try:
        assert b" 408 " in await arrival(reader.readline(), what="the refusal of a webhook without a body")
    finally:
        writer.close()
        await writer.wait_closed()


async def api(monitored: Monitored) -> None:
    """Requests of the page."""
    url = f"http://127.0.0.1:{monitored.preview.port}/api/boms"
    headers = {"Authorization": f"Bearer {session_token()}"}
    async with monitored.shop.http.get(url, headers=headers) as response:
        assert response.status == 200
    other = "other.myshopify.com"
    await monitored.shop.shops.add(other, "shpat_other")
    await monitored.shop.shops.pause(other, "locked")


def test_panels_and_alerts_know_their_metrics() -> None:
    """Dashboards and rules name metrics of ours that exist, of RabbitMQ, or of MongoDB, and no others."""
    ours = set()
    for metric in REGISTRY.collect():
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(metric.type, [""])
        ours |= {metric.name + suffix for suffix in suffixes}
    rules = Path(__file__).parents[3] / "deploy" / "prometheus" / "rules"
    recorded = set(re.findall(r"record: (\S+)", (rules / "recording.yaml").read_text()))
    texts = {panel.name: q.expression for d in DASHBOARDS for panel in d.panels for q in panel.queries}
    alerting = {"recording": "", **{f.stem: f.read_text() for f in rules.glob("*.yaml")}}
    named = {
        where: set(re.findall(r"\b(?:trueup|rabbitmq|mongodb)_\w+|\btrueup:[\w:]+", text))
        for where, text in {**texts, **alerting}.items()
    }
    unknown = {
        (where, name)
        for where, names in named.items()
        for name in names
        if not (
            name in ours
            or name in NAMES
            or re.fullmatch(r"rabbitmq_(detailed_queue|global|alarms|connections|process|resident)_?\w*", name)
            or (where in alerting and name in recorded)
        )
    }
    assert unknown == set()
