"""The shop on the simulator's side, by its control API: what merchants, customers and other apps do there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp

from deploy.local.errors import LocalNodeError

Cell = tuple[str, str]
"""An inventory item and a location."""


class SimulatedShop:
    """One shop of a running simulator."""

    def __init__(self, http: aiohttp.ClientSession, simulator: str, domain: str) -> None:
        self._http = http
        self.simulator = simulator
        self.domain = domain

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        async with self._http.request(method, self.simulator + path, json=body) as response:
            answer = await response.json()
            if not response.ok:
                raise LocalNodeError(f"the simulator refused {method} {path}: {answer.get('error')}")
            return answer

    async def _do(self, what: str, body: Any = None) -> Any:
        return await self._call("POST", f"/control/shops/{self.domain}/{what}", body or {})

    async def _show(self, what: str) -> Any:
        return await self._call("GET", f"/control/shops/{self.domain}/{what}")

    async def create(self, token: str, webhook_url: str, locations: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """Make the shop; returns its locations by name."""
        body = {
            "domain": self.domain,
            "access_token": token,
            "webhook_url": webhook_url,
            "locations": list(locations),
        }
        made = await self._call("POST", "/control/shops", body)
        return {place["name"]: place["id"] for place in made["locations"]}

    async def add_items(self, items: Iterable[Mapping[str, Any]]) -> list[str]:
        """Add items with their levels; returns their ids in order."""
        made = await self._do("items", {"items": list(items)})
        return [item["id"] for item in made["items"]]

    async def add_catalogue(self, csv_text: str) -> list[dict[str, Any]]:
        """Load a product export, each variant's quantity shared evenly among the locations; returns the items."""
        path = f"/control/shops/{self.domain}/catalogue?location_split=even"
        async with self._http.post(self.simulator + path, data=csv_text.encode()) as response:
            answer = await response.json()
            if not response.ok:
                raise LocalNodeError(f"the simulator refused the catalogue: {answer.get('error')}")
            items: list[dict[str, Any]] = answer["items"]
            return items

    async def track(self, item_id: str) -> None:
        """The merchant switches on tracking of an item's quantity."""
        await self._do("set_item", {"item_id": item_id, "tracked": True})

    async def delete_item(self, item_id: str) -> None:
        """The merchant deletes a variant."""
        await self._do("delete_item", {"item_id": item_id})

    async def edit_silently(self, values: Mapping[Cell, tuple[int, float]]) -> None:
        """Another app sets levels, and no webhook tells of it: cell → value, and how many seconds ago."""
        levels = [
            {"item_id": item, "location_id": place, "available": value, "age_seconds": age, "silent": True}
            for (item, place), (value, age) in values.items()
        ]
        if levels:
            await self._do("edit", {"levels": levels})

    async def edit_unheard(self, values: Mapping[Cell, int]) -> None:
        """Set levels; their webhooks are lost on the way. No other webhook may be about to be sent."""
        await self._do("webhooks", {"mode": {"drop_next": len(values)}})
        levels = [
            {"item_id": item, "location_id": place, "available": value} for (item, place), value in values.items()
        ]
        await self._do("edit", {"levels": levels})

    async def levels(self) -> dict[Cell, dict[str, Any]]:
        """Every level of the shop."""
        return {(level["item_id"], level["location_id"]): level for level in (await self._show("levels"))["levels"]}

    async def start_orders(self, rate_per_second: float, seed: int) -> None:
        """Customers buy from now on."""
        body = {"shop": self.domain, "rate_per_second": rate_per_second, "seed": seed}
        await self._call("POST", "/control/orders", body)

    async def stop_orders(self) -> tuple[int, int]:
        """Customers buy no more; returns how many orders there were, and units sold."""
        answer = await self._call("DELETE", f"/control/orders?shop={self.domain}")
        return answer["orders"], sum(line["units"] for line in answer["sold"])

    async def drain_webhooks(self) -> int:
        """Return when every webhook was delivered or given up; returns how many were delivered so far."""
        delivered: int = (await self._do("webhooks/drain"))["delivered"]
        return delivered

    async def webhooks(self) -> dict[str, Any]:
        """Deliveries by what became of them."""
        statistics: dict[str, Any] = await self._show("webhooks")
        return {name: statistics[name] for name in ("sent", "delivered", "failed", "dropped", "pending", "held")}

    async def calls(self) -> dict[str, dict[str, Any]]:
        """Calls and points by operation since the last time this was asked."""
        operations: dict[str, dict[str, Any]] = (await self._show("calls"))["operations"]
        await self._do("calls/reset")
        return operations
