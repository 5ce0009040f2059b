"""A shop in the simulator, and nothing that watches yet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.integration.notices.told_shop import ToldShop
from tests.integration.shop_world import shop_world


@pytest.fixture
async def told(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ToldShop]:
    """The shop."""
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(shop_world(vhost_url, mongodb_uri, database_name, locations=1))
        shop.settings = shop.settings.model_copy(update={"private_targets": True})
        yield ToldShop(shop, stack)
