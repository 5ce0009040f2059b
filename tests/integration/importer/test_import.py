"""`trueup import`: a shop is seeded from a file or from all its variants; nothing is guessed, lost or made twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from services.command_line.commands.shops.import_boms import importing_of
from services.command_line.connections.client import connected
from services.importer.first_bases import ImportBases
from services.importer.importing import Source
from services.importer.report import items_of, report_of, shown
from shared.domain.cell import CellKey
from shared.domain.stock import observe_event
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.mongodb.catalogue.import_lines import ImportLineStore
from shared.mongodb.catalogue.import_records import ImportItem, ImportLevel, ListedLevel, Made, MadeBom, StillListed
from shared.mongodb.catalogue.imports import ImportStore
from shared.mongodb.stock.stock import StockWrite
from shared.shopify.bulk.bulk import BulkResult
from shared.shopify.bulk.exports import Exports
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.shop_queries import BULK_ITEMS, BULK_LEVELS
from tests.integration.command_line.command_line_runs import trueup
from tests.integration.importer.import_runs import (
    CATALOGUES,
    add_many,
    complete,
    everything,
    killed_import,
    levels,
    run_import,
)
from tests.integration.shop_world import SHOP, ShopWorld, shop_world
from tests.integration.wanted_reads import wanted_reads
from tests.waiting import arrival, writes_to

NAMES = ("apparel", *(pytest.param(name, marks=pytest.mark.full) for name in ("home-and-garden", "jewelery")))


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop with two locations and nothing else."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        yield made


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


async def make_items(world: ShopWorld, *items: dict[str, Any]) -> list[dict[str, Any]]:
    """Items with levels 5 and 6."""
    held = [{"location_id": place, "available": 5 + n, "age_seconds": 600} for n, place in enumerate(world.locations)]
    body = [{"levels": held, **item} for item in items]
    made: list[dict[str, Any]] = (await world.control("items", {"items": body}))["items"]
    return made


async def test_a_file_says_which_variant_each_bom_is(world: ShopWorld, tmp_path: Path) -> None:
    """Lines by SKU and by variant make BOMs with their tags and tracking; each wrong line is refused with its reason
    and, where a SKU is not unique, with all the variants that have it."""
    items = await make_items(
        world,
        {"sku": "A"},
        {"sku": "B"},
        {"sku": "TWICE"},
        {"sku": "TWICE"},
        {"sku": None},
        {"sku": "F"},
        {"sku": "G"},
    )
    a, b, *twice, without, f, g = items
    file = tmp_path / "boms.csv"
    text = [
        "name;sku;variant;Tags;Tracks pre-assembled;bom_id",
        "Anvil;A;;iron, heavy;yes;anvil",
        f";;gid://shopify/ProductVariant/{without['variant_id']};;no;",
        "Twins;TWICE;;;;",
        "Nobody;Z;;;;",
        "Nobody;;999999999;;;",
        f"Other;B;{a['variant_id']};;;",
        "First;F;;;;",
        f"Second;;{f['variant_id']};;;",
        "Bad;G;;;perhaps;",
        "Neither;;;;;",
        f'"Multi\nline";;{b["variant_id"]};;;',
    ]
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(text).encode())
    ran = await run_import(world.settings, "--boms", str(file), "--tracks")
    assert ran.code == 1, ran.progress
    refused = {line["line"]: line for line in ran.report["refused"]}
    assert {number: line["why"] for number, line in refused.items()} == {
        4: "DUPLICATE_SKU",
        5: "UNKNOWN_SKU",
        6: "UNKNOWN_VARIANT",
        7: "SKU_OF_ANOTHER_VARIANT",
        8: "ITEM_TWICE",
        9: "ITEM_TWICE",
        10: "WRONG_LINE",
        11: "WRONG_LINE",
    }
    assert sorted(refused[4]["variants"]) == sorted(item["variant_id"] for item in twice)
    left = await everything(world)
    assert set(left["boms"]) == {"anvil", without["id"], b["id"]}
    anvil, plain = left["boms"]["anvil"], left["boms"][without["id"]]
    assert (anvil["inventory_item_id"], anvil["tags"], anvil["tracks_pre_assembled"]) == (
        a["id"],
        ["iron", "heavy"],
        True,
    )
    assert plain["tracks_pre_assembled"] is False
    assert left["boms"][b["id"]]["name"] == "Multi line"
    # A missing base moves no count, and nobody has counted: missing is never zero.
    assert [left["stock"]["anvil", place]["index"] for place in world.locations] == [5, 6]
    assert [left["stock"]["anvil", place]["count"] for place in world.locations] == [None, None]
    assert [left["stock"]["anvil", place]["known_class"] for place in world.locations] == ["no_base"] * 2
    assert ran.report["cells"] == {"based": 6}
    assert ran.report["without_bom"] == 4
    assert g["id"] not in left["boms"]

    again = await run_import(world.settings, "--boms", str(file), "--tracks")
    assert again.report["boms"] == {"new": 0, "changed": 0, "known": 3, "refused": 0}
    assert again.report["cells"] == {"known_already": 6}
    assert await everything(world) == left


async def test_a_second_bom_on_one_item_is_refused(world: ShopWorld, tmp_path: Path) -> None:
    """An item that another BOM has already is refused with that BOM's name; the BOM stays as it is."""
    (item,) = await make_items(world, {"sku": "A"})
    records = RecordStore(world.mongo.db, world.mongo.transactions)
    await records.upsert(SHOP, WantedBom("first", item["id"], "The first"), reference="t")
    file = tmp_path / "boms.csv"
    file.write_text("name,sku,bom_id\nThe second,A,second\n")
    ran = await run_import(world.settings, "--boms", str(file))
    assert ran.code == 1
    (line,) = ran.report["refused"]
    assert (line["line"], line["why"]) == (2, "ITEM_IN_USE")
    assert "first (The first)" in line["message"]
    assert {bom["name"] for bom in (await everything(world))["boms"].values()} == {"The first"}


