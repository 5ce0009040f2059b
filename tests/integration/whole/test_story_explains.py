"""Everything that can change a count or a base, done to a shop: the life of each cell explains its present."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from services.preview.bootstrap import PreviewService
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.stock import Stock
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.mongodb.stock.adjustments import Adjustment
from tests.integration.api.api_setup import CLIENT_ID, SECRET, ApiShop, ApiWorld, session_token
from tests.integration.shop_world import SHOP, ShopWorld
from tests.integration.story_replay import explains, story
from tests.integration.sweeper.drift_setup import DriftWorld, drift_world


@asynccontextmanager
async def admin_of(world: ShopWorld) -> AsyncIterator[ApiShop]:
    """The shop's admin, which may ask as often as it likes."""
    more = {
        "shopify_client_id": CLIENT_ID,
        "shopify_client_secret_previous": SecretStr(SECRET),
        "requests_per_second": 10_000,
    }
    settings = world.settings.model_copy(update=more)
    service = await PreviewService.start(settings, port=0)
    api = ApiWorld(service, settings, world.mongo, world.http, "")
    try:
        yield ApiShop(SHOP, api, RecordStore(world.mongo.db, world.mongo.transactions), session_token(SHOP))
    finally:
        await service.stop()


async def stocks(world: ShopWorld, *bom_ids: str) -> dict[CellKey, Stock]:
    """The stock of these BOMs' cells."""
    keys = [CellKey(bom_id, place) for bom_id in bom_ids for place in world.locations]
    return {key: cell.stock for key, cell in (await world.stock.load(SHOP, keys)).items()}


@pytest.mark.long
async def test_every_change_of_a_cell_is_told(vhost_url: str, mongodb_uri: str, database_name: str) -> None:
    """Counts, orders, runs both ways, an undo, a repair, mapping, tracking, removal: replayed, each story is true."""
    async with drift_world(vhost_url, mongodb_uri, database_name, boms=1) as drift, admin_of(drift.shop) as shop:
        world = drift.shop
        other = await _make(world, shop)
        place = world.locations[0]
        await _live(drift, shop, other)
        await drift.drained()
        await world.verified()
        told = await explains(shop, (await stocks(world, "ash", "elm", "oak")).items())
        assert {"counted", "reported", "first_read", "pushed", "pulled", "undone", "repaired", "missed"} <= told.keys()
        assert {"corrected", "left", "mapped"} <= told.keys()
        events = await story(shop, CellKey("ash", place))
        by_kind: Mapping[str, Any] = {event["kind"]: event for event in reversed(events)}
        assert by_kind["pushed"]["told"] == f"Run {by_kind['pushed']['run']['no']} pushed 12 to Shopify, which held 9."
        assert by_kind["reported"]["told"] == (
            "Shopify reported 9: an order or a change there took 1. The count here followed, from 10 to 9."
        )
        assert by_kind["repaired"]["who"] == "Trueup (automatic)"
        missed = by_kind["missed"]
        assert (missed["why"], missed["changed"]) == ("It was put right by a repair.", False)
        undone = by_kind["undone"]
        assert undone["run"]["of_no"] == by_kind["pushed"]["run"]["no"]


async def _make(world: ShopWorld, shop: ApiShop) -> str:
    """Three BOMs; returns an item that none has."""
    body = [
        {
            "sku": name,
            "levels": [{"location_id": place, "available": 10, "age_seconds": 900} for place in world.locations],
        }
        for name in ("ash", "elm", "oak", "other")
    ]
    items = (await world.control("items", {"items": body}))["items"]
    *mine, other = [str(item["id"]) for item in items]
    world.items |= dict(zip(("ash", "elm", "oak"), mine, strict=True))
    for name in ("ash", "elm", "oak"):
        wanted = WantedBom(name, world.items[name], name, tracks_pre_assembled=name != "oak")
        await shop.records.upsert(SHOP, wanted, reference="user:42")
    return other


async def _live(drift: DriftWorld, shop: ApiShop, other: str) -> None:
    world = drift.shop
    here = world.locations[0]
    chosen = {"bom_ids": ["ash", "elm", "oak"]}
    await drift.sweep(full=True)  # the first bases
    await world.run(Direction.TO_LOCAL, chosen)
    await world.sell("ash", here, 1)
    await drift.drained()
    await shop.records.adjust(SHOP, Adjustment(CellKey("ash", here), "k1", "counted", "user:42", count=12))
    pushed = await world.run(Direction.TO_SHOPIFY, {"cells": [{"bom_id": "ash", "location_id": here}]})
    assert pushed["totals"]["updated"] == 1, pushed
    await world.verified()
    undo = await shop.call("POST", f"/jobs/{pushed['job_id']}/undo", {})
    await world.ended(undo.json["job_id"])
    await world.verified()
    await shop.records.adjust(SHOP, Adjustment(CellKey("ash", here), "k2", "corrected", "user:42", delta=-3))
    await world.run(Direction.TO_LOCAL, {"cells": [{"bom_id": "ash", "location_id": here}]})
    await world.verified()
    await drift.webhooks(drop_next=1)
    await world.sell("ash", here, 2)
    await drift.sweep()
    await drift.until(1, state="resolved", outcome="repaired")
    await world.verified()
    # A run that leaves the place as it was: below zero.
    await shop.records.adjust(SHOP, Adjustment(CellKey("elm", here), "k3", "corrected", "user:42", delta=-100))
    await world.run(Direction.TO_SHOPIFY, {"cells": [{"bom_id": "elm", "location_id": here}]})
    await shop.records.upsert(SHOP, WantedBom("oak", other, "oak", tracks_pre_assembled=True), reference="user:42")
    await shop.records.adjust(SHOP, Adjustment(CellKey("oak", here), "k4", "counted", "user:42", count=5))
    world.items["oak"] = other
    await drift.sweep(full=True)
