"""Nothing is written but what was named, nothing beyond the points is spent, and the values are as before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shared.certifying.certification import PROBES
from shared.certifying.guard import LIMIT, OutsideWhatWasNamed
from shared.certifying.levels import Wanted
from shared.certifying.named import CannotCertify
from shared.certifying.operations import SET_ROWS, UNSTOCK, Operation
from shared.certifying.probes.probing import Probing
from shared.certifying.report import Verdict
from shared.shopify.shop_queries import PROBE
from simulator.faults import Fault
from simulator.shop.stocking import NewVariant, add_product
from tests.integration.certify.certified import AS_BEFORE, Store

NewStore = Callable[[], Store]
LEVELS = [(AS_BEFORE[0], True), (AS_BEFORE[1], True), (100, True)]


async def _another_item(probing: Probing) -> None:
    given = probing.levels.input([Wanted(0, 5, None)])
    rows = [{**row, "inventoryItemId": "gid://shopify/InventoryItem/99"} for row in given["quantities"]]
    await probing.calls.call(SET_ROWS, {"input": {**given, "quantities": rows}, "key": "k"})


async def _another_location(probing: Probing) -> None:
    given = probing.levels.input([Wanted(0, 5, None)])
    elsewhere = [*given["quantities"], {**given["quantities"][0], "locationId": "gid://shopify/Location/3"}]
    await probing.calls.call(SET_ROWS, {"input": {**given, "quantities": elsewhere}, "key": "k"})


async def _a_bare_number(probing: Probing) -> None:
    given = probing.levels.input([Wanted(0, 5, None)])
    rows = [{**row, "inventoryItemId": "99"} for row in given["quantities"]]
    await probing.calls.call(SET_ROWS, {"input": {**given, "quantities": rows}, "key": "k"})


async def _another_level(probing: Probing) -> None:
    await probing.calls.call(UNSTOCK, {"level": "gid://shopify/InventoryLevel/1?inventory_item_id=2", "key": "k"})


async def _another_text(probing: Probing) -> None:
    await probing.calls.call(Operation("shop", PROBE, 1), {})


@pytest.mark.parametrize(
    "planted",
    [_another_item, _another_location, _a_bare_number, _another_level, _another_text],
    ids=lambda p: p.__name__,
)
async def test_a_probe_that_goes_elsewhere_is_refused_before_the_network(
    new_store: NewStore, tmp_path: Path, planted: Callable[[Probing], object]
) -> None:
    """Shopify hears nothing of it, and the run ends with the values as before."""
    store = await new_store().open()
    heard: list[int] = []

    async def probe(probing: Probing) -> None:
        await probing.set([Wanted(0, 50, AS_BEFORE[0])])
        heard.append(len(store.tenant.stock.ledger))
        calls = store.tenant.calls.as_json()["operations"]
        before = sum(figures["calls"] for figures in calls.values())
        try:
            await planted(probing)  # type: ignore[misc]  # each is a coroutine function
        finally:
            now = store.tenant.calls.as_json()["operations"]
            heard.append(sum(figures["calls"] for figures in now.values()) - before)

    with pytest.raises(OutsideWhatWasNamed, match="nothing was sent"):
        await store.certify(tmp_path, probes={"planted": probe})
    assert heard == [1, 0]
    assert store.values() == LEVELS


async def test_only_what_was_named_has_changed(new_store: NewStore, tmp_path: Path) -> None:
    """Of a whole run no entry in the shop's ledger is about anything else, and no subscription is left."""
    store = await new_store().open()
    shop = store.tenant.shop
    now = store.running.simulator.clock.now()
    other = add_product(shop, "Other", [NewVariant("Default Title", tracked=True)], now).variants[0].item
    for place in store.places:
        shop.add_level(other, shop.locations[place], now).available = 9
    await store.certify(tmp_path)
    ledger = store.tenant.stock.ledger
    assert ledger
    assert {entry.item_id for entry in ledger} == {store.item_id}
    assert {entry.location_id for entry in ledger} == set(store.places)
    assert store.tenant.webhooks.subscriptions == {}


async def test_it_stops_before_the_limit(new_store: NewStore, tmp_path: Path) -> None:
    """Where each row costs dearly the probes that are left are not tried, and what was kept back restores."""
    store = new_store()
    store.running.simulator.open_points.points_per_quantity = 25
    await store.open()
    report = await store.certify(tmp_path)
    assert report.stopped is not None
    assert "points are spent" in report.stopped
    assert report.not_tried
    assert store.points <= LIMIT
    assert store.values() == LEVELS


async def test_a_level_that_was_not_stocked_is_not_stocked_afterwards(new_store: NewStore, tmp_path: Path) -> None:
    """The second location may be one where the item is not stocked; there it ends as it was."""
    store = await new_store().open()
    level = store.tenant.shop.levels_of_item[store.item_id][store.places[1]]
    level.stocked = False
    report = await store.certify(tmp_path)
    assert [line.fact.id for line in report.otherwise] == []
    assert store.values() == [(AS_BEFORE[0], True), (AS_BEFORE[1], False), (100, True)]


@pytest.mark.parametrize("trouble", ["committed", "untracked", "unknown", "nowhere"])
async def test_what_may_not_be_certified_on_is_refused(new_store: NewStore, tmp_path: Path, trouble: str) -> None:
    """A variant with orders, without tracking, that is not there, or stocked at neither location: nothing changes."""
    store = await new_store().open()
    item = store.tenant.shop.items[store.item_id]
    levels = store.tenant.shop.levels_of_item[store.item_id]
    asked = store.asked()
    if trouble == "committed":
        levels[store.places[0]].committed = 1
    elif trouble == "untracked":
        item.tracked = False
    elif trouble == "unknown":
        asked = replace(asked, variant_id="5")
    else:
        for place in store.places:
            levels[place].stocked = False
    async with store.certification(tmp_path) as made:
        with pytest.raises(CannotCertify):
            await made.look(asked)
    assert store.tenant.stock.ledger == []
    if trouble == "committed":
        async with store.certification(tmp_path) as made:
            assert (await made.look(replace(asked, expendable=True))).item_id == store.item_id


async def test_a_probe_that_cannot_be_carried_out_says_so(new_store: NewStore, tmp_path: Path) -> None:
    """The others go on; its facts are not tried, with the reason."""
    store = await new_store().open()
    faults = store.running.simulator.faults
    faults.add(Fault(0, kind="status", status=500, shop=store.domain, operation="bulkOperationRunQuery", count=9))
    report = await store.certify(tmp_path, probes={name: PROBES[name] for name in ("bulk", "keys")})
    faults.clear()
    lines = {line.fact.id: line for line in report.lines}
    assert lines["bulk.levels"].verdict is Verdict.NOT_TRIED
    assert "HTTP 500" in lines["bulk.levels"].note
    assert lines["key.same-body"].verdict is Verdict.AS_BELIEVED
    assert store.values() == LEVELS
