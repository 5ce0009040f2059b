"""BOMs, locations and counts over HTTP."""

from tests.integration.api.api_setup import PLACES, ApiShop

BIG = "820982911946154508"


async def test_ids_stay_exact(shop: ApiShop) -> None:
    """Ids beyond 2^53 come back digit by digit, as strings, and are stored so."""
    body = {"bom_id": BIG, "inventory_item_id": BIG, "name": "Big"}
    reply = await shop.call("PUT", "/boms", body)
    assert reply.json["items"][0] == {
        "bom": body | {"tags": [], "tracks_pre_assembled": False, "externally_managed": False},
        "created": True,
    }
    assert (await shop.call("GET", "/locations")).json["items"][0]["location_id"] == "271878346596884015"
    cell = await shop.call("GET", f"/cells/{BIG}/271878346596884015")
    assert f'"inventory_item_id":"{BIG}"' in cell.text
    assert (await shop.stock(BIG))["item_id"] == BIG


async def test_a_list_is_written_bom_by_bom(shop: ApiShop) -> None:
    """Of a list the good ones are written; each refused one is named by its place."""
    boms = [{"bom_id": f"b{n}", "inventory_item_id": str(1 + n % 3), "name": f"B{n}"} for n in range(4)]
    reply = await shop.call("PUT", "/boms", boms)
    assert reply.status == 409
    assert reply.fields == ["body.3.inventory_item_id"]
    assert [bom["bom_id"] for bom in (await shop.call("GET", "/boms")).json["items"]] == ["b0", "b1", "b2"]
    too_many = [{"bom_id": str(n), "inventory_item_id": str(n), "name": "x"} for n in range(1, 252)]
    assert (await shop.call("PUT", "/boms", too_many)).status == 422


async def test_boms_are_paged_by_name(shop: ApiShop) -> None:
    """Pages follow the name, ties by id, and hold every BOM once, also when one comes in between."""
    for number in range(7):
        await shop.bom(f"b{number}", name=f"Same {number // 3}", tags=("even",) if number % 2 == 0 else ())
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await shop.call("GET", f"/boms?limit=2{cursor}")).json
        seen += [bom["bom_id"] for bom in page["items"]]
        assert page["total"] >= 7
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        if len(seen) == 2:
            await shop.bom("a", name="Aaa: before the first page")
    assert seen == [f"b{number}" for number in range(7)]
    assert (await shop.call("GET", "/boms?tag=even&search=same%202")).json["total"] == 1
    assert (await shop.call("GET", "/boms?search=.*")).json["total"] == 0
    assert (await shop.call("GET", "/boms?tracks=true")).json["items"] == []


async def test_removed_boms_are_gone(shop: ApiShop) -> None:
    """A removed BOM answers 204 once and 404 from then on."""
    await shop.bom("b/ö")
    assert (await shop.call("DELETE", "/boms/b%2F%C3%B6")).status == 204
    reply = await shop.call("DELETE", "/boms/b%2F%C3%B6")
    assert (reply.status, reply.fields) == (404, ["path.bom_id"])


async def test_a_delta_counts_once_per_key(shop: ApiShop) -> None:
    """A repeated PATCH under its key changes nothing more; another change under the key is refused."""
    await shop.bom("b")
    path = f"/cells/b/{PLACES[0]}"
    for _ in range(2):
        reply = await shop.call("PATCH", path, {"delta": 3, "cause": "built"}, Idempotency_Key="k1")
        assert (reply.status, reply.json["local_value"], reply.json["tracks_pre_assembled"]) == (200, 3, True)
    reply = await shop.call("PATCH", path, {"delta": 4}, Idempotency_Key="k1")
    assert (reply.status, reply.fields) == (422, ["header.Idempotency-Key"])
    assert (await shop.stock("b", PLACES[1]))["count"] is None
    other = (await shop.call("GET", f"/cells/b/{PLACES[1]}")).json
    assert (other["local_value"], other["tracks_pre_assembled"]) == (None, True)


async def test_an_absolute_count_follows_the_etag(shop: ApiShop) -> None:
    """An absolute count needs If-Match (428), the present one (412), and then becomes the count."""
    await shop.bom("b", tracks_pre_assembled=True)
    path = f"/cells/b/{PLACES[0]}"
    seen = (await shop.call("GET", path)).headers["ETag"]
    assert (await shop.call("PATCH", path, {"count": 5})).status == 428
    await shop.call("PATCH", path, {"delta": 1}, Idempotency_Key="k")
    reply = await shop.call("PATCH", path, {"count": 5}, If_Match=seen)
    assert (reply.status, reply.fields) == (412, ["header.If-Match"])
    fresh = (await shop.call("GET", path)).headers["ETag"]
    reply = await shop.call("PATCH", path, {"count": 5}, If_Match=fresh)
    assert (reply.status, reply.json["local_value"]) == (200, 5)
    assert (await shop.call("GET", path)).headers["ETag"] == reply.headers["ETag"] != fresh
    assert (await shop.call("PATCH", path, {"count": 5}, If_Match="nonsense")).status == 422
    cause = await shop.world.mongo.db["ledger"].find_one({"shop": shop.domain, "after": 5})
    assert cause is not None
    assert cause["cause"] == "counted"


async def test_wrong_adjustments_are_told(shop: ApiShop) -> None:
    """Both or none of delta and count, numbers that are no whole ones, unknown cells: each is told by its field."""
    await shop.bom("b")
    path = f"/cells/b/{PLACES[0]}"
    for body in ({}, {"delta": 1, "count": 1}, {"delta": 1.5}, {"delta": "1"}, {"delta": True}, {"delta": 10**10}):
        assert (await shop.call("PATCH", path, body)).status == 422, body
    for place, field in (("b/5", "path.location_id"), (f"c/{PLACES[0]}", "path.bom_id")):
        reply = await shop.call("PATCH", f"/cells/{place}", {"delta": 1}, Idempotency_Key="k")
        assert reply.fields == [field]
    assert (await shop.stock("b"))["count"] is None
