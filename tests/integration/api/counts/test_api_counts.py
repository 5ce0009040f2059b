"""Stock-taking over HTTP: by hand and by file."""

from __future__ import annotations

from typing import Any

from shared.mongodb.catalogue.boms import BomStore
from tests.integration.api.api_setup import PLACES, ApiShop


def _count(bom_id: str, count: int, seen: int | None, place: str = PLACES[0]) -> dict[str, Any]:
    return {"bom_id": bom_id, "location_id": place, "count": count, "seen": seen}


async def _sent(shop: ApiShop, key: str, *counts: dict[str, Any], note: str | None = None) -> list[dict[str, Any]]:
    reply = await shop.call("POST", "/counts", {"counts": list(counts), "note": note}, Idempotency_Key=key)
    assert reply.status == 200, reply.text
    items: list[dict[str, Any]] = reply.json["items"]
    return items


async def test_a_count_is_taken_over_once_with_who_and_why(shop: ApiShop) -> None:
    """Sent again under its key it is the same count; the ledger has one entry, and the adjustment who and the note."""
    await shop.bom("b", tracks_pre_assembled=True)
    for _ in range(2):
        (done,) = await _sent(shop, "k", _count("b", 7, None), note="Yearly count")
        assert (done["outcome"], done["before"], done["after"]) == ("counted", None, 7)
    database = shop.world.mongo.db
    entries = [one async for one in database["ledger"].find({"shop": shop.domain, "field": "count"})]
    assert [(one["before"], one["after"], one["cause"]) for one in entries] == [(None, 7, "counted")]
    kept = await database["adjustments"].find_one({"shop": shop.domain})
    assert kept is not None
    assert (kept["actor"], kept["note"]) == ("user:42", "Yearly count")
    assert entries[0]["reference"] == kept["key"]
    story = await shop.call("GET", f"/cells/b/{PLACES[0]}/history?limit=5")
    assert story.status == 200, story.text
    assert "Note: Yearly count" in [one["why"] for one in story.json["items"]]


async def test_a_place_that_changed_meanwhile_stays_as_it_is(shop: ApiShop) -> None:
    """A count is refused where the present one is not the one that was seen; those beside it are taken over."""
    await shop.bom("a", tracks_pre_assembled=True)
    await shop.bom("b", tracks_pre_assembled=True)
    await _sent(shop, "first", _count("a", 5, None), _count("b", 5, None))
    await shop.call("PATCH", f"/cells/a/{PLACES[0]}", {"delta": -2}, Idempotency_Key="k")
    changed, taken = await _sent(shop, "second", _count("a", 9, 5), _count("b", 9, 5))
    assert (changed["outcome"], taken["outcome"]) == ("changed_meanwhile", "counted")
    assert "3" in changed["message"]
    assert ((await shop.stock("a"))["count"], (await shop.stock("b"))["count"]) == (3, 9)


async def test_zero_is_a_count(shop: ApiShop) -> None:
    """Never counted is not zero: counting zero makes it so, and counting the same again changes nothing."""
    await shop.bom("b", tracks_pre_assembled=True)
    assert (await shop.stock("b"))["count"] is None
    (first,) = await _sent(shop, "1", _count("b", 0, None))
    (second,) = await _sent(shop, "2", _count("b", 0, 0))
    assert (first["outcome"], second["outcome"]) == ("counted", "unchanged")
    assert (await shop.stock("b"))["count"] == 0


async def test_what_cannot_be_counted_is_named(shop: ApiShop) -> None:
    """An unknown BOM, a zero that would count nothing, the same place twice, a missing key."""
    await shop.bom("plain")
    unknown, nothing = await _sent(shop, "k", _count("nobody", 1, None), _count("plain", 0, None))
    assert (unknown["outcome"], nothing["outcome"]) == ("refused", "refused")
    assert "nobody" in unknown["message"]
    twice = {"counts": [_count("plain", 1, None), _count("plain", 2, None)]}
    reply = await shop.call("POST", "/counts", twice, Idempotency_Key="k2")
    assert (reply.status, reply.fields) == (422, ["body.counts"])
    reply = await shop.call("POST", "/counts", {"counts": [_count("plain", 1, None)]})
    assert (reply.status, reply.fields) == (400, ["header.Idempotency-Key"])


