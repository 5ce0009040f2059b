"""A storm of webhooks, a restart of the broker, a kill of an indexer; `make campaign-webhooks` runs a large one."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.webhooks.storm import storm
from benchmarks.webhooks.storm_checks import complaints
from benchmarks.webhooks.storm_run import measured
from benchmarks.webhooks.storm_size import Broker, StormSize
from deploy.local.rabbitmq import RabbitMqNode
from tests.integration.relay import Relay
from tests.waiting import until

WORST = StormSize(boms=25, locations=2, restarts=1, last_lost=1, four_hours=60.0)


def gone_for_a_while(relay: Relay) -> Callable[[], Awaitable[None]]:
    """An accident: the broker is away until several of those who wanted to connect were refused."""

    async def restart() -> None:
        await relay.go()
        refused = relay.missed
        await until(lambda: relay.missed > refused, what="a refused connection")
        relay.come_back()

    return restart


async def test_a_storm_of_webhooks_leaves_every_cell_right(
    vhost_url: str, mongodb_uri: str, database_name: str, tmp_path: Path
) -> None:
    """Lost, doubled, reordered, broker away, a kill -9: every base is Shopify's, every count has every move once."""
    size = replace(WORST, webhooks=200, boms=15, reorder_span=40)
    async with Relay(vhost_url) as relay:
        away = gone_for_a_while(relay)
        broker = Broker(relay.url, restart=away, kill=away)
        async with storm(broker, mongodb_uri, database_name, size, tmp_path, front_apart=False) as run:
            figures = await measured(run)
    assert complaints(figures) == [], figures


@pytest.mark.full
@pytest.mark.long
async def test_a_storm_beside_a_restart_leaves_every_cell_right(
    private_rabbitmq: RabbitMqNode, mongodb_uri: str, database_name: str, tmp_path: Path
) -> None:
    """The same with more of it, a broker that really restarts, and every service in a process of its own."""
    size = replace(WORST, webhooks=500, reorder_span=60)
    async with storm(Broker.of(private_rabbitmq), mongodb_uri, database_name, size, tmp_path) as run:
        figures = await measured(run)
    assert complaints(figures) == [], figures