@pytest.mark.parametrize(
    ("held", "written"),
    [("MUG-RED ", "MUG-RED"), ("MUG-RED ", "MUG-RED "), ("MUG-RED", " MUG-RED\u00a0"), ("\tMUG-RED", "MUG-RED")],
)
async def test_spaces_around_a_sku_are_no_part_of_it(world: ShopWorld, tmp_path: Path, held: str, written: str) -> None:
    """Neither Shopify's nor the file's: both sides are compared without them, with a variant beside it and without."""
    by_sku, by_both = await make_items(world, {"sku": held}, {"sku": f"{held.rstrip()}-2 "})
    file = tmp_path / "boms.csv"
    lines = f'name,sku,variant\nRed,"{written}",\nTwo,"{written.rstrip()}-2",{by_both["variant_id"]}\n'
    file.write_text(lines, encoding="utf-8")
    ran = await run_import(world.settings, "--boms", str(file))
    assert ran.report["refused"] == []
    assert set((await everything(world))["boms"]) == {by_sku["id"], by_both["id"]}


@pytest.mark.parametrize(
    ("held", "written"),
    [("mug-red", "MUG-RED"), ("Cafe\u0301", "Caf\u00e9"), ("MUG\u200bRED", "MUGRED"), ("STRASSE", "straße")],
)
async def test_a_sku_that_only_looks_alike_is_refused_and_named(
    world: ShopWorld, tmp_path: Path, held: str, written: str
) -> None:
    """Case, Unicode form and unseen signs are not guessed away; the refusal shows what Shopify holds, and whose."""
    item, other = await make_items(world, {"sku": held}, {"sku": "OTHER"})
    file = tmp_path / "boms.csv"
    file.write_text(f"sku,variant\n{written},\n{written},{item['variant_id']}\n", encoding="utf-8")
    ran = await run_import(world.settings, "--boms", str(file))
    unknown, another = ran.report["refused"]
    assert (unknown["why"], unknown["variants"]) == ("UNKNOWN_SKU", [item["variant_id"]])
    assert f"{held!a}, which differs only in case, in its Unicode form" in unknown["message"]
    assert another["why"] == "SKU_OF_ANOTHER_VARIANT"
    assert "they differ only in case, in their Unicode form" in another["message"]
    assert other["id"] not in (await everything(world))["boms"]


@pytest.mark.parametrize("by_file", [False, True])
async def test_a_product_made_anew_makes_no_second_bom(world: ShopWorld, tmp_path: Path, *, by_file: bool) -> None:
    """Its SKU is that of a BOM whose item Shopify no longer has: refused with that BOM's name and the remedy, which
    works; a second item beside the first one is a BOM of its own as ever."""
    file = tmp_path / "boms.csv"
    file.write_text("sku,bom_id\nMUG ,mug\n", encoding="utf-8")
    old, beside = await make_items(world, {"sku": "MUG"}, {"sku": "CUP"})
    assert (await run_import(world.settings, "--boms", str(file))).code == 0
    assert (await run_import(world.settings, "--all-variants")).code == 0
    await world.control("delete_item", {"item_id": old["id"]})
    new, cup = await make_items(world, {"sku": " MUG"}, {"sku": "CUP"})
    file.write_text("sku\nMUG\n", encoding="utf-8")
    source = ("--boms", str(file)) if by_file else ("--all-variants", "--no-tracks")
    ran = await run_import(world.settings, *source)
    assert ran.code == 1
    (refused,) = ran.report["refused"]
    assert (refused["line"], refused["why"]) == (2 if by_file else None, "MADE_ANEW")
    assert "of BOM mug (" in refused["message"]
    command = refused["message"].split("trueup ")[1]
    left = (await everything(world))["boms"]
    assert set(left) == {"mug", beside["id"]} | (set() if by_file else {cup["id"]})
    mapped = await trueup(world.settings, *command.split(), "--shop", SHOP, "--yes")
    assert mapped.code == 0, mapped.errors
    assert (await everything(world))["boms"]["mug"]["inventory_item_id"] == new["id"]
    again = await run_import(world.settings, *source)
    assert (again.code, again.report["boms"]["new"]) == (0, 0)


