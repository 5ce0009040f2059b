"""The control API: ledger, times, catalogue, orders, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.clock import VirtualClock
from simulator.shop.catalogue import CatalogueError, read_catalogue
from tests.simulator.client import LEVELS, Client, item_gid

CATALOGUES = Path(__file__).parents[4] / "shared" / "catalogue"


async def test_the_ledger_replays_to_the_present(client: Client) -> None:
    """Every change is there with cause and reference, each entry's before is the one before's after."""
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])
    cell = {"item_id": item, "location_id": place}
    await client.control("…/sell", {"lines": [{**cell, "quantity": 2}]})
    await client.control("…/restock", {"lines": [{**cell, "quantity": 4}]})
    await client.control("…/edit", {"levels": [{**cell, "available": 6, "silent": True}]})
    await client.set([(item, place, 11, 6)], "key-1", referenceDocumentUri="gid://trueup/Job/7")
    await client.set([(item, place, 11, 11)], "key-2")
    ledger = await client.control("…/ledger", method="GET")
    entries = ledger["entries"]
    assert [entry["cause"] for entry in entries] == ["seed", "order", "restock", "edit", "api"]
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5]
    value = 0
    for entry in entries:
        assert (entry["before"], entry["delta"]) == (value, entry["after"] - value)
        value = entry["after"]
    assert {(item, place): value} == await client.available()
    assert (entries[-1]["reference"], entries[-1]["idempotency_key"]) == ("gid://trueup/Job/7", "key-1")
    assert entries[-1]["request_no"] == 1
    assert (await client.control("…/ledger?after_seq=4", method="GET"))["entries"] == entries[4:]


async def test_times_change_only_with_values(client: Client, clock: VirtualClock) -> None:
    """updatedAt has whole seconds, moves when the value moves, can be backdated; on_hand's is null as recorded."""
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])

    async def times() -> list[Any]:
        reply = await client.graphql(LEVELS, {"ids": [item_gid(item)]})
        [level] = reply["data"]["nodes"][0]["inventoryLevels"]["nodes"]
        return [level["updatedAt"], *(quantity["updatedAt"] for quantity in level["quantities"])]

    assert await times() == ["2026-11-25T12:00:00Z", "2026-11-25T12:00:00Z", None]
    await clock.advance(10)
    await client.set([(item, place, 7, 7)], "a")
    assert (await times())[1] == "2026-11-25T12:00:00Z"
    await client.set([(item, place, 8, 7)], "b")
    assert (await times())[1] == "2026-11-25T12:00:10Z"
    level = {"item_id": item, "location_id": place, "available": 3, "age_seconds": 60}
    await client.control("…/edit", {"levels": [level]})
    assert (await times())[1] == "2026-11-25T11:59:10Z"


