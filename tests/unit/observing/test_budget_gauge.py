"""The gauge of the budgets: several clients of one process show their shops beside each other, as they are now."""

from __future__ import annotations

from typing import cast

import aiohttp

from shared.metrics import REGISTRY
from shared.shopify.calls.client import Access, ShopifyClient
from tests.unit.hand_clock import HandClock


def cost(available: float) -> dict[str, object]:
    """What a reply says of the bucket."""
    status = {"maximumAvailable": 1000.0, "currentlyAvailable": available, "restoreRate": 100.0}
    return {"requestedQueryCost": 1, "actualQueryCost": 1, "throttleStatus": status}


def shown(shop: str) -> float | None:
    """What a scrape sees."""
    return REGISTRY.get_sample_value("trueup_shopify_budget_ratio", {"shop": shop})


def use(client: ShopifyClient, shop: str, left: float) -> None:
    """A call has been made, and so much is left."""
    budget = client.budget(shop)
    budget.settle(budget.take("job", 1.0), cost(left))


async def test_a_bucket_fills_up_on_the_metrics_without_a_call() -> None:
    """The gauge is asked at the scrape: what a call has left is restored by the time that passes."""
    shop = "gauge.myshopify.com"
    clock = HandClock()
    async with aiohttp.ClientSession() as http:
        client = ShopifyClient(http, cast("Access", None), "http://127.0.0.1/{shop}", "2026-10", clock=clock)
        assert shown(shop) is None
        use(client, shop, 200.0)
        assert shown(shop) == 0.2
        await clock.sleep(4.0)
        assert shown(shop) == 0.6
        await clock.sleep(60.0)
        assert shown(shop) == 1.0


async def test_clients_show_their_shops_beside_each_other_and_take_them_along() -> None:
    """Of a shop that two know of the lower figure is shown; a client that has gone shows nothing any more."""
    mine, ours = "mine.myshopify.com", "ours.myshopify.com"
    async with aiohttp.ClientSession() as http:
        access = cast("Access", None)  # no call is made
        one, other = (ShopifyClient(http, access, "http://127.0.0.1/{shop}", "2026-10") for _ in range(2))
        use(one, mine, 900.0)
        use(one, ours, 10.0)
        use(other, ours, 800.0)
        low = shown(ours)
        assert low is not None
        assert low < 0.5
        del one
        high = shown(ours)
        assert high is not None
        assert high > 0.5
        assert shown(mine) is None
