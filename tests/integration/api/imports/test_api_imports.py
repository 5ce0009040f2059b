"""Imports over HTTP: looked at first, then made, in the background and however often it is cut off."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from services.preview.bootstrap import PreviewService
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from tests.integration.api.api_setup import ApiShop, ApiWorld, session_token
from tests.integration.shop_world import CLIENT_ID, CLIENT_SECRET, SHOP, ShopWorld, shop_world

SKUS = ("A", "A2", "B", "SAME", "SAME")
FILE = """name,sku,bom_id,tags,tracks_pre_assembled
Mug,A,mug,kitchen,yes
Renamed,B,known,,
Nobody's,nowhere,x,,
Two,SAME,two,,
Wrong,A2,w,,maybe
"""


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop of two locations with items, of which one has a BOM already, and two have the same SKU."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        levels = [{"location_id": place, "available": 5, "age_seconds": 60} for place in made.locations]
        body = {"items": [{"sku": sku, "levels": levels} for sku in SKUS]}
        items = (await made.control("items", body))["items"]
        made.items = {sku: item["id"] for sku, item in zip(SKUS, items, strict=True)}
        records = RecordStore(made.mongo.db, made.mongo.transactions)
        await records.upsert(SHOP, WantedBom("known", made.items["B"], "Known"), reference="t")
        await records.upsert(SHOP, WantedBom("other", "987654", "Not in the file"), reference="t")
        yield made


@pytest.fixture
async def shop(world: ShopWorld) -> AsyncIterator[ApiShop]:
    """The shop as its admin sees it."""
    service = await PreviewService.start(world.settings, port=0, operations=False)
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as client:
            api = ApiWorld(service, world.settings, world.mongo, client, "")
            records = RecordStore(world.mongo.db, world.mongo.transactions)
            yield ApiShop(SHOP, api, records, session_token(SHOP, CLIENT_SECRET, aud=CLIENT_ID))
    finally:
        await service.stop()


def _body(text: str = FILE, name: str = "boms.csv") -> dict[str, Any]:
    return {"file_name": name, "content": base64.b64encode(text.encode()).decode()}


async def _asked(shop: ApiShop, body: dict[str, Any]) -> str:
    reply = await shop.call("POST", "/imports", body)
    assert reply.status == 202, reply.text
    assert reply.headers["Location"] == f"/api/imports/{reply.json['import_id']}"
    import_id: str = reply.json["import_id"]
    return import_id


async def _in_state(world: ShopWorld, shop: ApiShop, import_id: str, state: str) -> Any:
    wanted = {"done": lambda one: one["page"]["result"] is not None}.get(state, lambda one: one["state"] == state)
    await world.document("imports", import_id, wanted)
    told = (await shop.call("GET", f"/imports/{import_id}")).json
    assert told["state"] == state
    return told


async def test_a_file_is_looked_at_and_then_made(world: ShopWorld, shop: ApiShop) -> None:
    """The report tells new, changed, not named and refused ones by line with remedies; applying makes just that, and
    cells have Shopify's values."""
    import_id = await _asked(shop, _body())
    told = await _in_state(world, shop, import_id, "checked")
    foreseen = told["foreseen"]
    assert (foreseen["new"], foreseen["changed"], foreseen["known"], foreseen["not_named"]) == (1, 1, 0, 1)
    assert foreseen["why"] == {"UNKNOWN_SKU": 1, "DUPLICATE_SKU": 1, "WRONG_LINE": 1}
    refused = (await shop.call("GET", f"/imports/{import_id}/lines?kind=refused&limit=2")).json
    rest = (await shop.call("GET", f"/imports/{import_id}/lines?cursor={refused['next_cursor']}")).json
    lines = refused["items"] + rest["items"]
    assert [(one["line"], one["why"]) for one in lines] == [
        (4, "UNKNOWN_SKU"),
        (5, "DUPLICATE_SKU"),
        (6, "WRONG_LINE"),
    ]
    assert all(one["message"] and one["remedy"] for one in lines)
    assert rest["next_cursor"] is None
    # Nothing was made.
    boms = (await shop.call("GET", "/boms")).json["items"]
    assert sorted(bom["name"] for bom in boms) == ["Known", "Not in the file"]

    reply = await shop.call("POST", f"/imports/{import_id}/apply")
    assert reply.status == 200, reply.text
    done = await _in_state(world, shop, import_id, "done")
    result = done["result"]
    assert (result["new"], result["changed"], result["refused"]) == (1, 1, 3)
    assert result["places"] == {"based": 4}
    boms = (await shop.call("GET", "/boms?with_cells=true")).json["items"]
    assert sorted(bom["name"] for bom in boms) == ["Mug", "Not in the file", "Renamed"]
    mug = next(bom for bom in boms if bom["bom_id"] == "mug")
    assert [(cell["shopify_value"], cell["local_value"]) for cell in mug["cells"]] == [(5, None), (5, None)]
    # Applied once more it is the same.
    assert (await shop.call("POST", f"/imports/{import_id}/apply")).json["state"] == "done"

    report = list(csv.DictReader(io.StringIO((await shop.call("GET", f"/imports/{import_id}/report.csv")).text)))
    assert [(row["kind"], row["line"]) for row in report] == [
        ("refused", "4"),
        ("refused", "5"),
        ("refused", "6"),
        ("new", "2"),
        ("changed", "3"),
    ]


