"""Previews and jobs over HTTP: what is refused before anything starts, what repeats do, retry, undo, cancel."""

import csv
import io
import json
from typing import Any

import aio_pika
import pytest
from ulid import ULID

from shared.domain.cell import CellKey
from shared.mongodb.catalogue import selections
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.topology import JOBS
from tests.backends.management import Management
from tests.integration.api.api_setup import PLACES, ApiShop


async def sent(shop: ApiShop) -> list[dict[str, Any]]:
    """The job messages of the shop that wait for a planner; they are taken from the queue."""
    bodies = []
    connection = await aio_pika.connect(shop.world.settings.amqp_url.get_secret_value())
    async with connection, connection.channel() as channel:
        queue = await channel.get_queue(JOBS.name, ensure=False)
        while (message := await queue.get(fail=False)) is not None:
            await message.ack()
            bodies.append(json.loads(message.body))
    return [body for body in bodies if body["shop"] == shop.domain]


def cell(bom_id: str, state: str, place: str = PLACES[0], **more: Any) -> dict[str, Any]:
    """A cell of an ended job."""
    return {"bom_id": bom_id, "location_id": place, "state": state} | more


async def test_a_job_is_stored_and_published(shop: ApiShop) -> None:
    """202 carries the job, the message carries the same, and the preview's selection stands for a missing one."""
    await shop.bom("b")
    preview_id = await shop.preview({CellKey("b", PLACES[0]): 4})
    reply = await shop.call("POST", "/jobs", {"direction": "toShopify", "preview_id": preview_id})
    assert reply.status == 202
    job = reply.json
    assert reply.headers["Location"] == f"/api/jobs/{job['job_id']}"
    assert (job["state"], job["source"], job["requested_by"]) == ("requested", "admin", "user:42")
    messages = await sent(shop)
    assert [(m["job_id"], m["selection"]["bom_ids"]) for m in messages] == [(job["job_id"], ["b"])]
    assert (await shop.call("GET", f"/jobs/{job['job_id']}")).json == job


@pytest.mark.parametrize("short", [selections.SHORT, 0], ids=["short", "long"])
async def test_a_repeated_job_starts_once(shop: ApiShop, monkeypatch: pytest.MonkeyPatch, short: int) -> None:
    """The same ULID is one job, whatever has changed in between; another job under it is refused. So with a list that
    stands beside the document."""
    monkeypatch.setattr(selections, "SHORT", short)
    await shop.bom("b")
    body = {"direction": "toLocal", "selection": {"bom_ids": ["b"]}, "job_id": str(ULID())}
    first = await shop.call("POST", "/jobs", body)
    await shop.records.remove(shop.domain, "b", reference="t")
    again = await shop.call("POST", "/jobs", body)
    assert (first.status, again.status, again.json) == (202, 202, first.json)
    assert len((await shop.call("GET", "/jobs")).json["items"]) == 1
    for other in ({"direction": "toShopify"}, {"selection": {"bom_ids": ["c"]}}):
        reply = await shop.call("POST", "/jobs", body | other)
        assert (reply.status, reply.fields) == (409, ["body.job_id"])


async def test_everything_wrong_with_a_job_is_named(shop: ApiShop) -> None:
    """Unknown BOMs (the first ten), an unknown direction and an unknown preview are named in one answer."""
    await shop.bom("b")
    ids = ["b", *(f"no{number:02}" for number in range(13))]
    body = {"direction": "sideways", "selection": {"bom_ids": ids}, "preview_id": str(ULID())}
    reply = await shop.call("POST", "/jobs", body)
    assert reply.status == 422
    assert set(reply.fields) == {"body.direction", "body.selection.bom_ids", "body.preview_id"}
    unknown = next(e["message"] for e in reply.json["errors"] if e["field"] == "body.selection.bom_ids")
    assert "no09 and 3 more" in unknown
    assert "no10" not in unknown
    reply = await shop.call("POST", "/jobs", body | {"direction": "toLocal"})
    assert set(reply.fields) == {"body.selection.bom_ids", "body.preview_id"}
    assert await sent(shop) == []


@pytest.mark.parametrize(
    ("selection", "field"),
    [
        ({"bom_ids": []}, "body.selection.bom_ids"),
        ({"bom_ids": "all"}, "body.selection"),
        ({"filter": {"text": "nothing like it"}}, "body.selection"),
        ({"filter": {"text": "\x00"}}, "body.selection.filter.text"),
        ({"cells": [{"bom_id": "b", "location_id": "1"}]}, "body.selection.cells"),
        ({}, "body.selection"),
        (None, "body.selection"),
    ],
)
async def test_selections_of_nothing_are_refused(shop: ApiShop, selection: Any, field: str) -> None:
    """A selection that is empty, finds nothing, or is missing starts nothing."""
    reply = await shop.call("POST", "/jobs", {"direction": "toLocal", "selection": selection})
    assert reply.status == 422
    assert field in reply.fields