async def test_no_document_grows_with_the_lines_of_a_file(world: ShopWorld, tmp_path: Path) -> None:
    """Three thousand refused lines, and one item named by a thousand of them: every line is told, each in a document
    of its own, and none of those, nor of the import, grows with their number."""
    (item,) = await make_items(world, {"sku": "A"})
    file = tmp_path / "boms.csv"
    lines = [*(f"Z{n}," for n in range(2000)), *(f",{item['variant_id']}" for _ in range(1000))]
    file.write_text("sku,variant\n" + "\n".join(lines) + "\n", encoding="utf-8")
    ran = await run_import(world.settings, "--boms", str(file))
    assert [line["line"] for line in ran.report["refused"]] == list(range(2, 3002))
    assert ran.report["refused"][-1]["message"].startswith("Lines 2002, 2003, ")
    for name in ("imports", "import_items", "import_lines"):
        sizes = world.mongo.db[name].aggregate([{"$group": {"_id": None, "most": {"$max": {"$bsonSize": "$$ROOT"}}}}])
        (size,) = await sizes.to_list(None)
        assert size["most"] < 2000, name


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


@pytest.mark.parametrize("kill_at", ["items read", "BOMs made", "with their levels", "have their bases"])
async def test_an_import_killed_anywhere_goes_on_when_it_is_started_again(world: ShopWorld, kill_at: str) -> None:
    """kill -9 in each phase, then the same command again: complete, and nothing twice.

    The lease of the killed one is ended here; that it ends by itself, tests/chaos/test_import_killed.py shows.
    """
    await add_many(world, 60)
    await killed_import(world.settings, "--all-variants", kill_at=kill_at)
    imports = world.mongo.db["imports"]
    await imports.update_one({"state": "running"}, {"$set": {"until": datetime.now(UTC)}})
    # The kill of the last phase may come after its last write: then there is nothing left to do.
    new = 0 if await imports.count_documents({"state": "done"}) else 60
    again = await run_import(world.settings, "--all-variants")
    assert again.code == 0, again.progress
    assert (again.report["items"], again.report["boms"]["new"]) == (60, new)
    assert await imports.count_documents({"state": "done"}) == (1 if new else 2)
    await complete(world, 60)


async def test_a_transaction_that_a_killed_process_left_open_is_outlasted(world: ShopWorld) -> None:
    """kill -9 within a transaction leaves its documents locked until the server ends it: the next import waits."""
    await add_many(world, 3)
    (item, *_) = {item_id for item_id, _ in await levels(world)}
    blocked = asyncio.Event()

    def told(phase: str, _done: int, _total: int | None) -> None:
        if phase == "blocked":
            blocked.set()

    async with connected(world.settings) as client, await world.mongo.client.start_session() as killed:
        killed.start_transaction()
        left = {"shop": SHOP, "bom_id": item, "inventory_item_id": item}
        await world.mongo.db["boms"].insert_one(left, session=killed)
        calls = client.shopify()
        importing = importing_of(client, calls, Exports(calls), told)
        run = asyncio.ensure_future(importing.run(SHOP, Source.of(None, tracks=None)))
        moves = writes_to(world.mongo.db)
        either = asyncio.wait({run, asyncio.ensure_future(blocked.wait())}, return_when=asyncio.FIRST_COMPLETED)
        await arrival(either, what="the import meets the lock", progress=moves)
        await killed.abort_transaction()
        await arrival(run, what="the import goes on", progress=moves)
    await complete(world, 3)


async def test_two_processes_do_not_import_at_once(world: ShopWorld) -> None:
    """An import has one process at it; another goes on with the same one when it is given back, or its holder dies."""
    imports = ImportStore(world.mongo.db)
    first = await imports.take(SHOP, "x", "me")
    assert first is not None
    assert await imports.take(SHOP, "x", "somebody else") is None
    assert await imports.another_at_work(SHOP, "y")
    assert not await imports.renew(SHOP, first.import_id, "somebody else")
    await imports.give_back(SHOP, first.import_id, "me")
    second = await imports.take(SHOP, "x", "somebody else")
    assert second is not None
    assert second.import_id == first.import_id
    ran = await run_import(world.settings, "--all-variants")
    assert ran.code == 0
    assert ran.progress[0].startswith("waiting")
