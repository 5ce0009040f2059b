"""The job option `activate`: what is not stocked at a location is stocked there, and pushed to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.contract.messages import JobOptions
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.mongodb.shops.shop_settings import RunSettings, ShopSettings
from shared.shopify.writes.activation import Activation, StockedAnswer
from tests.integration.shop_world import SHOP, ShopWorld, previewer, reconciler, shop_world

ACTIVATE = JobOptions(activate=True)


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A (10, 7) and B, which nobody counts (5, 6), at two locations; neither is stocked at the second any more,
    and what was there has gone."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made,
        reconciler(made),
        previewer(made),
    ):
        await made.add_boms({"A": [10, 7]}, tracks=True)
        await made.add_boms({"B": [5, 6]})
        await made.agree()
        await made.edit({(name, made.locations[1]): 0 for name in "AB"})
        for name in "AB":
            level = {"item_id": made.items[name], "location_id": made.locations[1], "active": False}
            await made.control("set_level", level)
        yield made


async def replayed(world: ShopWorld, key: CellKey) -> None:
    """Each entry of the cell's base begins where the one before ended, and the last is the present."""
    cell = await world.cell(*key)
    value: int | None = None
    condition = {"shop": SHOP, "bom_id": key.bom_id, "location_id": key.location_id, "field": "index"}
    async for entry in world.mongo.db["ledger"].find(condition).sort("seq", 1):
        assert entry["before"] == value
        value = entry["after"]
    assert value == cell.base


@pytest.mark.parametrize("previewed", [True, False])
async def test_what_is_not_stocked_is_stocked_and_pushed(world: ShopWorld, previewed: bool) -> None:
    """With the option the local value arrives at Shopify exactly, of a counted BOM and of one that is not; without it,
    and towards local values, the cell is left out."""
    there = world.locations[1]
    for direction, options in ((Direction.TO_SHOPIFY, None), (Direction.TO_LOCAL, ACTIVATE)):
        job = await world.run(direction, options=options)
        assert job["reasons"] == {"in_sync": 2, "not_stocked": 2}
    await world.hand("A", there, 2)
    preview_id = await world.preview() if previewed else None
    job = await world.run(Direction.TO_SHOPIFY, options=ACTIVATE, preview_id=preview_id)
    assert (job["totals"]["updated"], job["totals"]["errors"]) == (2, 0), job["codes"]
    shopify = await world.shopify()
    assert (shopify[CellKey("A", there)], shopify[CellKey("B", there)]) == (9, 6)
    a, b = await world.cell("A", there), await world.cell("B", there)
    assert (a.base, a.count, b.base, b.count) == (9, 9, 6, None)
    await replayed(world, CellKey("A", there))
    await replayed(world, CellKey("B", there))
    calls = await world.calls()
    assert calls["inventoryActivate"]["calls"] == 2


async def test_the_shops_setting_holds_where_a_job_says_nothing(world: ShopWorld) -> None:
    """Once it is set, a job without the option stocks and pushes; one that says no leaves the cell out."""
    there = world.locations[1]
    await ShopSettings(world.mongo.db).put(SHOP, RunSettings(activate=True), by="user:1")
    job = await world.run(Direction.TO_SHOPIFY, options=JobOptions(activate=False))
    assert job["reasons"] == {"in_sync": 2, "not_stocked": 2}
    job = await world.run(Direction.TO_SHOPIFY)
    assert (job["totals"]["updated"], job["totals"]["errors"]) == (2, 0), job["codes"]
    assert (await world.shopify())[CellKey("A", there)] == 7


