"""`trueup boms import --all-variants`: a shop is seeded from all it has, whatever the order of its exports."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from services.command_line.commands.shops.import_boms import importing_of
from services.command_line.connections.client import connected
from shared.domain.cell import CellKey
from shared.domain.stock import observe_event
from shared.importing.first_bases import ImportBases
from shared.importing.importing import Source
from shared.importing.report import items_of, report_of, shown
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.mongodb.catalogue.import_lines import ImportLineStore
from shared.mongodb.catalogue.import_records import ImportItem, ImportLevel, ListedLevel, Made, MadeBom, StillListed
from shared.mongodb.catalogue.imports import ImportStore
from shared.mongodb.stock.stock import StockWrite
from shared.shopify.bulk.bulk import BulkResult
from shared.shopify.bulk.exports import Exports
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.shop_queries import BULK_ITEMS, BULK_LEVELS
from tests.integration.importer.import_runs import (
    CATALOGUES,
    add_many,
    complete,
    everything,
    make_items,
    run_import,
)
from tests.integration.shop_world import SHOP, ShopWorld
from tests.integration.wanted_reads import wanted_reads

NAMES = ("apparel", *(pytest.param(name, marks=pytest.mark.full) for name in ("home-and-garden", "jewelery")))


async def load(world: ShopWorld, name: str) -> list[dict[str, Any]]:
    """Load a real product export into the simulator's shop; returns its items."""
    path = CATALOGUES / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"the real catalogue {name} is not here")
    url = f"{world.running.url}/control/shops/{SHOP}/catalogue?location_split=even"
    async with world.http.post(url, data=path.read_bytes()) as response:
        items: list[dict[str, Any]] = (await response.json())["items"]
        return items


@pytest.mark.parametrize("name", NAMES)
async def test_a_real_catalogue_is_imported_whole(world: ShopWorld, tmp_path: Path, name: str) -> None:
    """Every variant has its BOM, those untracked or without a SKU are reported one by one, and no other is; a file that
    names them by title, or by a SKU nobody has, makes nothing: titles are never matched."""
    items = await load(world, name)
    file = tmp_path / "boms.csv"
    lines = [f'"{item["title"]}",{"" if n % 2 else item["title"].split()[0]}' for n, item in enumerate(items)]
    file.write_text("name,sku\n" + "\n".join(lines) + "\n", encoding="utf-8")
    by_title = await run_import(world.settings, "--boms", str(file))
    assert by_title.code == 1, by_title.progress
    assert len(by_title.report["refused"]) == by_title.report["without_bom"] == len(items)
    assert {line["why"] for line in by_title.report["refused"]} == {"WRONG_LINE", "UNKNOWN_SKU"}
    assert (await everything(world))["boms"] == {}

    ran = await run_import(world.settings, "--all-variants")
    assert ran.code == 0, ran.progress
    report = ran.report
    assert (report["items"], report["variants"], report["boms"]["new"]) == (len(items),) * 3

    def reported(heading: str) -> set[str]:
        return {item["inventory_item_id"] for item in report["lists"][heading]}

    assert reported("untracked") == {item["id"] for item in items if not item["tracked"]}
    assert reported("without_sku") == {item["id"] for item in items if not item["sku"]}
    named = {variant["id"]: variant["name"] for item in report["lists"]["without_sku"] for variant in item["variants"]}
    assert named == {item["variant_id"]: item["title"] for item in items if not item["sku"]}
    await complete(world, len(items))
    left = await everything(world)
    for item in items:
        bom = left["boms"][item["id"]]
        assert (bom["name"], bom["tags"], bom["tracks_pre_assembled"]) == (item["title"], item["tags"], False)


