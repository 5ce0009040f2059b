"""A large shop made at once: its items in the simulator, its records in bulk, and a preview of every cell."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from deploy.local.demo.names import finished_goods
from shared.contract.messages import PreviewRequest
from shared.contract.selection import SelectionBody
from shared.domain.batches import batches
from shared.domain.cell import CellKey
from shared.domain.comparison import Reason, Row
from shared.domain.stock import Stock
from shared.mongodb.catalogue.boms import Bom
from shared.mongodb.previews.preview import TakenRow
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.schema import Document, key_of
from shared.mongodb.stock.stock import new_stock
from tests.integration.shop_world import SHOP, ShopWorld, new_id

TAGS = ("finished goods", "seasonal", "gift", "bulky", "fragile", "clearance")
_AT_ONCE = 5000
_ITEMS_AT_ONCE = 250
_SHARES = (0.08, 0.14, 0.17, 0.19)
_ALL_DIFFER = (0.45, 0.85, 1.0, 1.0)
"""Shares of the cells, added up: counted by hand, moved at Shopify, both, and not stocked; the rest agrees."""


@dataclass(frozen=True)
class Seen:
    """A cell: its stock, and what Shopify holds (None: not stocked there)."""

    key: CellKey
    bom: Bom
    stock: Stock
    shopify: int | None


class LargeShop:
    """Makes the shop, the same one each time."""

    def __init__(self, world: ShopWorld, boms: int, *, all_differ: bool = False) -> None:
        self._world = world
        self._shares = _ALL_DIFFER if all_differ else _SHARES
        self._number = boms
        self._chance = random.Random(29)  # noqa: S311  # chance for a benchmark, nothing secret
        self._then = datetime.now(UTC) - timedelta(hours=3)
        self._previews = PreviewStore(world.mongo.db, world.mongo.transactions)

    async def make(self) -> str:
        """Items, records, and a ready preview of all cells; returns the preview's id."""
        names = finished_goods()
        boms: list[Bom] = []
        cells: list[Seen] = []
        for numbers in batches(range(self._number), _ITEMS_AT_ONCE):
            chosen = [[self._cell_values() for _ in self._world.locations] for _ in numbers]
            ids = await self._items(numbers, chosen)
            for number, item_id, values in zip(numbers, ids, chosen, strict=True):
                name = f"{names[number % len(names)]} {number:05}"
                tags = tuple(self._chance.sample(TAGS, number % 3))
                bom = Bom(f"BOM-{number:05}", item_id, name, tags, tracks_pre_assembled=True)
                boms.append(bom)
                cells += [self._seen(bom, place, one) for place, one in zip(self._world.locations, values, strict=True)]
        await self._insert("boms", (_bom(bom) for bom in boms))
        await self._insert("stock", (new_stock(SHOP, c.key, c.bom.inventory_item_id, c.stock) for c in cells))
        return await self._preview(cells)

    def _cell_values(self) -> tuple[int, int, int | None]:
        """Base, count, and what Shopify holds."""
        base, die = self._chance.randint(0, 120), self._chance.random()
        move = self._chance.choice((-1, 1)) * self._chance.randint(1, 40)
        local, shopify, both, not_stocked = self._shares
        if die < local:
            return base, base + abs(move), base
        if die < shopify:
            return base, base, base + move
        if die < both:
            return base, base + 3, base - 5
        return base, base, None if die < not_stocked else base

    async def _items(
        self, numbers: Sequence[int], values: Sequence[Sequence[tuple[int, int, int | None]]]
    ) -> list[str]:
        items = [
            {
                "sku": f"S-{number:05}",
                "levels": [
                    {"location_id": place, "available": shopify, "age_seconds": 3600}
                    for place, (_, _, shopify) in zip(self._world.locations, cells, strict=True)
                    if shopify is not None
                ],
            }
            for number, cells in zip(numbers, values, strict=True)
        ]
        made = await self._world.control("items", {"items": items})
        return [item["id"] for item in made["items"]]

    def _seen(self, bom: Bom, place: str, values: tuple[int, int, int | None]) -> Seen:
        base, count, shopify = values
        stock = Stock(base=base, base_time=self._then, count=count, manual_total=count - base, tracks_rev=1, rev=2)
        return Seen(CellKey(bom.bom_id, place), bom, stock, shopify)

    async def _insert(self, collection: str, documents: Iterator[Document]) -> None:
        for part in batches(list(documents), _AT_ONCE):
            await self._world.mongo.db[collection].insert_many(part, ordered=False)

    async def _preview(self, cells: Sequence[Seen]) -> str:
        """As the previewer would have left it, without its calls to Shopify."""
        preview_id, now = new_id(), datetime.now(UTC)
        selection = SelectionBody(bom_ids="all")
        await self._previews.request(PreviewRequest(shop=SHOP, preview_id=preview_id, selection=selection))
        run = await self._previews.begin(SHOP, preview_id)
        if run is None:
            raise LookupError("the preview has ended already")
        names = {place.location_id: place.name for place in (await self._world.boms.locations(SHOP)).values()}
        rows = [_row(cell, self._then, now) for cell in cells]
        written = await self._previews.keep(SHOP, preview_id, run, rows, names)
        if written is None:
            raise LookupError("another one makes the preview")
        figures = await self._previews.counted(SHOP, preview_id, written)
        await self._previews.end(SHOP, preview_id, run.run_id, None, figures)
        return preview_id


def _row(cell: Seen, then: datetime, now: datetime) -> TakenRow:
    if cell.shopify is None:
        return TakenRow(cell.key, cell.bom.name, cell.bom.inventory_item_id, reason=Reason.NOT_STOCKED)
    return TakenRow(
        cell.key, cell.bom.name, cell.bom.inventory_item_id, row=Row.of(cell.stock, cell.shopify, then, now)
    )


def _bom(bom: Bom) -> Document:
    fields = {**asdict(bom), "name": bom.name, "tags": list(bom.tags)}
    return {"_id": key_of(SHOP, bom.bom_id), "shop": SHOP, **fields, "name_lower": bom.name.lower(), "cells_no": 0}
