"""`trueup boms import` with a file: each line finds its variant, or says why not; nothing is guessed or made twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from tests.integration.command_line.command_line_runs import trueup
from tests.integration.importer.import_runs import (
    everything,
    make_items,
    run_import,
)
from tests.integration.shop_world import SHOP, ShopWorld


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
