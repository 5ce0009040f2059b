"""Drift as it comes about: levels changed at Shopify without a webhook, and counts adjusted by hand."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from deploy.local.demo.demo_shop import DemoShop, Product
from deploy.local.demo.simulated_shop import Cell, SimulatedShop
from deploy.local.demo.waiting import documents
from services.command_line.connections.client import Client
from shared.contract.messages import CountAdjust
from shared.domain.cell import CellKey
from shared.rabbitmq.topology import COUNT_ADJUST

_HOUR = 3600.0
_JUST_NOW = 15.0
"""Seconds: younger than the grace period of two minutes, in which a webhook may still be on its way."""

_LARGEST_MOVE = 9
_UPWARDS = 0.4
"""The share of moves that go up: most unnoticed changes are sales elsewhere."""


@dataclass(frozen=True)
class Amounts:
    """Shares of the cells that agree. `just_now` is the part of `shopify` that has changed moments ago."""

    shopify: float
    local: float
    both: float
    just_now: float


@dataclass(frozen=True)
class AgreeingCell:
    """A cell that agrees at present, at this value."""

    product: Product
    location_id: str
    value: int

    @property
    def level(self) -> Cell:
        return self.product.item_id, self.location_id


class Drift:
    """Makes drift, each time other."""

    def __init__(self, client: Client, shop: SimulatedShop, demo: DemoShop, seed: int) -> None:
        self._client = client
        self._shop = shop
        self._demo = demo
        self._chance = random.Random(seed)  # noqa: S311  # chance for a demo, nothing secret
        self._round = 0

    async def make(self, amounts: Amounts, *, at_bundle: bool = False) -> dict[str, int]:
        """Make it; returns the cells by what moved."""
        self._round += 1
        cells = await agreeing_cells(self._client, self._shop, self._demo)
        self._chance.shuffle(cells)
        all_cells = len(cells)
        counted = [cell for cell in cells if cell.product.tracks]
        both = _take(counted, round(amounts.both * all_cells))
        local = _take(counted, round(amounts.local * all_cells))
        taken = {cell.level for cell in (*both, *local)}
        silent = _take([cell for cell in cells if cell.level not in taken], round(amounts.shopify * all_cells))
        fresh = silent[: round(amounts.just_now * len(silent))]
        edits = {cell.level: (self._elsewhere(cell.value), self._age(cell in fresh)) for cell in (*silent, *both)}
        await self._shop.edit_silently(edits)
        by_hand = [(cell, self._delta(cell, edits.get(cell.level))) for cell in (*local, *both)]
        if at_bundle:
            by_hand += await self._bundle()
        await self._adjust(by_hand)
        made = Counter({"shopify_moved": len(silent), "both_moved": len(both), "just_now": len(fresh)})
        made["local_moved"] = len(by_hand) - len(both)
        return dict(made)

    async def _bundle(self) -> list[tuple[AgreeingCell, int]]:
        """Somebody counts the bundle at two locations: Shopify will not take the counts."""
        if self._demo.bundle is None:
            return []
        places = list(self._demo.locations.values())[:2]
        return [(AgreeingCell(self._demo.bundle, place, 0), 3) for place in places]

    def _elsewhere(self, value: int) -> int:
        step = self._chance.randint(1, _LARGEST_MOVE)
        return value + step if value < step or self._chance.random() < _UPWARDS else value - step

    def _age(self, just_now: bool) -> float:
        return _JUST_NOW if just_now else self._chance.uniform(1.0, 20.0) * _HOUR

    def _delta(self, cell: AgreeingCell, edit: tuple[int, float] | None) -> int:
        """A count that is off, not below zero, and not by chance what Shopify was changed to."""
        while True:
            delta = self._elsewhere(cell.value) - cell.value
            if edit is None or cell.value + delta != edit[0]:
                return delta

    async def _adjust(self, by_hand: list[tuple[AgreeingCell, int]]) -> None:
        """Through the app's own door: one message per count."""
        prefix = f"demo-{self._round}"
        for number, (cell, delta) in enumerate(by_hand):
            message = CountAdjust(
                shop=self._shop.domain,
                bom_id=cell.product.bom_id,
                location_id=cell.location_id,
                delta=delta,
                idempotency_key=f"{prefix}-{number}",
                cause="counted",
                actor="stock count",
            )
            await self._client.publisher.command(COUNT_ADJUST, message)
        done = {"shop": self._shop.domain, "key": {"$regex": f"^{prefix}-"}}
        await documents(self._client, "adjustments", done, len(by_hand))


async def agreeing_cells(client: Client, shop: SimulatedShop, demo: DemoShop) -> list[AgreeingCell]:
    """Cells that can be compared and agree, apart from those that the story keeps for itself."""
    keys = [CellKey(p.bom_id, place) for p in demo.products for place in demo.locations.values()]
    stock = await client.stock.load(shop.domain, keys)
    levels = await shop.levels()
    found: list[AgreeingCell] = []
    for product in demo.products:
        for place in demo.locations.values():
            level = levels.get((product.item_id, place))
            cell = stock.get(CellKey(product.bom_id, place))
            if level is None or cell is None or product.item_id in demo.untouched_items:
                continue
            comparable = level["tracked"] and level["active"] and level["location_active"]
            value = level["available"]
            if comparable and cell.stock.base == cell.stock.local == value:
                found.append(AgreeingCell(product, place, value))
    return found


def _take(cells: list[AgreeingCell], number: int) -> list[AgreeingCell]:
    """The first ones; they are gone from `cells` afterwards."""
    taken, cells[:] = cells[:number], cells[number:]
    return taken
