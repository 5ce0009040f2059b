"""A preview's rows by size and by kind, entered anywhere; what they would move; and rows left out of a job."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from shared.contract.messages import JobRequest
from shared.contract.selection import LeaveOut, SelectionBody
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.rabbitmq import topology
from tests.integration.api.api_setup import PLACES, ApiShop
from tests.integration.api.jobs.test_api_whole_way import admin_of, last, level, run
from tests.integration.shop_world import SHOP, ShopWorld, new_id, reconciler, shop_world


@dataclass
class Shown:
    """A shop with a preview, and its admin."""

    world: ShopWorld
    shop: ApiShop
    preview_id: str

    async def rows(self, query: str) -> list[tuple[str, int | None]]:
        """The rows that a query lists: BOM and difference."""
        reply = await self.shop.call("GET", f"/previews/{self.preview_id}/rows?{query}")
        assert reply.status == 200, reply.text
        return [(row["bom_id"], row["difference"]) for row in reply.json["items"]]


@pytest.fixture
async def shown(
    vhost_url: str, mongodb_uri: str, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Shown]:
    """One location: a counted up by 3, b moved by Shopify by 5, c agrees, d both moved, e not stocked, f just changed,
    g counted below zero. A milestone at every second row."""
    monkeypatch.setattr("shared.mongodb.previews.row_bookmarks.EVERY", 2)
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=1) as made,
        reconciler(made),
        admin_of(made) as admin,
    ):
        await made.add_boms({name: [10] for name in "abcdefg"}, tracks=True)
        await made.agree()
        [here] = made.locations
        await made.edit({("b", here): 15, ("d", here): 1})
        await made.edit({("f", here): 12}, age=5)
        for name, delta in (("a", 3), ("d", 1), ("g", -11)):
            await made.hand(name, here, delta)
        await made.control("set_item", {"item_id": made.items["e"], "tracked": False})
        asked = await admin.call("POST", "/previews", {"selection": {"bom_ids": "all"}})
        preview_id = asked.json["preview_id"]
        assert (await last(admin, f"/previews/{preview_id}/events"))["state"] == "ready"
        yield Shown(made, admin, preview_id)


async def test_rows_by_size_and_kind(shown: Shown) -> None:
    """The largest difference comes first whichever way it goes; what agrees and what is not compared comes last."""
    by_size = [("g", 11), ("d", -10), ("b", 5), ("a", -3), ("f", 2)]
    assert await shown.rows("sort=size") == [*by_size, ("c", 0), ("e", None)]
    assert await shown.rows("only=differences&sort=size") == by_size
    assert await shown.rows("only=differences") == sorted(by_size)
    assert await shown.rows("class=local_moved&sort=size") == [("g", 11), ("a", -3)]
    assert await shown.rows("only=not_compared") == [("e", None)]
    assert await shown.rows("only=in_sync") == [("c", 0)]
    assert await shown.rows("only=errors") == []
    for query in (
        "sort=size",
        "only=differences&sort=size",
        "sort=no",
        "class=local_moved&sort=size",
        "reason=untracked",
    ):
        whole = await shown.rows(query)
        for place in range(len(whole)):
            reply = await shown.shop.call("GET", f"/previews/{shown.preview_id}/rows?{query}&offset={place}&limit=2")
            assert [row["bom_id"] for row in reply.json["items"]] == [name for name, _ in whole[place : place + 2]]
            assert reply.json["total"] == len(whole), query
        first = (await shown.shop.call("GET", f"/previews/{shown.preview_id}/rows?{query}&limit=1")).json
        if first["next_cursor"] is not None:
            rest = await shown.rows(f"{query}&cursor={first['next_cursor']}")
            assert rest == whole[1:]


async def test_a_preview_tells_what_would_move(shown: Shown) -> None:
    """Class by class: how many cells, the extreme differences with their cells, and what a push would refuse."""
    preview = (await shown.shop.call("GET", f"/previews/{shown.preview_id}")).json
    moves = {move["cell_class"]: move for move in preview["moves"]}
    assert {name: (move["cells"], move["boms"]) for name, move in moves.items()} == {
        "local_moved": (2, 2),
        "shopify_moved": (2, 2),
        "both_moved": (1, 1),
    }
    local, shopify = moves["local_moved"], moves["shopify_moved"]
    assert (local["highest"]["bom_id"], local["highest"]["difference"]) == ("g", 11)
    assert local["lowest"] == {
        "difference": -3,
        "shopify_value": 10,
        "local_value": 13,
        "bom_id": "a",
        "bom_name": "BOM a",
        "location_id": shown.world.locations[0],
        "location_name": "Location 1",
    }
    assert [(code["code"], code["count"]) for code in local["not_pushed"]] == [("NEGATIVE_TARGET", 1)]
    assert [(code["code"], code["count"]) for code in shopify["not_pushed"]] == [("SHOPIFY_JUST_CHANGED", 1)]
    assert all(code["remedy"] for move in moves.values() for code in move["not_pushed"])
    await shown.world.shops.add(SHOP, "shpat_tests", allow_negative=True)
    listed = (await shown.shop.call("GET", "/previews?limit=1")).json["items"][0]
    assert listed["preview_id"] == shown.preview_id
    assert [move["not_pushed"] for move in listed["moves"] if move["cell_class"] == "local_moved"] == [[]]


async def test_rows_left_out_are_no_part_of_the_job(shown: Shown) -> None:
    """Classes and single cells that the merchant leaves out are untouched and not counted; the rest is done."""
    [here] = shown.world.locations
    leave_out = {
        "classes": ["shopify_moved", "both_moved"],
        "cells": [{"bom_id": "g", "location_id": here}],
    }
    body = {"direction": "toShopify", "preview_id": shown.preview_id, "leave_out": leave_out, "job_id": new_id()}
    job = await run(shown.shop, "/jobs", body)
    assert (job["totals"]["total"], job["totals"]["updated"], job["totals"]["skipped"]) == (3, 1, 2)
    assert (job["leave_out_classes"], job["leave_out_cells"]) == (["shopify_moved", "both_moved"], 1)
    assert await level(shown.world, here) == 13
    done = (await shown.shop.call("GET", f"/jobs/{job['job_id']}/cells")).json
    assert [(cell["bom_id"], cell["location_name"]) for cell in done["items"]] == [
        (name, "Location 1") for name in ("a", "c", "e")
    ]
    assert (await shown.shop.call("POST", "/jobs", body)).status == 202  # a repeat starts nothing new
    other = await shown.shop.call("POST", "/jobs", body | {"leave_out": {"classes": ["no_base"]}})
    assert (other.status, other.fields) == (409, ["body.job_id"])


async def test_only_a_preview_has_rows_to_leave_out(shop: ApiShop) -> None:
    """leave_out without a preview is refused, over HTTP and in a message; so is an unknown class."""
    await shop.bom("a")
    body = {"direction": "toLocal", "selection": {"bom_ids": ["a"]}, "leave_out": {"classes": ["in_sync"]}}
    reply = await shop.call("POST", "/jobs", body)
    assert (reply.status, reply.fields) == (422, ["body.leave_out"])
    reply = await shop.call("POST", "/jobs", body | {"leave_out": {"classes": ["moved"]}})
    assert (reply.status, reply.fields) == (422, ["body.leave_out.classes.0"])
    with pytest.raises(ValueError, match="preview_id"):
        JobRequest(
            shop=SHOP,
            job_id=new_id(),
            direction=Direction.TO_LOCAL,
            selection=SelectionBody(bom_ids=["a"]),
            leave_out=LeaveOut(classes=None),
        )


async def test_a_job_over_a_filters_preview_takes_what_was_seen(shown: Shown) -> None:
    """What a filter finds changes; the job takes the preview's rows, not what the filter would find by then."""
    [here] = shown.world.locations
    wanted = {"filter": {"differs": True}}
    asked = await shown.shop.call("POST", "/previews", {"selection": wanted})
    preview_id = asked.json["preview_id"]
    assert (await last(shown.shop, f"/previews/{preview_id}/events"))["total"] == 5  # a, b, d, f and g
    await shown.world.hand("a", here, -3)  # agrees again: the filter would not find it
    await shown.world.hand("c", here, 1)  # the filter would find it
    job_id = new_id()
    request = JobRequest(
        shop=SHOP,
        job_id=job_id,
        direction=Direction.TO_SHOPIFY,
        selection=SelectionBody.model_validate(wanted),
        preview_id=preview_id,
        leave_out=LeaveOut.model_validate({"classes": ["both_moved"]}),
    )
    await shown.world.publisher.command(topology.JOB_REQUEST, request)
    await shown.world.ended(job_id)
    assert sorted(key.bom_id for key in await shown.world.cells(job_id)) == ["a", "b", "f", "g"]