async def test_a_unit_sold_right_after_stocking_is_kept(world: ShopWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The level is born at zero; a sale before the push makes that stale, and the unit is missing at the end."""
    there = world.locations[1]
    stock = Activation.stock

    async def then_sell(
        self: Activation, shop: str, item_id: str, location_id: str, *, held: int, key: str
    ) -> StockedAnswer:
        answer = await stock(self, shop, item_id, location_id, held=held, key=key)
        if item_id == world.items["A"]:
            await world.sell("A", location_id)
        return answer

    monkeypatch.setattr(Activation, "stock", then_sell)
    await world.run(Direction.TO_SHOPIFY, {"bom_ids": ["A"]}, options=ACTIVATE)
    assert (await world.shopify())[CellKey("A", there)] == 6
    cell = await world.cell("A", there)
    assert (cell.base, cell.count) == (6, 6)


async def test_a_lost_answer_of_stocking_is_asked_for_again(world: ShopWorld) -> None:
    """The same call under the same key: stocked once, and pushed once."""
    there = world.locations[1]
    await world.control("/control/faults", {"operation": "inventoryActivate", "kind": "reset_after"})
    job = await world.run(Direction.TO_SHOPIFY, {"bom_ids": ["A"]}, options=ACTIVATE)
    assert job["totals"]["updated"] == 1
    assert (await world.shopify())[CellKey("A", there)] == 7
    assert (await world.calls())["inventoryActivate"]["calls"] == 2
    assert [entry["after"] for entry in await world.ledger()] == [7]


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("sold", [0, 1])
async def test_a_level_that_still_holds_units_is_pushed_from_those(
    world: ShopWorld, monkeypatch: pytest.MonkeyPatch, *, lost: bool, keeps: bool, sold: int
) -> None:
    """Held 7, local 9: both sides hold 9, less what is sold meanwhile, whether or not a quantity that is given with an
    activation replaces what the level held, and whether or not its answer was lost."""
    there = world.locations[1]
    await world.control("/control/open_points", {"activation_keeps": keeps})
    await world.edit({("A", there): 7})
    await world.hand("A", there, 2)
    if lost:
        await world.control("/control/faults", {"operation": "inventoryActivate", "kind": "reset_after"})
    stock = Activation.stock
    sales = [sold] if sold else []

    async def and_sell(
        self: Activation, shop: str, item_id: str, location_id: str, *, held: int, key: str
    ) -> StockedAnswer:
        try:
            return await stock(self, shop, item_id, location_id, held=held, key=key)
        finally:
            for units in sales:
                await world.sell("A", location_id, units)
            sales.clear()

    monkeypatch.setattr(Activation, "stock", and_sell)
    job = await world.run(Direction.TO_SHOPIFY, {"bom_ids": ["A"]}, options=ACTIVATE)
    assert (job["totals"]["updated"], job["codes"]) == (1, {})
    assert (await world.shopify())[CellKey("A", there)] == 9 - sold
    cell = await world.cell("A", there)
    assert (cell.base, cell.count) == (9 - sold, 9 - sold)


async def test_stocked_by_somebody_else_meanwhile(world: ShopWorld) -> None:
    """Between preview and job somebody stocks it with three units, just now: those are not overridden unseen."""
    there = world.locations[1]
    preview_id = await world.preview({"bom_ids": ["A"]})
    level = {"item_id": world.items["A"], "location_id": there}
    await world.control("set_level", {**level, "active": True})
    await world.edit({("A", there): 3}, age=5)
    job = await world.run(Direction.TO_SHOPIFY, {"bom_ids": ["A"]}, options=ACTIVATE, preview_id=preview_id)
    assert job["codes"] == {"SHOPIFY_JUST_CHANGED": 1}
    assert (await world.shopify())[CellKey("A", there)] == 3
    assert (await world.cell("A", there)).count == 7


async def test_what_could_not_be_pushed_is_not_stocked(world: ShopWorld) -> None:
    """A target below zero, or no local value at all, is an error before anything is stocked."""
    there = world.locations[1]
    await world.hand("A", there, -9)
    await world.mongo.db["stock"].update_one(
        {"bom_id": "B", "location_id": there}, {"$set": {"index": None, "index_time": None}}
    )
    job = await world.run(Direction.TO_SHOPIFY, options=ACTIVATE)
    assert job["codes"] == {"NEGATIVE_TARGET": 1, "NO_LOCAL_VALUE": 1}
    assert "inventoryActivate" not in await world.calls()
    held = (await world.control("levels", method="GET"))["levels"]
    assert {level["active"] for level in held if level["location_id"] == there} == {False}


async def test_a_refusal_is_an_error_in_shopifys_words(world: ShopWorld) -> None:
    """The item is deleted between preview and job: the cell ends as an error with what Shopify says."""
    preview_id = await world.preview({"bom_ids": ["A"]})
    await world.control("delete_item", {"item_id": world.items["A"]})
    selection = {"cells": [{"bom_id": "A", "location_id": world.locations[1]}]}
    job = await world.run(Direction.TO_SHOPIFY, selection, options=ACTIVATE, preview_id=preview_id)
    assert job["codes"] == {"NOT_STOCKED": 1}
    (cell,) = (await world.cells(job["job_id"])).values()
    assert "deleted" in cell["detail"]
