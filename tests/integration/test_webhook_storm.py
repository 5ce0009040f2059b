"""A storm of webhooks, a restart of the broker, a kill of an indexer; `make campaign-webhooks` runs a large one."""

from pathlib import Path

import pytest

from benchmarks.webhook_storm import StormSize, complaints, measured, storm
from deploy.local.rabbitmq import RabbitMqNode


@pytest.mark.timeout(240)
@pytest.mark.long
async def test_a_storm_of_webhooks_leaves_every_cell_right(
    private_rabbitmq: RabbitMqNode, mongodb_uri: str, database_name: str, tmp_path: Path
) -> None:
    """Lost, doubled, reordered, a restart, a kill -9: every base is Shopify's, every count has every move once."""
    size = StormSize(webhooks=500, boms=25, locations=2, restarts=1, reorder_span=60, last_lost=1, four_hours=20.0)
    async with storm(private_rabbitmq, mongodb_uri, database_name, size, tmp_path) as run:
        figures = await measured(run)
    assert complaints(figures) == [], figures