async def test_tables_are_exact(shop: ApiShop) -> None:
    """Ids of twenty digits stand in the tables digit by digit, and no name is run as a formula."""
    item = "82098291194615450812"
    await shop.bom("820982911946154508", item=item, name="=cmd|' /C calc'!A0")
    key = CellKey("820982911946154508", PLACES[0])
    preview_id = await shop.preview({key: 4})
    await shop.world.mongo.db["preview_rows"].update_many(
        {"preview_id": preview_id}, {"$set": {"bom_name": "=cmd|' /C calc'!A0", "item_id": item, "difference": -4}}
    )
    [row] = csv.DictReader(io.StringIO((await shop.call("GET", f"/previews/{preview_id}/export.csv")).text))
    assert (row["bom_id"], row["location_id"], row["inventory_item_id"]) == (key.bom_id, PLACES[0], item)
    assert (row["bom_name"], row["difference"]) == ("'=cmd|' /C calc'!A0", "-4")
    job_id = await shop.job([{"bom_id": key.bom_id, "location_id": PLACES[0], "state": "updated", "item_id": item}])
    [cell] = csv.DictReader(io.StringIO((await shop.call("GET", f"/jobs/{job_id}/export.csv")).text))
    assert (cell["bom_id"], cell["location_id"], cell["inventory_item_id"]) == (key.bom_id, PLACES[0], item)
    assert cell["location_name"] == "Place 0"


