"""The shop that imports of this folder seed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.shop_world import ShopWorld, shop_world


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop with two locations and nothing else."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        yield made
