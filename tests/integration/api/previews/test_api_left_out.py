"""What a run will change is told before it starts, agrees with what it did, and what was left out stays with it."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

import pytest

from shared.domain.cell import CellKey
from tests.integration.api.jobs.test_api_whole_way import admin_of, last, run
from tests.integration.api.previews.test_api_preview_rows import Shown
from tests.integration.shop_world import new_id, reconciler, shop_world


@pytest.fixture
async def two_places(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[Shown]:
    """Two locations: a counted up by 3 at both, b moved by Shopify, c agrees, d counted to nothing, e below zero, f is
    not tracked by Shopify."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made,
        reconciler(made),
        admin_of(made) as admin,
    ):
        await made.add_boms({name: [10, 10] for name in "abcdef"}, tracks=True)
        await made.agree()
        here, there = made.locations
        await made.edit({("b", here): 15})
        for name, place, delta in (("a", here, 3), ("a", there, 3), ("d", here, -10), ("e", there, -12)):
            await made.hand(name, place, delta)
        await made.control("set_item", {"item_id": made.items["f"], "tracked": False})
        asked = await admin.call("POST", "/previews", {"selection": {"bom_ids": "all"}})
        preview_id = asked.json["preview_id"]
        assert (await last(admin, f"/previews/{preview_id}/events"))["state"] == "ready"
        yield Shown(made, admin, preview_id)


async def test_what_will_change_speaks_of_what_will(two_places: Shown) -> None:
    """Places and BOMs that move, units both ways, the ends by name, what goes to zero, and what cannot and why."""
    shop, path = two_places.shop, f"/previews/{two_places.preview_id}/changes"
    push = (await shop.call("POST", path, {"direction": "toShopify"})).json
    assert (push["cells"], push["boms"], push["up"], push["down"], push["emptied"]) == (4, 3, 6, 15, 1)
    ends = push["rise"], push["fall"]
    assert [(end["bom_id"], end["before"], end["after"]) for end in ends] == [("a", 10, 13), ("d", 10, 0)]
    assert (push["largest"], push["left_out"], push["classes"]) == (10, 0, {"local_moved": 3, "shopify_moved": 1})
    assert [(one["code"], one["count"]) for one in push["refused"]] == [("NEGATIVE_TARGET", 1)]
    assert [(one["code"], one["count"]) for one in push["not_compared"]] == [("untracked", 2)]
    assert all(one["message"] and one["remedy"] for one in push["refused"] + push["not_compared"])
    assert push["effort"]["calls"] >= 1
    assert push["effort"]["seconds"] >= 1
    pull = (await shop.call("POST", path, {"direction": "toLocal", "leave_out": {"bom_ids": ["a"]}})).json
    assert (pull["cells"], pull["boms"], pull["up"], pull["down"], pull["left_out"]) == (3, 3, 27, 0, 2)
    assert pull["fall"] is None
    missing = await shop.call("POST", f"/previews/{new_id()}/changes", {"direction": "toLocal"})
    assert missing.status == 404


async def test_rows_say_what_becomes_of_them(two_places: Shown) -> None:
    """What the local value is, what each side becomes in its direction, and why a push would leave it as it is."""
    rows = (await two_places.shop.call("GET", f"/previews/{two_places.preview_id}/rows?only=differences")).json["items"]
    told = [
        (row["bom_id"], row["local_is"], row["shopify_becomes"], row["local_becomes"], row["not_pushed"])
        for row in rows
    ]
    assert told == [
        ("a", "count", 13, 10, None),
        ("a", "count", 13, 10, None),
        ("b", "count", 10, 15, None),
        ("d", "count", 0, 10, None),
        ("e", "count", None, 10, "NEGATIVE_TARGET"),
    ]