async def test_the_same_file_is_the_same_import(world: ShopWorld, shop: ApiShop) -> None:
    """Sent twice it is one import; another file takes the place of one that waits; a discarded one makes nothing."""
    first = await _asked(shop, _body())
    assert await _asked(shop, _body()) == first
    await _in_state(world, shop, first, "checked")
    second = await _asked(shop, _body("sku\nA\n"))
    assert second != first
    told = (await shop.call("GET", f"/imports/{first}")).json
    assert told["state"] == "replaced"
    reply = await shop.call("POST", f"/imports/{first}/apply")
    assert (reply.status, reply.fields) == (409, ["path.import_id"])
    await _in_state(world, shop, second, "checked")
    assert (await shop.call("POST", f"/imports/{second}/discard")).json["state"] == "discarded"
    assert (await shop.call("POST", f"/imports/{second}/discard")).status == 409
    listed = (await shop.call("GET", "/imports")).json["items"]
    assert [(one["import_id"], one["state"]) for one in listed] == [(second, "discarded"), (first, "replaced")]
    assert len((await shop.call("GET", "/boms")).json["items"]) == 2


async def test_json_and_every_variant(world: ShopWorld, shop: ApiShop) -> None:
    """A JSON list says what a CSV does; without a file every variant would get its BOM."""
    text = '[{"sku": "A", "tags": ["x", "y"], "tracks_pre_assembled": true}, {"nothing": 1}, 3]'
    told = await _in_state(world, shop, await _asked(shop, _body(text, "boms.json")), "checked")
    assert (told["foreseen"]["new"], told["foreseen"]["refused"]) == (1, 2)
    told = await _in_state(world, shop, await _asked(shop, {}), "checked")
    assert (told["foreseen"]["new"], told["foreseen"]["known"], told["file_name"]) == (4, 1, None)


async def test_a_file_that_cannot_be_used_is_refused_with_its_line(shop: ApiShop) -> None:
    """Nothing is begun: the problem names the column, the line and the remedy."""
    for text, words in (
        ("title,sku\nx,y\n", "title"),
        ('sku\n"open\n', "line 2"),
        ("[1", "JSON"),
        ("name\nx\n", "variant or sku"),
    ):
        reply = await shop.call("POST", "/imports", _body(text))
        assert (reply.status, reply.fields) == (422, ["body.content"]), reply.text
        assert words in reply.json["errors"][0]["message"]
        assert reply.json["errors"][0]["remedy"]
    reply = await shop.call("POST", "/imports", {"content": "§"})
    assert (reply.status, reply.fields) == (422, ["body.content"])
    assert (await shop.call("GET", "/imports")).json["items"] == []


async def test_an_import_whose_process_died_is_gone_on_with(world: ShopWorld, shop: ApiShop) -> None:
    """A dead process's lease is still on it, half of its BOMs are made: another goes on, and nothing is made twice."""
    import_id = await _asked(shop, _body())
    await _in_state(world, shop, import_id, "checked")
    imports = world.mongo.db["imports"]
    # What a process leaves behind that was killed after it had made the first BOM.
    now = (await world.document("imports", import_id, lambda _: True))["started_at"]
    records = RecordStore(world.mongo.db, world.mongo.transactions)
    await records.upsert(
        SHOP, WantedBom("mug", world.items["A"], "Mug", ("kitchen",), tracks_pre_assembled=True), reference="t"
    )
    values = {"state": "running", "owner": "dead", "until": now, "page.approved_by": "user:42", "page.next_at": now}
    await imports.update_one({"shop": SHOP, "import_id": import_id}, {"$set": values})
    done = await _in_state(world, shop, import_id, "done")
    assert (done["result"]["known"], done["result"]["changed"], done["result"]["refused"]) == (1, 1, 3)
    assert done["result"]["places"] == {"based": 4}
    entries = await world.mongo.db["ledger"].count_documents({"shop": SHOP, "reference": f"import:{import_id}"})
    assert entries == 4


async def test_a_shop_that_shopify_shuts_out_is_told_so(world: ShopWorld, shop: ApiShop) -> None:
    """The import waits, says why in a merchant's words, and goes on once the shop is open again."""
    await world.shops.pause(SHOP, "frozen")
    import_id = await _asked(shop, _body())
    told = await world.document("imports", import_id, lambda one: one["page"]["trouble"] is not None)
    assert "frozen" in told["page"]["trouble"]
    await world.shops.resume(SHOP)
    await world.mongo.db["imports"].update_one({"_id": told["_id"]}, {"$set": {"page.next_at": told["started_at"]}})
    await _in_state(world, shop, import_id, "checked")
    shown = replace(shop)
    assert (await shown.call("GET", f"/imports/{import_id}")).json["trouble"] is None


async def test_a_bom_is_mapped_to_a_variant_that_was_found(world: ShopWorld, shop: ApiShop) -> None:
    """Words, SKUs and signs of Shopify's own search language find variants, each with the BOM that it has already."""
    found = (await shop.call("GET", "/variants?search=SAME")).json
    assert ([one["sku"] for one in found["items"]], found["more"]) == (["SAME", "SAME"], False)
    (known,) = (await shop.call("GET", "/variants?search=B")).json["items"]
    assert (known["bom_id"], known["bom_name"], known["inventory_item_id"]) == ("known", "Known", world.items["B"])
    assert (await shop.call("GET", "/variants?search=%22%20OR%20sku:*%20%5C")).status == 200
    assert (await shop.call("GET", "/variants?search=%22:")).json["items"] == []
    await world.shops.pause(SHOP, "frozen")
    reply = await shop.call("GET", "/variants?search=B")
    assert (reply.status, reply.json["type"]) == (503, "urn:trueup:problem:shopify-unavailable")
    assert "frozen" in reply.json["errors"][0]["message"]