class WrittenExports(Exports):
    """Exports whose lines are written here, as Shopify may order them: children before their parents, too."""

    def __init__(self, client: ShopifyClient, by_query: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__(client)
        self._by_query = by_query

    async def run(self, shop: str, query: str) -> BulkResult:
        """The query stands for its result."""
        assert shop == SHOP
        return BulkResult(query, len(self._by_query[query]), datetime.now(UTC))

    async def lines(self, result: BulkResult) -> AsyncGenerator[dict[str, Any], None]:
        """Its lines."""
        for line in self._by_query[str(result.url)]:
            yield line


async def test_an_item_of_several_variants_is_one_bom(world: ShopWorld) -> None:
    """Two variants share an item: one BOM, reported with both; the order of an export's lines does not matter."""
    item, place = "gid://shopify/InventoryItem/7", world.locations[0]
    items = [
        {"id": f"gid://shopify/ProductVariant/{n}", "displayName": f"Shirt {n}", "requiresComponents": False}
        | {"product": {"tags": ["cotton"]}, "__parentId": item}
        for n in (12, 11)
    ]
    items.append({"id": item, "sku": "S", "tracked": True})
    level = {
        "id": "gid://shopify/InventoryLevel/1?inventory_item_id=7",
        "isActive": True,
        "updatedAt": "2026-01-02T03:04:05Z",
        "location": {"id": f"gid://shopify/Location/{place}", "isActive": True},
        "quantities": [{"quantity": 4, "updatedAt": "2026-01-02T03:04:04Z"}],
        "__parentId": item,
    }
    lines = {BULK_ITEMS: items, BULK_LEVELS: [level, {"id": item, "tracked": True}]}
    async with connected(world.settings) as client:
        calls = client.shopify()
        importing = importing_of(client, calls, WrittenExports(calls, lines), lambda *_: None)
        document = await importing.run(SHOP, Source.of(None, tracks=None))
    imports = ImportStore(world.mongo.db)
    report = await report_of(imports, ImportLineStore(world.mongo.db), document)
    assert (report.items, report.variants, report.boms["new"], report.lists["several_variants"]) == (1, 2, 1, 1)
    (told,) = [shown(one) async for one in items_of(imports, SHOP, report.import_id, "several_variants")]
    assert [variant["id"] for variant in told["variants"]] == ["11", "12"]
    left = await everything(world)
    assert (left["boms"]["7"]["name"], left["boms"]["7"]["tags"]) == ("Shirt 11", ["cotton"])
    assert left["stock"]["7", place]["index"] == 4
    assert left["stock"]["7", world.locations[1]]["index"] is None


async def test_every_state_of_a_level_is_told(world: ShopWorld) -> None:
    """Untracked, not stocked, inactive: such cells get no base, never a zero, and the report counts them."""
    here, there = world.locations
    untracked, unstocked, inactive, bundle = await make_items(
        world,
        {"sku": "U", "tracked": False},
        {"sku": "N", "levels": [{"location_id": here, "available": 3}]},
        {"sku": "I"},
        {"sku": "B", "bundle": True},
    )
    await world.control("set_level", {"item_id": inactive["id"], "location_id": there, "active": False})
    closed = await world.control("locations", {"name": "Closed"})
    place = closed["locations"][0]["id"]
    await world.control("deactivate_location", {"location_id": place})
    ran = await run_import(world.settings, "--all-variants")
    assert ran.code == 0, ran.progress
    assert ran.report["cells"] == {"based": 4, "location_inactive": 4, "not_stocked": 2, "untracked": 2}
    assert [item["inventory_item_id"] for item in ran.report["lists"]["bundles"]] == [bundle["id"]]
    stock = (await everything(world))["stock"]
    assert stock[untracked["id"], here]["index"] is None
    assert stock[unstocked["id"], there]["index"] is None
    assert stock[unstocked["id"], here]["index"] == 3
    assert stock[inactive["id"], there]["index"] is None
    assert len(stock) == 12


async def test_without_bulk_queries_it_reads_page_by_page(world: ShopWorld) -> None:
    """Where Shopify refuses the bulk query, or has no place for it, the result is the same."""
    await add_many(world, 120)
    await world.control(
        "/control/faults",
        {"operation": "bulkOperationRunQuery", "kind": "error", "code": "ACCESS_DENIED", "count": 99},
    )
    ran = await run_import(world.settings, "--all-variants")
    assert ran.code == 0, ran.progress
    await complete(world, 120)
    calls = await world.calls()
    assert calls["inventoryItems"]["calls"] == 2


async def test_it_waits_for_a_place_among_the_bulk_queries(world: ShopWorld) -> None:
    """Five bulk queries of another process: the sixth is asked for again until it has its place."""
    await add_many(world, 20)
    headers = {"X-Shopify-Access-Token": "shpat_tests"}
    url = f"{world.running.url}/{SHOP}/admin/api/2026-10/graphql.json"
    query = (
        'mutation { bulkOperationRunQuery(query: "{ products { edges { node { id } } } }") { userErrors { code } } }'
    )
    async with aiohttp.ClientSession() as http:
        for _ in range(5):
            async with http.post(url, json={"query": query}, headers=headers) as response:
                assert (await response.json())["data"]["bulkOperationRunQuery"]["userErrors"] == []
    ran = await run_import(world.settings, "--all-variants")
    assert ran.code == 0, ran.progress
    await complete(world, 20)
    assert "inventoryItems" not in await world.calls()


async def test_a_cell_written_since_its_rev_was_noted_is_left_to_the_verifying_read(world: ShopWorld) -> None:
    """An event between the noting and the export's value may be newer than it: the value is not taken."""
    (item,) = await make_items(world, {"sku": "A"})
    records = RecordStore(world.mongo.db, world.mongo.transactions)
    await records.upsert(SHOP, WantedBom("a", item["id"], "A"), reference="t")
    imports = ImportStore(world.mongo.db)
    document = await imports.take(SHOP, "x", "me")
    assert document is not None
    import_id = document.import_id
    held = ImportLevel(active=True, location_active=True, available=9, updated_at="2026-01-01T00:00:00Z")
    levels_there = [ListedLevel(item["id"], place, held) for place in world.locations]
    await imports.stage(SHOP, import_id, [StillListed(item["id"], tracked=True), *levels_there], new=True)
    made = MadeBom(item["id"], "a")
    await imports.note_made(SHOP, import_id, [made], Made.NEW)
    basing = ImportBases(world.mongo.transactions, world.stock, imports, world.reads)

    async def items() -> list[ImportItem]:
        return [item async for batch in imports.items(SHOP, import_id, size=10) for item in batch]

    await basing.note_revs(SHOP, import_id, [made], world.locations)
    touched = CellKey("a", world.locations[0])
    before = (await world.stock.load(SHOP, [touched]))[touched].stock
    change = replace(observe_event(before, None, datetime.now(UTC)), verify=False)
    write = StockWrite(touched, before, change, "webhook", "t")
    await world.mongo.transactions.run(lambda session: world.stock.write(session, SHOP, [write]))
    await basing.by_export(SHOP, import_id, await items(), await world.boms.locations(SHOP))
    stock = (await everything(world))["stock"]
    assert (stock["a", world.locations[0]]["index"], stock["a", world.locations[1]]["index"]) == (None, 9)
    assert await wanted_reads(world.mongo.db, SHOP) == {touched}
    assert await imports.tallies(SHOP, import_id) == {"left_to_verify": 1, "based": 1}
