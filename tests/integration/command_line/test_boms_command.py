"""`trueup boms`: what BOMs there are, and which item each counts for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.command_line.command_line_runs import trueup
from tests.integration.shop_world import SHOP, ShopWorld, shop_world


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """Three BOMs at two locations."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        await made.add_boms({"a": [1, 2], "b": [3, 4], "c": [5, 6]}, tracks=True)
        yield made


async def test_boms_are_listed_and_shown(world: ShopWorld) -> None:
    """All of them by name, those that a word finds, and one with its cells; what there is none of is told."""
    listed = await trueup(world.settings, "boms", "list", "--json")
    assert [bom["bom_id"] for bom in listed.document["items"]] == ["a", "b", "c"]
    few = await trueup(world.settings, "boms", "list", "--rows", "2")
    assert few.output.rstrip().endswith("… and more: --rows N shows more, --rows 0 all")
    found = await trueup(world.settings, "boms", "list", world.items["b"], "--json")
    assert [bom["bom_id"] for bom in found.document["items"]] == ["b"]
    shown = await trueup(world.settings, "boms", "show", "b", "--json")
    assert shown.document["inventory_item_id"] == world.items["b"]
    assert {cell["location_id"] for cell in shown.document["cells"]} == set(world.locations)
    assert "counts pre-assembled units: yes" in (await trueup(world.settings, "boms", "show", "b")).output
    none = await trueup(world.settings, "boms", "show", "z")
    assert (none.code, none.errors) == (
        2,
        f"trueup: BOM: there is no BOM z in {SHOP}; trueup boms list shows them\n",
    )


async def test_a_bom_is_mapped_and_removed(world: ShopWorld) -> None:
    """To an item of its own: not to another BOM's, nor to what can be no item; nobody is asked without a terminal."""
    (item,) = (await world.control("items", {"items": [{"sku": "N"}]}))["items"]
    asked = await trueup(world.settings, "boms", "map", "a", "--item", item["id"])
    assert asked.code == 2
    for wrong, why in {
        world.items["b"]: "already belongs to BOM b (BOM b)",
        "0": "must be an id as Shopify writes it",
        "x[/y]": "must be an id as Shopify writes it",
    }.items():
        refused = await trueup(world.settings, "boms", "map", "a", "--item", wrong, "--yes")
        assert (refused.code, why in refused.errors) == (2, True), refused.errors
    mapped = await trueup(world.settings, "boms", "map", "a", "--item", item["id"], "--yes", "--json")
    assert mapped.document["inventory_item_id"] == item["id"]
    again = await trueup(world.settings, "boms", "map", "a", "--item", item["id"], "--yes")
    assert again.output == f"BOM a is mapped to item {item['id']} already\n"
    gone = await trueup(world.settings, "boms", "remove", "c", "--yes")
    assert gone.output == "BOM c is removed; its ledger stays\n"
    assert await world.mongo.db["stock"].count_documents({"bom_id": "c"}) == 0
    twice = await trueup(world.settings, "boms", "remove", "c", "--yes")
    assert (twice.code, "there is no BOM c in" in twice.errors) == (2, True)