async def test_rows_are_searched_sorted_and_exported_alike(two_places: Shown) -> None:
    """By place, by part of a name, by each column either way; a table holds the rows that the search finds."""
    here, there = two_places.world.locations
    assert await two_places.rows(f"only=differences&location_id={there}") == [("a", -3), ("e", 12)]
    assert await two_places.rows("only=differences&search=BOM%20D") == [("d", 10)]
    assert [name for name, _ in await two_places.rows("only=differences&sort=-shopify")] == ["b", "a", "a", "d", "e"]
    assert [name for name, _ in await two_places.rows("only=differences&sort=local")] == ["e", "d", "b", "a", "a"]
    assert [by for _, by in await two_places.rows("only=differences&sort=-difference")] == [12, 10, 5, -3, -3]
    query = f"only=differences&location_id={here}&search=a"
    table = (await two_places.shop.call("GET", f"/previews/{two_places.preview_id}/export.csv?{query}&sort=size")).text
    lines = list(csv.DictReader(io.StringIO(table)))
    assert [(line["bom_id"], line["base"], line["shopify_becomes"], line["local_is"]) for line in lines] == [
        ("a", "10", "13", "count")
    ]
    for asked in ("sort=-difference", "only=differences&sort=local", f"{query}&sort=name", "sort=no", "sort=size"):
        table = (await two_places.shop.call("GET", f"/previews/{two_places.preview_id}/export.csv?{asked}")).text
        exported = [line["bom_id"] for line in csv.DictReader(io.StringIO(table))]
        assert exported == [name for name, _ in await two_places.rows(asked)], asked
    wrong = await two_places.shop.call("GET", f"/previews/{two_places.preview_id}/rows?sort=colour")
    assert (wrong.status, wrong.fields) == (422, ["query.sort"])


async def test_a_job_keeps_what_was_told_and_left_out(two_places: Shown) -> None:
    """A BOM left out but for one place, and a place by itself: untouched, uncounted, told by the job and its table;
    neither its retry nor its undo takes them up."""
    here, there = two_places.world.locations
    out = {
        "bom_ids": ["a"],
        "keep": [{"bom_id": "a", "location_id": there}],
        "cells": [{"bom_id": "b", "location_id": here}],
    }
    shop = two_places.shop
    asked = {"direction": "toShopify", "leave_out": out}
    told = (await shop.call("POST", f"/previews/{two_places.preview_id}/changes", asked)).json
    job = await run(shop, "/jobs", asked | {"preview_id": two_places.preview_id, "job_id": new_id()})
    assert (told["cells"], told["left_out"]) == (job["totals"]["updated"], 2) == (2, 2)
    assert (job["leave_out_boms"], job["leave_out_cells"]) == (1, 1)
    approved = job["approved"]
    assert (approved["cells"], approved["boms"], approved["left_out"]) == (2, 2, 2)
    assert [(one["code"], one["count"]) for one in approved["refused"]] == [("NEGATIVE_TARGET", 1)]
    levels = await two_places.world.shopify()
    assert [levels[CellKey(*key)] for key in (("a", here), ("a", there), ("b", here), ("d", here))] == [10, 13, 15, 0]
    listed = (await shop.call("GET", f"/jobs/{job['job_id']}/left-out")).json
    assert [(row["bom_id"], row["location_id"]) for row in listed["items"]] == [("a", here), ("b", here)]
    assert listed["total"] == 2
    table = csv.DictReader(io.StringIO((await shop.call("GET", f"/jobs/{job['job_id']}/export.csv")).text))
    states = [(line["bom_id"], line["state"]) for line in table]
    assert states[-2:] == [("a", "left_out"), ("b", "left_out")]
    assert sum(state == "left_out" for _, state in states) == 2
    undone = await run(shop, f"/jobs/{job['job_id']}/undo", {})
    assert (undone["totals"]["total"], undone["totals"]["updated"]) == (2, 2)
    retried = await shop.call("POST", f"/jobs/{job['job_id']}/retry", {})
    assert (retried.status, "below zero" in retried.text) == (409, True)  # what was left out gives it nothing to do


async def test_what_is_left_out_has_a_bound(two_places: Shown) -> None:
    """More BOMs than a job's document holds are refused with the field, not cut."""
    body = {"direction": "toLocal", "leave_out": {"bom_ids": [f"b{no}" for no in range(201)]}}
    reply = await two_places.shop.call("POST", f"/previews/{two_places.preview_id}/changes", body)
    assert (reply.status, reply.fields) == (422, ["body.leave_out.bom_ids"])
