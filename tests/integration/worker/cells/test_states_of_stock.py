"""Every state of stock at Shopify, in both directions: a value is exact, and what has none is never a zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from shared.contract.messages import JobOptions
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.stock import Stock
from shared.mongodb.schema import Document
from shared.mongodb.stock import stock as stock_module
from shared.reading.locations import refresh_locations
from tests.backends.places import DatabasePool, VhostPool
from tests.integration.shop_world import SHOP, ShopWorld, reconciler, shop_world

LIMIT = 1_000_000_000
HERE, THERE, CLOSED, SERVICE = range(4)


@dataclass(frozen=True)
class Seen:
    """A cell after a job: how it ended, its stock before and after, and Shopify's levels before and after."""

    end: Document
    before: Stock
    after: Stock
    level_before: dict[str, Any] | None
    level: dict[str, Any] | None

    @property
    def outcome(self) -> tuple[str, str | None]:
        """State, and reason or code."""
        return self.end["state"], self.end["reason"] or self.end["code"]

    @property
    def untouched(self) -> bool:
        """Neither side has changed."""
        same = (self.before.base, self.before.count) == (self.after.base, self.after.count)
        return same and self.level == self.level_before


@dataclass
class States:
    """The cells of two jobs over the same shop, one per direction."""

    places: list[str]
    seen: dict[Direction, dict[CellKey, Seen]]

    def at(self, direction: Direction, bom: str, place: int = HERE) -> Seen:
        """A cell."""
        return self.seen[direction][CellKey(bom, self.places[place])]


BOMS = ("plain", "untracked", "unstocked", "inactive", "bundle", "deleted", "negative", "bounds", "committed")


async def arrange(world: ShopWorld) -> None:
    """Each BOM in its state; the local count is 2 above what Shopify held, and Shopify has moved by 1 since."""
    await world.add_boms({name: [10, 10, 10, 10] for name in BOMS}, tracks=True)
    await world.agree()
    for name in BOMS:
        for place in world.locations:
            await world.hand(name, place, 2)
    await world.edit({(name, place): 11 for name in BOMS for place in world.locations})
    await world.edit({("negative", world.locations[HERE]): -3, ("bounds", world.locations[HERE]): LIMIT})
    await world.hand("negative", world.locations[HERE], -20)
    await world.hand("bounds", world.locations[HERE], LIMIT)
    line = {"item_id": world.items["committed"], "location_id": world.locations[HERE], "quantity": 4}
    await world.control("sell", {"lines": [{**line, "age_seconds": 900}], "silent": True})
    await world.edit({("committed", world.locations[HERE]): 7})
    items, here = world.items, world.locations[HERE]
    await world.control("set_item", {"item_id": items["untracked"], "tracked": False})
    await world.control("set_item", {"item_id": items["bundle"], "bundle": True})
    await world.control("set_level", {"item_id": items["inactive"], "location_id": here, "active": False})
    await world.control("delete_item", {"item_id": items["deleted"]})
    await world.control("deactivate_location", {"location_id": world.locations[CLOSED]})


async def look(world: ShopWorld) -> tuple[dict[CellKey, Stock], dict[CellKey, dict[str, Any]]]:
    """The stock of every cell, and the levels at Shopify."""
    keys = [CellKey(name, place) for name in BOMS for place in world.locations]
    stock = {key: cell.stock for key, cell in (await world.stock.load(SHOP, keys)).items()}
    by_item = {item: bom for bom, item in world.items.items()}
    listed = (await world.control("levels", method="GET"))["levels"]
    shown = ("available", "on_hand", "active")
    return stock, {
        CellKey(by_item[level["item_id"]], level["location_id"]): {name: level[name] for name in shown}
        for level in listed
        if level["item_id"] in by_item
    }


async def run(
    amqp_url: str, mongodb_uri: str, name: str, direction: Direction
) -> tuple[list[str], dict[CellKey, Seen]]:
    """One shop in all states, and one job over it."""
    async with shop_world(amqp_url, mongodb_uri, name, locations=3) as world, reconciler(world):
        service = {"name": "Service", "fulfillment_service": True, "inventory_management": True}
        made = await world.control("locations", {"locations": [service]})
        world.locations.append(made["locations"][0]["id"])
        listed = await refresh_locations(SHOP, world.boms, world.reads)
        assert {place for place, one in listed.items() if one.fulfillment_service} == {world.locations[SERVICE]}
        await arrange(world)
        tenant = world.running.simulator.tenants[SHOP].shop
        del tenant.levels_of_item[world.items["unstocked"]][world.locations[HERE]]
        tenant.levels_at_location[world.locations[HERE]].pop(world.items["unstocked"])
        stock, levels = await look(world)
        job = await world.run(direction, options=JobOptions(allow_negative=True))
        after, levels_after = await look(world)
        cells = await world.cells(job["job_id"])
        return world.locations, {
            key: Seen(cells[key], stock[key], after[key], levels.get(key), levels_after.get(key)) for key in stock
        }