async def test_the_history_is_filtered_paged_and_exported(shop: ApiShop) -> None:
    """Jobs are found by whether they run, by who asked and when; each names its retry and undo; all fit a table."""
    cells = [{"bom_id": "a", "location_id": PLACES[0], "state": "error", "code": "READ_FAILED"}]
    first = await shop.job(cells, requested_by="user:1")
    running = await shop.job([], state="running", requested_by="user:2")
    undo = await shop.job([], source="undo", of_job_id=first, state="completed")
    await shop.job([], source="undo", of_job_id=running, state="failed")
    retry = (await shop.call("POST", f"/jobs/{first}/retry")).json["job"]["job_id"]

    async def found(query: str) -> set[str]:
        return {job["job_id"] for job in (await shop.call("GET", f"/jobs?{query}")).json["items"]}

    assert await found("open=true") == {running, retry}
    assert await found("open=true&state=running") == {running}
    assert await found("open=true&state=completed") == set()
    assert await found("requested_by=user:1") == {first}
    shown = (await shop.call("GET", f"/jobs/{first}")).json
    assert (shown["retried_by"], shown["undone_by"]) == (retry, undo)
    assert (await shop.call("GET", f"/jobs/{running}")).json["undone_by"] is None
    moment = shown["requested_at"]
    assert first in await found(f"since={moment}")
    assert first not in await found(f"until={moment}")
    assert (await shop.call("GET", "/jobs?since=yesterday")).fields == ["query.since"]
    whole = [job["job_id"] for job in (await shop.call("GET", "/jobs")).json["items"]]
    paged: list[str] = []
    cursor = ""
    while True:
        page = (await shop.call("GET", f"/jobs?limit=2{cursor}")).json
        paged += [job["job_id"] for job in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert paged == whole
    table = await shop.call("GET", "/history/export.csv?open=false")
    lines = {row["job_id"]: row for row in csv.DictReader(io.StringIO(table.text))}
    assert set(lines) == set(whole) - {running, retry}
    assert (lines[first]["errors"], lines[first]["requested_by"]) == ("1", "user:1")
    boms = (await shop.call("GET", f"/jobs/{first}/boms?only=errors&offset=0")).json
    assert (boms["total"], [bom["bom_id"] for bom in boms["items"]]) == (1, ["a"])
    assert (await shop.call("GET", f"/jobs/{first}/boms?only=open")).json["total"] == 0
    assert (await shop.call("GET", f"/jobs/{first}/cells?state=error&offset=0")).json["total"] == 1
