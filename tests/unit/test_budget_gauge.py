"""The gauge of the budgets: several clients of one process show their shops beside each other."""

from __future__ import annotations

from typing import cast

import aiohttp

from shared.metrics import REGISTRY
from shared.shopify.client import Access, ShopifyClient

COST = {
    "requestedQueryCost": 1,
    "actualQueryCost": 1,
    "throttleStatus": {"maximumAvailable": 1000.0, "currentlyAvailable": 250, "restoreRate": 100.0},
}


async def test_a_client_takes_no_other_clients_budget_off_the_metrics() -> None:
    """One that knows of no shop yet leaves what another shows; each takes away only its own."""
    shop = "gauge.myshopify.com"
    async with aiohttp.ClientSession() as http:
        access = cast("Access", None)  # no call is made
        one, other = (ShopifyClient(http, access, "http://127.0.0.1/{shop}", "2026-10") for _ in range(2))
        budget = one.budget(shop)
        budget.settle(budget.take("job", 1.0), COST)
        one._show_budgets()
        other._show_budgets()
        assert REGISTRY.get_sample_value("trueup_shopify_budget_ratio", {"shop": shop}) is not None
        one._known.budgets.clear()
        one._show_budgets()
    assert REGISTRY.get_sample_value("trueup_shopify_budget_ratio", {"shop": shop}) is None
