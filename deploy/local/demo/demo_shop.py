"""The shops the demo can show: its own hundred finished goods, or a real product export."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.demo.names import finished_goods
from deploy.local.demo.simulated_shop import SimulatedShop
from deploy.local.errors import LocalNodeError
from shared.contract.selection import CellRef, SelectionBody

LOCATIONS = ("Main Warehouse", "Harbour Store", "Old Town Store", "Online Fulfilment")
CLOSED_LOCATION = "Winter Market Stand"

_SEED = 7
_TWO_DAYS = 48 * 3600
_TRACKING = frozenset({1, 2, 3})
"""Of each five BOMs, those whose pre-assembled units are counted: 60 of 100."""

_UNTRACKED = frozenset({4, 54})
_DELETED = 35
_BUNDLE = 46
_UNSTOCKED = frozenset({(7, 2), (18, 1), (29, 3), (60, 2), (73, 0), (88, 3)})
"""Number of a BOM, and of a location where its item has no level."""

_AT_CLOSED = frozenset({11, 22, 33, 44, 55, 66})
"""BOMs that are also selected at the closed location."""

_NEARLY_EMPTY = 0.06
"""The share of shelves with few units, or none."""

_EVERY_FIFTH = 5


@dataclass(frozen=True)
class Product:
    """A finished good: its BOM, its Shopify item, and where it is sold."""

    bom_id: str
    item_id: str
    name: str
    tracks: bool
    tags: tuple[str, ...] = ()


@dataclass
class DemoShop:
    """What the demo works on: the products, the locations by name, and the cells of its previews and jobs."""

    products: list[Product]
    locations: dict[str, str]
    selection: SelectionBody
    story: list[str] = field(default_factory=list)
    delete_after_seeding: list[str] = field(default_factory=list)
    untouched_items: frozenset[str] = frozenset()
    """Items whose stock nobody but the story changes."""

    bundle: Product | None = None

    @property
    def cells(self) -> int:
        """How many cells the selection has."""
        return len(self.selection.cells or ())


async def make_demo_shop(shop: SimulatedShop, token: str, webhook_url: str) -> DemoShop:
    """100 BOMs at 4 locations, and the awkward cases every real shop has."""
    wanted: list[dict[str, Any]] = [*({"name": name} for name in LOCATIONS), {"name": CLOSED_LOCATION, "active": False}]
    locations = await shop.create(token, webhook_url, wanted)
    chance = random.Random(_SEED)  # noqa: S311  # chance for a demo, nothing secret
    names = finished_goods()
    items = [_item(n, name, locations, chance) for n, name in enumerate(names, start=1)]
    ids = await shop.add_items(items)
    products = [
        Product(f"BOM-{n:03}", item_id, name, n % _EVERY_FIFTH in _TRACKING, ("finished goods",))
        for n, (item_id, name) in enumerate(zip(ids, names, strict=True), start=1)
    ]
    open_places = [locations[name] for name in LOCATIONS]
    cells = [CellRef(bom_id=product.bom_id, location_id=place) for product in products for place in open_places]
    closed = locations[CLOSED_LOCATION]
    cells += [CellRef(bom_id=products[n - 1].bom_id, location_id=closed) for n in sorted(_AT_CLOSED)]
    return DemoShop(
        products,
        locations,
        SelectionBody(cells=cells),
        story=[
            (
                f"{len(products)} BOMs × {len(open_places)} locations = {len(products) * len(open_places)} cells, "
                f"and {len(_AT_CLOSED)} cells at the closed location {CLOSED_LOCATION}"
            ),
            f"{sum(product.tracks for product in products)} BOMs count pre-assembled units",
            (
                f"{len(_UNTRACKED)} items Shopify does not track, {len(_UNSTOCKED)} cells not stocked, "
                f"a bundle ({products[_BUNDLE - 1].name}), a deleted variant ({products[_DELETED - 1].name})"
            ),
        ],
        delete_after_seeding=[ids[_DELETED - 1]],
        untouched_items=frozenset({ids[_DELETED - 1], ids[_BUNDLE - 1]}),
        bundle=products[_BUNDLE - 1],
    )


def _item(n: int, name: str, locations: dict[str, str], chance: random.Random) -> dict[str, Any]:
    levels = [
        {
            "location_id": locations[place],
            # Some shelves are nearly empty, and some are.
            "available": chance.choice((0, 2, 5)) if chance.random() < _NEARLY_EMPTY else chance.randint(12, 90),
            "age_seconds": _TWO_DAYS + chance.randint(0, _TWO_DAYS),
        }
        for number, place in enumerate(LOCATIONS)
        if (n, number) not in _UNSTOCKED
    ]
    if n in _AT_CLOSED:
        level = {"location_id": locations[CLOSED_LOCATION], "available": chance.randint(1, 9)}
        levels.append({**level, "age_seconds": _TWO_DAYS})
    return {
        "sku": f"FG-{n:03}",
        "title": name,
        "tags": ["finished goods"],
        "tracked": n not in _UNTRACKED,
        "bundle": n == _BUNDLE,
        "levels": levels,
    }


@dataclass(frozen=True)
class Catalogue:
    """A Shopify product export."""

    name: str
    text: str


def read_catalogue(file: Path) -> Catalogue:
    """The export in a file. Raises LocalNodeError."""
    try:
        return Catalogue(file.name, file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise LocalNodeError(f"--catalogue {file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise LocalNodeError(f"--catalogue {file}: is not UTF-8: {error}") from None


async def make_catalogue_shop(shop: SimulatedShop, token: str, webhook_url: str, catalogue: Catalogue) -> DemoShop:
    """One BOM per variant of a real product export, whether it has a SKU or not. Raises LocalNodeError."""
    locations = await shop.create(token, webhook_url, [{"name": name} for name in LOCATIONS])
    items = await shop.add_catalogue(catalogue.text)
    if not items:
        raise LocalNodeError(f"--catalogue {catalogue.name}: holds no variants")
    products = [
        Product(item["id"], item["id"], item["title"], n % _EVERY_FIFTH in _TRACKING, tuple(item["tags"]))
        for n, item in enumerate(items, start=1)
    ]
    switched_on = [item["id"] for n, item in enumerate(items, start=1) if not item["tracked"] and n % _EVERY_FIFTH]
    for item_id in switched_on:
        await shop.track(item_id)
    as_exported = sum(item["tracked"] for item in items)
    cells = [CellRef(bom_id=product.bom_id, location_id=place) for product in products for place in locations.values()]
    return DemoShop(
        products,
        locations,
        SelectionBody(cells=cells),
        story=[
            f"{catalogue.name}: {len(items)} variants × {len(locations)} locations = {len(cells)} cells",
            f"{sum(not item['sku'] for item in items)} variants have no SKU: each has its own BOM, mapped by item id",
            (
                f"{as_exported} variants are tracked in the file; the demo's merchant switches tracking on for "
                f"{len(switched_on)} more, {len(items) - as_exported - len(switched_on)} stay untracked"
            ),
        ],
    )