async def test_a_preview_must_be_ready_and_fresh(shop: ApiShop) -> None:
    """A preview that is unknown (404), still being read, failed or older than a day (409) starts no job."""
    await shop.bom("b")
    rows = {CellKey("b", PLACES[0]): 4}
    wrong = {
        "preview-not-ready": await shop.preview(rows, state="reading"),
        "preview-failed": await shop.preview(rows, state="failed"),
        "PREVIEW_EXPIRED": await shop.preview(rows, hours=24.1),
    }
    for kind, preview_id in wrong.items():
        reply = await shop.call("POST", "/jobs", {"direction": "toLocal", "preview_id": preview_id})
        assert (reply.status, reply.json["type"]) == (409, f"urn:trueup:problem:{kind}")
    reply = await shop.call("POST", "/jobs", {"direction": "toLocal", "preview_id": str(ULID())})
    assert reply.status == 404


async def test_a_job_that_cannot_be_published_is_503(shop: ApiShop, management: Management) -> None:
    """Where the broker takes no job the answer is 503 with Retry-After; the same request later starts it once."""
    await shop.bom("b")
    body = {"direction": "toLocal", "selection": {"bom_ids": ["b"]}, "job_id": str(ULID())}
    management.request("DELETE", f"/queues/{shop.world.vhost}/{JOBS.name}")
    try:
        reply = await shop.call("POST", "/jobs", body)
    finally:
        await declare_topology(shop.world.settings.amqp_url.get_secret_value())
    assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
    assert reply.json["type"] == "urn:trueup:problem:broker-unavailable"
    assert (await shop.call("POST", "/jobs", body)).status == 202
    assert [message["job_id"] for message in await sent(shop)] == [body["job_id"]]


async def test_history_is_newest_first(shop: ApiShop) -> None:
    """Jobs come newest first, page by page, and are filtered by what they are."""
    made = [await shop.job([], direction="toLocal" if n % 2 else "toShopify") for n in range(5)]
    first = (await shop.call("GET", "/jobs?limit=3")).json
    rest = (await shop.call("GET", f"/jobs?limit=3&cursor={first['next_cursor']}")).json
    assert [job["job_id"] for job in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None
    found = (await shop.call("GET", "/jobs?direction=toLocal")).json["items"]
    assert [job["job_id"] for job in found] == [made[3], made[1]]


async def test_cells_and_progress_are_told_with_their_remedy(shop: ApiShop) -> None:
    """Cells carry message and remedy of their code; BOMs carry figures that add up; both are paged and filtered."""
    cells = [
        cell("a", "updated", shopify_before=1, shopify_after=2),
        cell("a", "error", PLACES[1], code="BUNDLE_PARENT", detail="no"),
        cell("b", "skipped", reason="in_sync"),
        cell("c", "pending", open=True),
    ]
    job_id = await shop.job(cells)
    failed = (await shop.call("GET", f"/jobs/{job_id}/cells?code=BUNDLE_PARENT")).json["items"]
    assert [(c["bom_id"], c["detail"]) for c in failed] == [("a", "no")]
    assert failed[0]["message"]
    assert failed[0]["remedy"]
    first = (await shop.call("GET", f"/jobs/{job_id}/boms?limit=2")).json
    assert [bom["bom_id"] for bom in first["items"]] == ["a", "b"]
    assert {k: v for k, v in first["items"][0]["totals"].items() if v} == {"total": 2, "updated": 1, "errors": 1}
    rest = (await shop.call("GET", f"/jobs/{job_id}/boms?limit=2&cursor={first['next_cursor']}")).json
    assert [(bom["bom_id"], bom["totals"]["pending"]) for bom in rest["items"]] == [("c", 1)]
    assert rest["next_cursor"] is None
    page = (await shop.call("GET", f"/jobs/{job_id}/cells?limit=3")).json
    assert len(page["items"]) == 3
    assert len((await shop.call("GET", f"/jobs/{job_id}/cells?cursor={page['next_cursor']}")).json["items"]) == 1


async def test_tables_hold_every_cell_and_no_formulas(shop: ApiShop) -> None:
    """The table has a line per cell beyond one page, exact ids, negative numbers, and no name that runs."""
    cells = [cell(f"b{n:03}", "updated", shopify_before=-n, shopify_after=0) for n in range(260)]
    cells[0]["bom_name"] = '=HYPERLINK("x"), "quoted"'
    job_id = await shop.job(cells)
    reply = await shop.call("GET", f"/jobs/{job_id}/export.csv")
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(reply.text)))
    assert len(rows) == 260
    assert rows[0]["bom_name"] == '\'=HYPERLINK("x"), "quoted"'
    assert (rows[7]["location_id"], rows[7]["shopify_before"]) == (PLACES[0], "-7")