async def test_levels_changed_since_a_time(client: Client, clock: VirtualClock) -> None:
    """A location's levels can be searched by updated_at, from a second on, page by page."""
    [place, _] = await client.shop()
    items = await client.items(range(5), [place])
    await clock.advance(60)
    for item in items[1:4]:
        await client.control("…/sell", {"lines": [{"item_id": item, "location_id": place, "quantity": 1}]})
    query = """query L($id: ID!, $q: String, $after: String) { location(id: $id) {
      inventoryLevels(first: 2, after: $after, query: $q, includeInactive: true) {
        nodes { item { id } } pageInfo { hasNextPage endCursor } } } }"""
    seen: list[str] = []
    after = None
    while True:
        given = {"id": f"gid://shopify/Location/{place}", "q": "updated_at:>='2026-11-25T12:01:00Z'", "after": after}
        page = (await client.graphql(query, given))["data"]["location"]["inventoryLevels"]
        seen += [node["item"]["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert seen == [item_gid(item) for item in items[1:4]]


@pytest.mark.parametrize(
    ("name", "products", "variants", "tracked"),
    [("apparel", 20, 22, 0), ("home-and-garden", 20, 21, 1), ("jewelery", 20, 23, 0)],
)
async def test_real_catalogues(client: Client, name: str, products: int, variants: int, tracked: int) -> None:
    """Each export loads: products over many rows, untracked where the tracker is empty, stock at the first location."""
    path = CATALOGUES / f"{name}.csv"
    if not path.exists():
        pytest.skip("the real catalogues are not here: they belong in ../shared/catalogue")
    [first, second] = await client.shop()
    text = path.read_text(encoding="utf-8")
    made = await client.control("…/catalogue", text)
    expected = read_catalogue(text)
    assert (made["products"], made["variants"]) == (len(expected), sum(len(p.variants) for p in expected))
    assert (made["products"], made["variants"]) == (products, variants)
    assert sum(item["tracked"] for item in made["items"]) == tracked
    levels = await client.available()
    for item in made["items"]:
        assert (levels[item["id"], first], levels[item["id"], second]) == (item["quantity"], 0)
    query = (
        "{ products(first: 250) { nodes { title tags variants(first: 50) { nodes { title inventoryItem { id } } } } } }"
    )
    nodes = (await client.graphql(query))["data"]["products"]["nodes"]
    assert sum(len(node["variants"]["nodes"]) for node in nodes) == variants


COLUMNS = (
    "Handle,Title,Tags,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Inventory Tracker,"
    "Variant Inventory Qty,Variant Price,Image Src"
)
CSV = f"""{COLUMNS}
mug,"Mug, ""big""
and round","a, b",Size,S,Colour,Red,M-1,shopify,5,10,x
mug,,,,L,,Blue,,,3,12,
mug,,,,,,,,,,,y
"""


async def test_a_catalogue_with_everything(client: Client) -> None:
    """Quotes and line breaks in cells, options of the first row, image rows skipped, quantities shared out evenly."""
    await client.shop({"name": "A"}, {"name": "B"})
    made = await client.control("…/catalogue?location_split=even", CSV)
    assert [(i["title"], i["sku"], i["tracked"], i["quantity"]) for i in made["items"]] == [
        ('Mug, "big"\nand round - S / Red', "M-1", True, 5),
        ('Mug, "big"\nand round - L / Blue', None, False, 3),
    ]
    assert made["items"][0]["tags"] == ["a", "b"]
    assert list((await client.available()).values()) == [3, 2, 2, 1]


def test_a_file_that_is_no_export() -> None:
    """A missing column or a quantity that is no number is named with its row."""
    with pytest.raises(CatalogueError, match="column 'Handle' is missing"):
        read_catalogue("a,b\n1,2\n")
    with pytest.raises(CatalogueError, match="row 2: Variant Inventory Qty is not a whole number: 'many'"):
        read_catalogue("Handle,Title,Option1 Value,Variant Inventory Qty\nh,t,x,many\n")


async def test_orders_keep_arriving(client: Client, clock: VirtualClock) -> None:
    """Orders arrive at their rate, end after their duration, and what was sold is what the stock lost."""
    places = await client.shop()
    await client.items([1000, 1000, 1000], places)
    before = await client.available()
    body = {"shop": "demo.myshopify.com", "rate_per_second": 5, "seed": 3, "duration_seconds": 20}
    await client.control("/orders", body)
    for _ in range(400):
        await clock.advance(0.1)
    result = await client.control("/orders?shop=demo.myshopify.com", method="DELETE")
    assert 60 < result["orders"] < 140
    after = await client.available()
    sold = {(line["item_id"], line["location_id"]): line["units"] for line in result["sold"]}
    assert {cell: before[cell] - after[cell] for cell in before if before[cell] != after[cell]} == sold


@pytest.mark.parametrize(
    ("path", "body", "status", "word"),
    [
        ("…/sell", {"lines": [{"item_id": "1", "location_id": "2", "quantity": 1}]}, 404, "no item 1"),
        ("…/sell", {"lines": [{"item_id": "x"}]}, 400, "lines[0].item_id"),
        ("…/items", {"items": [{"tracked": "yes"}]}, 400, "items[0].tracked"),
        ("/faults", {"kind": "odd"}, 400, "kind must be one of"),
        ("/open_points", {"nodes_cost_per_id": 1}, 400, "must be a bool"),
        ("/open_points", {"no_such": True}, 400, "does not exist"),
        ("/shops", {"domain": "a", "access_token": "b", "plan": "gold"}, 400, "plan 'gold'"),
        ("/shops", {"domain": "a", "access_token": "b", "timezone": "Mars/One"}, 400, "timezone"),
        ("/shops/other.myshopify.com/sell", {}, 404, "no shop"),
    ],
)
async def test_what_the_control_api_refuses(client: Client, path: str, body: Any, status: int, word: str) -> None:
    """A bad request names the field and the remedy."""
    await client.shop()
    assert word in (await client.control(path, body, status=status))["error"]


async def test_ids_beyond_double_precision(client: Client) -> None:
    """Ids above 2^53 stay exact in gids, in the control API and in the levels."""
    await client.shop({"id": "820982911946154508", "name": "Far"})
    level = {"location_id": "820982911946154508", "available": 4}
    await client.control("…/items", {"items": [{"id": "271878346596884015", "levels": [level]}]})
    assert await client.available() == {("271878346596884015", "820982911946154508"): 4}
    reply = await client.graphql(LEVELS, {"ids": [item_gid("271878346596884015")]})
    [held] = reply["data"]["nodes"][0]["inventoryLevels"]["nodes"]
    assert held["id"].endswith("?inventory_item_id=271878346596884015")
    assert held["location"]["id"] == "gid://shopify/Location/820982911946154508"