async def test_a_scanned_sku_is_found_before_all_else(shop: ApiShop) -> None:
    """A SKU or an id that is whole comes first and is marked as exact; a part of a name finds the rest."""
    for bom_id, name in (("b1", "Mug MUG-1 red"), ("b2", "Mug blue"), ("MUG-1", "Table")):
        await shop.bom(bom_id, name=name, tracks_pre_assembled=True)
    boms = BomStore(shop.world.mongo.db, shop.world.mongo.transactions)
    await boms.note_skus(shop.domain, {"b2": "MUG-1"})
    found = (await shop.call("GET", f"/counts/places?location_id={PLACES[0]}&search=MUG-1")).json
    assert [(one["bom_id"], one["exact"], one["count"]) for one in found["items"]] == [
        ("b2", True, None),
        ("MUG-1", True, None),
        ("b1", False, None),
    ]
    assert found["items"][0]["sku"] == "MUG-1"
    reply = await shop.call("GET", "/counts/places?location_id=1&search=x")
    assert (reply.status, reply.fields) == (404, ["query.location_id"])


async def test_a_file_of_counts_is_looked_at_line_by_line(shop: ApiShop) -> None:
    """What each line would do, and of each that cannot be used its number, what is wrong and the remedy."""
    for bom_id in ("a", "b", "c", "d"):
        await shop.bom(bom_id, tracks_pre_assembled=True)
    boms = BomStore(shop.world.mongo.db, shop.world.mongo.transactions)
    await boms.note_skus(shop.domain, {"a": "A", "c": "SAME", "d": "SAME"})
    await _sent(shop, "k", _count("b", 4, None))
    lines = [
        "sku,bom_id,location,count",
        "A,,Place 0,7",
        ",b,,4",
        "SAME,,Place 0,1",
        ",c,Nowhere,1",
        ",c,Place 1,1.5",
        ",d,Place 1,",
        ",c,Place 1,1",
        f",c,{PLACES[1]},2",
    ]
    reply = await shop.call("POST", "/counts/check", {"text": "\n".join(lines), "location_id": PLACES[0]})
    assert reply.status == 200, reply.text
    told = reply.json
    assert [(one["line"], one["bom_id"], one["seen"], one["count"], one["kind"]) for one in told["items"]] == [
        (2, "a", None, 7, "first"),
        (3, "b", 4, 4, "same"),
    ]
    assert [one["line"] for one in told["refused"]] == [4, 5, 6, 8, 9]
    assert all(one["remedy"] for one in told["refused"])
    assert told["passed_over"] == 1
    reply = await shop.call("POST", "/counts/check", {"text": "sku,quantity\nA,1\n"})
    assert (reply.status, reply.fields) == (422, ["body.text"])
    assert "quantity" in reply.text


async def test_a_sheet_to_count_with_comes_back_as_a_file_of_counts(shop: ApiShop) -> None:
    """Every BOM at the location with its count now; filled in, it is understood."""
    await shop.bom("a", tracks_pre_assembled=True)
    await shop.bom("b", name="=SUM(1)", tracks_pre_assembled=True)
    await _sent(shop, "k", _count("a", 4, None))
    sheet = (await shop.call("GET", f"/counts/sheet.csv?location_id={PLACES[0]}")).text
    assert sheet.splitlines() == [
        "bom_id,sku,name,location,now,count",
        "b,,'=SUM(1),Place 0,,",
        "a,,BOM a,Place 0,4,",
    ]
    filled = "\n".join(line + "8" if "," in line and "count" not in line else line for line in sheet.splitlines())
    told = (await shop.call("POST", "/counts/check", {"text": filled})).json
    assert sorted((one["bom_id"], one["count"]) for one in told["items"]) == [("a", 8), ("b", 8)]
    assert told["refused"] == []
