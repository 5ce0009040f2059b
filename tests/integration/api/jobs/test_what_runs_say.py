"""What runs say of themselves: who asked, which run they undo, what people have noted, which BOMs they were about."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.cell import CellKey
from shared.mongodb.stock.adjustments import Adjustment
from tests.integration.api.api_setup import PLACES, ApiShop, ApiWorld
from tests.integration.shop_world import new_id


def failed(bom_id: str, code: str, place: str = PLACES[0]) -> dict[str, Any]:
    """A cell that failed with a code."""
    return {"bom_id": bom_id, "location_id": place, "state": "error", "code": code}


async def updated(shop: ApiShop, bom_id: str) -> dict[str, Any]:
    """A cell that was updated, and that nothing has settled since."""
    stock = await shop.stock(bom_id)
    settled = {"settle_no": stock["settle_no"], "tracks_rev": stock["tracks_rev"]}
    sides = {"local_before": 2, "local_after": 2, "shopify_before": 1, "shopify_after": 2, "item_id": stock["item_id"]}
    return {"bom_id": bom_id, "location_id": PLACES[0], "state": "updated", "settled": settled, **sides}


async def job_of(shop: ApiShop, job_id: str) -> Any:
    """The job as it is shown."""
    return (await shop.call("GET", f"/jobs/{job_id}")).json


async def test_who_asked_is_a_name(shop: ApiShop) -> None:
    """A person by the number that the session token tells, Trueup itself, whoever operates it, another program."""
    asked = {
        ("user:42", "admin"): "Staff member 42",
        ("sweeper", "drift"): "Trueup (automatic)",
        ("schedule:01K0000000000000000000000A", "schedule"): "Trueup (automatic)",
        ("trueup command line", "api"): "Whoever operates Trueup",
        ("amqp(partner):nightly", "api"): "Another program (nightly)",
    }
    for (by, source), who in asked.items():
        job_id = await shop.job([], requested_by=by, source=source)
        assert (await job_of(shop, job_id))["who"] == who


async def test_an_undo_and_a_retry_name_the_run_they_are_of(shop: ApiShop) -> None:
    """With its number and when it was asked for: a title is made of it."""
    first = await shop.job([], no=12)
    for source in ("undo", "retry"):
        job = await job_of(shop, await shop.job([], of_job_id=first, source=source))
        assert (job["of_job"]["job_id"], job["of_job"]["no"]) == (first, 12)
        assert job["of_job"]["requested_at"] == (await job_of(shop, first))["requested_at"]
    assert (await job_of(shop, first))["of_job"] is None


async def test_an_undone_run_is_not_undone_again(shop: ApiShop) -> None:
    """It says by which run it was undone, is not offered again, and is refused; while one is under way, too."""
    await shop.bom("a", tracks_pre_assembled=True)
    await shop.records.adjust(shop.domain, _count("a", 2))
    await _base(shop, "a", 2)
    job_id = await shop.job([await updated(shop, "a")], no=1, state="completed")
    assert (await job_of(shop, job_id))["may_be_undone"] is True
    expected = {
        "running": ("undo-under-way", False),
        "completed": ("already-undone", False),
    }
    for state, (kind, offered) in expected.items():
        undo = await shop.job([], no=2, of_job_id=job_id, source="undo", state=state)
        job = await job_of(shop, job_id)
        assert (job["undone_by"], job["undone_state"], job["may_be_undone"]) == (undo, state, offered)
        refused = await shop.call("POST", f"/jobs/{job_id}/undo")
        assert (refused.status, refused.json["type"]) == (409, f"urn:trueup:problem:{kind}")
        assert "run 2" in refused.json["detail"]
        await shop.world.mongo.db["jobs"].delete_one({"shop": shop.domain, "job_id": undo})
    # One that came to nothing, or left something behind, bars no other.
    for state in ("cancelled", "failed", "completed_with_errors"):
        await shop.job([], of_job_id=job_id, source="undo", state=state)
        assert (await job_of(shop, job_id))["may_be_undone"] is True
    undo_id = new_id()
    made = await shop.call("POST", f"/jobs/{job_id}/undo", {"job_id": undo_id})
    assert (made.status, made.json["state"]) == (202, "requested")
    again = await shop.call("POST", f"/jobs/{job_id}/undo", {"job_id": undo_id})
    assert (again.status, again.json["job_id"]) == (202, undo_id), "a repeat is no second undo"


def _count(bom_id: str, value: int) -> Any:
    return Adjustment(CellKey(bom_id, PLACES[0]), new_id(), "counted", "user:42", count=value)


async def _base(shop: ApiShop, bom_id: str, value: int) -> None:
    values = {"index": value, "index_time": datetime.now(UTC) - timedelta(hours=1), "never_agreed": False}
    await shop.world.mongo.db["stock"].update_many({"shop": shop.domain, "bom_id": bom_id}, {"$set": values})


async def test_a_cancel_that_comes_too_late_says_so(shop: ApiShop) -> None:
    """An ended run is not cancelled: the refusal says what can be done instead."""
    await shop.bom("a", tracks_pre_assembled=True)
    changed = await shop.job([await updated(shop, "a")], state="completed")
    refused = await shop.call("POST", f"/jobs/{changed}/cancel")
    assert refused.status == 409
    assert "too late" in refused.json["detail"]
    assert "Undo" in refused.json["detail"]
    nothing = await shop.job([], state="failed")
    assert "has changed nothing" in (await shop.call("POST", f"/jobs/{nothing}/cancel")).json["detail"]


async def test_a_retry_leaves_out_what_a_person_must_mend_first(shop: ApiShop) -> None:
    """It is told before, by code with the remedy, and stays out unless the retry says that it was mended."""
    for bom_id in "abcd":
        await shop.bom(bom_id)
    cells = [
        failed("a", "READ_FAILED"),
        failed("b", "BUNDLE_PARENT"),
        failed("c", "BUNDLE_PARENT"),
        failed("d", "SHOPIFY_JUST_CHANGED"),
    ]
    job_id = await shop.job(cells)
    shares = (await shop.call("GET", f"/jobs/{job_id}/retry")).json
    assert (shares["re_run"], shares["needs_person"], shares["needs_preview"]) == (1, 2, 1)
    [bundle] = shares["needs_person_codes"]
    assert (bundle["code"], bundle["count"]) == ("BUNDLE_PARENT", 2)
    assert bundle["remedy"].startswith("Map the BOM")
    retry = (await shop.call("POST", f"/jobs/{job_id}/retry", {})).json
    assert (retry["re_run"], retry["left_behind"]) == (1, 3)
    without = [one["code"] for one in retry["job"]["without_codes"]]
    assert without == ["BUNDLE_PARENT", "SHOPIFY_JUST_CHANGED"]
    mended = (await shop.call("POST", f"/jobs/{job_id}/retry", {"mended": True})).json
    assert (mended["re_run"], mended["left_behind"]) == (3, 1)
    assert [one["code"] for one in mended["job"]["without_codes"]] == ["SHOPIFY_JUST_CHANGED"]


async def test_a_run_has_a_few_notes(shop: ApiShop) -> None:
    """Who wrote what and when stays with the run; a repeat writes nothing more, and there is room for twenty."""
    job_id = await shop.job([])
    note_id = new_id()
    for _ in range(2):
        reply = await shop.call(
            "POST", f"/jobs/{job_id}/notes", {"text": "  Delivery of the 3rd. ", "note_id": note_id}
        )
        assert reply.status == 201, reply.text
    [note] = (await job_of(shop, job_id))["notes"]
    assert (note["text"], note["by"], note["who"]) == ("Delivery of the 3rd.", "user:42", "Staff member 42")
    for number in range(19):
        assert (await shop.call("POST", f"/jobs/{job_id}/notes", {"text": f"No. {number}"})).status == 201
    refused = await shop.call("POST", f"/jobs/{job_id}/notes", {"text": "One more"})
    assert (refused.status, refused.json["type"]) == (409, "urn:trueup:problem:too-many-notes")
    assert len((await job_of(shop, job_id))["notes"]) == 20
    repeated = await shop.call("POST", f"/jobs/{job_id}/notes", {"text": "Again", "note_id": note_id})
    assert repeated.status == 201
    for text in ("", "   ", "x" * 501, "a\x00b"):
        assert (await shop.call("POST", f"/jobs/{job_id}/notes", {"text": text})).status == 422
    table = csv.DictReader(io.StringIO((await shop.call("GET", "/history/export.csv")).text))
    [line] = [row for row in table if row["job_id"] == job_id]
    assert line["notes"].startswith("Delivery of the 3rd.\nNo. 0")


async def test_the_history_is_searched_by_bom(world: ApiWorld, shop: ApiShop) -> None:
    """By id, or by the name: the runs that had a cell of it, page by page, beside other filters, of one's own shop."""
    for bom_id, name in (("ash", "Ash board"), ("ash 2", "Ash shelf"), ("elm", "Elm board")):
        await shop.bom(bom_id, name=name)
    now = datetime.now(UTC).replace(microsecond=0)
    ran = {
        number: await shop.job(
            [failed(bom_id, "READ_FAILED")], no=number, requested_at=now + timedelta(seconds=number), source=source
        )
        for number, (bom_id, source) in enumerate(
            [("ash", "admin"), ("elm", "admin"), ("ash 2", "admin"), ("ash", "drift"), ("elm", "drift")]
        )
    }

    async def found(query: str) -> list[str]:
        reply = await shop.call("GET", f"/jobs?{query}")
        assert reply.status == 200, reply.text
        return [job["job_id"] for job in reply.json["items"]]

    assert await found("bom_id=ash") == [ran[3], ran[0]]
    assert await found("bom=ash") == [ran[3], ran[2], ran[0]]
    assert await found("bom=board&source=drift") == [ran[4], ran[3]]
    assert await found("bom=board&bom_id=elm") == [ran[4], ran[1]]
    assert await found("bom=oak") == []
    first = (await shop.call("GET", "/jobs?bom=ash&limit=2")).json
    assert [job["job_id"] for job in first["items"]] == [ran[3], ran[2]]
    assert await found(f"bom=ash&limit=2&cursor={first['next_cursor']}") == [ran[0]]
    table = list(csv.DictReader(io.StringIO((await shop.call("GET", "/history/export.csv?bom=elm")).text)))
    assert [line["job_id"] for line in table] == [ran[4], ran[1]]
    other = await world.shop()
    await other.bom("ash")
    assert (await other.call("GET", "/jobs?bom_id=ash")).json["items"] == []