async def test_retry_tells_what_it_can_do(shop: ApiShop) -> None:
    """A retry is a new job linked to the first; cells whose row is out of date are counted as left behind."""
    cells = [
        cell("a", "error", code="READ_FAILED"),
        cell("b", "error", code="SETTLED_SINCE_PREVIEW"),
        cell("c", "error", code="OUTCOME_UNKNOWN"),
        cell("d", "skipped", reason="not_stocked", left_out="not_stocked"),
        cell("e", "updated"),
    ]
    job_id = await shop.job(cells)
    reply = await shop.call("POST", f"/jobs/{job_id}/retry")
    assert reply.status == 202
    assert (reply.json["re_run"], reply.json["left_behind"]) == (1, 2)
    assert {c["code"] for c in reply.json["left_behind_codes"]} == {"SETTLED_SINCE_PREVIEW", "OUTCOME_UNKNOWN"}
    assert (reply.json["job"]["source"], reply.json["job"]["of_job_id"]) == ("retry", job_id)
    assert (await shop.call("POST", f"/jobs/{job_id}/retry", {"with_not_compared": True})).json["re_run"] == 2
    assert [m.get("with_not_compared") for m in await sent(shop)] == [None, True]


async def test_retry_refuses_when_it_could_do_nothing(shop: ApiShop) -> None:
    """Nothing failed, only rows out of date, or a job still running: 409 that says which."""
    for cells, values, kind in (
        ([cell("a", "updated")], {}, "nothing-failed"),
        ([cell("a", "error", code="CONFLICT")], {}, "needs-preview"),
        ([cell("a", "error", code="READ_FAILED")], {"state": "running"}, "job-unfinished"),
    ):
        job_id = await shop.job(cells, **values)
        reply = await shop.call("POST", f"/jobs/{job_id}/retry")
        assert (reply.status, reply.json["type"]) == (409, f"urn:trueup:problem:{kind}")
    assert await sent(shop) == []


async def test_undo_has_its_own_preview(shop: ApiShop) -> None:
    """The undo's preview says to what each cell goes, and why one does not; undo starts only where one can."""
    for bom_id in ("a", "b"):
        await shop.bom(bom_id, tracks_pre_assembled=True)
        await shop.world.mongo.db["stock"].update_many(
            {"shop": shop.domain, "bom_id": bom_id},
            {"$set": {"index": 10, "count": 10, "settle_no": 1, "index_time": None}},
        )
    settled = {"settle_no": 1, "tracks_rev": (await shop.stock("a"))["tracks_rev"]}
    common: dict[str, Any] = {"local_before": 7, "local_after": 10, "shopify_before": 10, "shopify_after": 10}
    cells = [
        cell("a", "updated", settled=settled, item_id=(await shop.stock("a"))["item_id"], **common),
        cell("b", "updated", settled=settled | {"settle_no": 0}, item_id=(await shop.stock("b"))["item_id"], **common),
    ]
    job_id = await shop.job(cells, direction="toLocal")
    items = (await shop.call("GET", f"/jobs/{job_id}/undo")).json["items"]
    assert [(c["possible"], c["local_now"], c["local_then"], c["code"]) for c in items] == [
        (True, 10, 7, None),
        (False, 10, 10, "SETTLED_SINCE_PREVIEW"),
    ]
    reply = await shop.call("POST", f"/jobs/{job_id}/undo")
    assert (reply.status, reply.json["source"], reply.json["of_job_id"]) == (202, "undo", job_id)
    await shop.world.mongo.db["stock"].update_many({"shop": shop.domain}, {"$set": {"settle_no": 5}})
    assert (await shop.call("POST", f"/jobs/{job_id}/undo")).status == 409
    assert len(await sent(shop)) == 1


async def test_cancel_is_asked_once_and_again(shop: ApiShop) -> None:
    """Cancelling publishes the request, also when asked again; an ended job cannot be cancelled."""
    job_id = await shop.job([cell("a", "pending", open=True)], state="running")
    for _ in range(2):
        reply = await shop.call("POST", f"/jobs/{job_id}/cancel")
        assert (reply.status, reply.json["cancel_requested"]) == (202, True)
    assert [message["job_id"] for message in await sent(shop)] == [job_id, job_id]
    ended = await shop.job([])
    assert (await shop.call("POST", f"/jobs/{ended}/cancel")).status == 409


async def test_preview_rows_are_filtered_and_exported(shop: ApiShop) -> None:
    """Rows carry both values, base and class, are filtered by class, and are exported as they are."""
    for bom_id in ("a", "b"):
        await shop.bom(bom_id)
        await shop.world.mongo.db["stock"].update_many({"shop": shop.domain, "bom_id": bom_id}, {"$set": {"index": 5}})
    preview_id = await shop.preview({CellKey("a", PLACES[0]): 5, CellKey("b", PLACES[0]): 3})
    moved = (await shop.call("GET", f"/previews/{preview_id}/rows?class=shopify_moved")).json["items"]
    assert [(r["bom_id"], r["shopify_value"], r["local_value"], r["base"], r["difference"]) for r in moved] == [
        ("b", 3, 5, 5, -2)
    ]
    assert moved[0]["suggested"] == "toLocal"
    table = await shop.call("GET", f"/previews/{preview_id}/export.csv")
    assert [row["difference"] for row in csv.DictReader(io.StringIO(table.text))] == ["0", "-2"]