@pytest.fixture(scope="module")
async def states(amqp_url: str, vhosts: VhostPool, mongodb_uri: str, databases: DatabasePool) -> States:
    """Both jobs, run once for the module, each in a vhost and a database of its own.

    Their verifying reads, which would take over what Shopify moved, are put off until after the looks.
    """
    places: list[str] = []
    seen: dict[Direction, dict[CellKey, Seen]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stock_module, "VERIFY_DELAY", timedelta(hours=1))
        for direction in Direction:
            vhost, database = vhosts.take(), databases.take()
            url = urlsplit(amqp_url)._replace(path=f"/{vhost}").geturl()
            try:
                places, seen[direction] = await run(url, mongodb_uri, database, direction)
            finally:
                await vhosts.give_back(vhost)
                databases.give_back(database)
    return States(places, seen)


def both(states: States, bom: str, outcome: tuple[str, str | None], place: int = HERE) -> None:
    """The cell ends the same in both directions, and neither side is touched."""
    for direction in Direction:
        seen = states.at(direction, bom, place)
        assert seen.outcome == outcome, direction
        assert seen.untouched, direction


async def test_a_tracked_item_goes_both_ways(states: States) -> None:
    """toShopify sets the local count, toLocal takes Shopify's value: exactly."""
    pushed = states.at(Direction.TO_SHOPIFY, "plain")
    assert (pushed.outcome, pushed.level, pushed.after.count) == (
        ("updated", None),
        {"available": 12, "on_hand": 12, "active": True},
        12,
    )
    pulled = states.at(Direction.TO_LOCAL, "plain")
    assert (pulled.outcome, pulled.level_before, pulled.after.count, pulled.after.base) == (
        ("updated", None),
        pulled.level,
        11,
        11,
    )


async def test_an_untracked_item_is_left_out(states: States) -> None:
    """Shopify does not track it: `untracked`, whatever number its level shows."""
    both(states, "untracked", ("skipped", "untracked"))


async def test_an_item_without_a_level_is_left_out(states: States) -> None:
    """It was never stocked there: `not_stocked`, and its cells elsewhere go."""
    both(states, "unstocked", ("skipped", "not_stocked"))
    assert states.at(Direction.TO_SHOPIFY, "unstocked", THERE).outcome == ("updated", None)


async def test_an_inactive_level_is_left_out(states: States) -> None:
    """It is stocked there no more: `not_stocked`, though the level is still listed."""
    both(states, "inactive", ("skipped", "not_stocked"))
    assert states.at(Direction.TO_LOCAL, "inactive").level is not None


async def test_an_inactive_location_is_left_out(states: States) -> None:
    """Every cell of a deactivated location: `location_inactive`; of a deleted item there is nothing to say so."""
    for name in BOMS:
        if name != "deleted":
            both(states, name, ("skipped", "location_inactive"), CLOSED)


async def test_the_stock_of_a_fulfilment_service_is_its_own(states: States) -> None:
    """The cells of its location: `fulfillment_service`."""
    for name in BOMS:
        if name != "deleted":
            both(states, name, ("skipped", "fulfillment_service"), SERVICE)


async def test_a_bundle_is_pulled_and_never_pushed(states: States) -> None:
    """Shopify computes its stock: pushing it is an error that says so, accepting its value is not."""
    pushed = states.at(Direction.TO_SHOPIFY, "bundle")
    assert (pushed.outcome, pushed.untouched) == (("error", "BUNDLE_PARENT"), True)
    pulled = states.at(Direction.TO_LOCAL, "bundle")
    assert (pulled.outcome, pulled.after.count) == (("updated", None), 11)


async def test_a_deleted_item_is_an_error_at_every_location(states: States) -> None:
    """Shopify does not know it any more: an error, never a zero."""
    for place in range(4):
        both(states, "deleted", ("error", "ITEM_NOT_FOUND"), place)


async def test_negative_quantities_are_exact(states: States) -> None:
    """Oversold stock is pulled and, where it is allowed, pushed as it is: never clamped."""
    pulled = states.at(Direction.TO_LOCAL, "negative")
    assert (pulled.outcome, pulled.after.count) == (("updated", None), -3)
    pushed = states.at(Direction.TO_SHOPIFY, "negative")
    assert (pushed.outcome, pushed.before.count) == (("updated", None), -8)
    assert pushed.level is not None
    assert pushed.level["available"] == -8


async def test_the_bounds_of_a_quantity(states: States) -> None:
    """The largest quantity is pulled exactly; a count beyond it is not sent at all."""
    pulled = states.at(Direction.TO_LOCAL, "bounds")
    assert (pulled.outcome, pulled.after.count) == (("updated", None), LIMIT)
    pushed = states.at(Direction.TO_SHOPIFY, "bounds")
    assert (pushed.outcome, pushed.untouched) == (("error", "QUANTITY_OUT_OF_RANGE"), True)


async def test_available_is_never_mixed_with_on_hand(states: States) -> None:
    """Four units are committed to orders: what is compared, pulled and set is what is available, without them."""
    pulled = states.at(Direction.TO_LOCAL, "committed")
    assert pulled.level_before is not None
    assert (pulled.level_before["available"], pulled.level_before["on_hand"]) == (7, 11)
    assert (pulled.outcome, pulled.after.count) == (("updated", None), 7)
    pushed = states.at(Direction.TO_SHOPIFY, "committed")
    assert (pushed.outcome, pushed.after.count) == (("updated", None), 12)
    assert pushed.level is not None
    assert (pushed.level["available"], pushed.level["on_hand"]) == (12, 16)
