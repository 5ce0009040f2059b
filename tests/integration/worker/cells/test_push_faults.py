"""Pushes under trouble: sales meanwhile, lost answers, refusals, throttling, pauses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from ulid import ULID

from shared.contract.messages import JobRequest
from shared.contract.selection import SelectionBody
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.rabbitmq.topology import JOB_REQUEST
from tests.integration.shop_world import SHOP, ShopWorld, previewer, reconciler, shop_world


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """Five BOMs that track at 2 locations, each count 3 above Shopify's value; services running."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made,
        reconciler(made, watchdog_every=0.5, silent_after=timedelta(seconds=2)),
        previewer(made),
    ):
        await made.add_boms({name: [7, 7] for name in "ABCDE"}, tracks=True)
        await made.agree()
        for name in "ABCDE":
            for location in made.locations:
                await made.hand(name, location, 3)
        yield made


async def test_a_sale_after_the_preview_is_kept(world: ShopWorld) -> None:
    """7 at Shopify, 10 counted, one sold before the push: both end at 9."""
    here = world.locations[0]
    preview_id = await world.preview()
    await world.sell("A", here, 1)
    job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
    assert job["totals"]["updated"] == 10
    assert (await world.shopify())[CellKey("A", here)] == 9
    await world.verified()
    settled = await world.document("stock", f"A|{here}", lambda _: True)
    assert (settled["index"], settled["count"]) == (9, 9)


async def test_a_hand_adjustment_after_the_preview_is_included(world: ShopWorld) -> None:
    """Two more counted after the preview go to Shopify with the approved correction."""
    here = world.locations[0]
    preview_id = await world.preview()
    await world.hand("A", here, 2)
    await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
    assert (await world.shopify())[CellKey("A", here)] == 12
    assert (await world.cell("A", here)).count == 12


async def test_a_lost_answer_is_asked_for_with_the_same_key(world: ShopWorld) -> None:
    """The answer of a push that Shopify applied is lost: the same body and key again, one change."""
    await world.control("/control/faults", {"operation": "inventorySetQuantities", "kind": "reset_after", "count": 2})
    job = await world.run(Direction.TO_SHOPIFY)
    assert job["totals"]["updated"] == 10
    ledger = await world.ledger()
    assert len(ledger) == 10
    assert len({entry["idempotency_key"] for entry in ledger}) == 1
    push = await world.mongo.db["pushes"].find_one({"shop": SHOP})
    assert push is not None
    assert push["sends"] == 3


async def test_a_key_that_runs_twice_is_doubted_and_never_pushed_again(world: ShopWorld) -> None:
    """The answer is lost and the same key is executed again: one change each, none claims to know, none is retried."""
    await world.control("/control/open_points", {"repeated_key_executes": True})
    await world.control("/control/faults", {"operation": "inventorySetQuantities", "kind": "reset_after"})
    job = await world.run(Direction.TO_SHOPIFY)
    assert job["codes"] == {"OUTCOME_UNKNOWN": 10}
    assert len(await world.ledger()) == 10
    again = await world.run(Direction.TO_SHOPIFY)
    assert again["codes"] == {"OUTCOME_UNKNOWN": 10}
    assert len(await world.ledger()) == 10
    accepted = await world.run(Direction.TO_LOCAL)
    assert accepted["totals"]["errors"] == 0
    assert (await world.cell("A", world.locations[0])).count == 10


async def test_a_push_that_was_only_throttled_is_not_doubted(world: ShopWorld) -> None:
    """A send that Shopify is known not to have executed leaves no doubt: stale rows are pushed anew."""
    preview_id = await world.preview()
    await world.sell("A", world.locations[0], 1)
    await world.control("/control/faults", {"operation": "inventorySetQuantities", "kind": "throttled", "count": 2})
    job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
    assert (job["totals"]["updated"], job["codes"]) == (10, {})
    assert (await world.shopify())[CellKey("A", world.locations[0])] == 9


async def test_throttling_is_waited_out(world: ShopWorld) -> None:
    """THROTTLED and 429 with a fractional Retry-After are tried again; nothing is counted as a crash."""
    await world.control("/control/faults", {"operation": "inventorySetQuantities", "kind": "throttled", "count": 1})
    await world.control(
        "/control/faults",
        {"operation": "inventorySetQuantities", "kind": "status", "status": 429, "retry_after": 0.3, "count": 1},
    )
    job = await world.run(Direction.TO_SHOPIFY)
    assert job["totals"]["updated"] == 10
    assert len(await world.ledger()) == 10
    assert {cell["attempts"] for cell in (await world.cells(job["job_id"])).values()} == {1}


async def test_a_paused_shop_resumes_where_it_was(world: ShopWorld) -> None:
    """402 pauses the shop; after it the job runs to its end by itself."""
    await world.control("status", {"status": "frozen"})
    job_id = await world.request(Direction.TO_SHOPIFY)
    shop = await _shop(world, "paused")
    assert shop["pause_reason"] == "frozen"
    await world.control("calls/reset")
    await world.control("status", {"status": "active"})
    await world.shops.resume(SHOP)
    job = await world.ended(job_id)
    assert job["totals"]["updated"] == 10


async def test_negative_target_is_an_error_unless_the_shop_allows_it(world: ShopWorld) -> None:
    """A target below zero ends as NEGATIVE_TARGET, the others go; with the option it is pushed exactly."""
    here = world.locations[0]
    await world.hand("A", here, -15)
    job = await world.run(Direction.TO_SHOPIFY)
    assert job["codes"] == {"NEGATIVE_TARGET": 1}
    assert job["totals"]["updated"] == 9
    await world.shops.add(SHOP, "shpat_tests", allow_negative=True)
    job = await world.run(Direction.TO_SHOPIFY)
    assert job["totals"]["updated"] == 1
    assert (await world.shopify())[CellKey("A", here)] == -5


async def test_a_fresh_change_at_shopify_is_not_overridden(world: ShopWorld) -> None:
    """A missed change younger than the grace period ends as SHOPIFY_JUST_CHANGED; an older one is pushed over."""
    here, there = world.locations
    await world.edit({("A", here): 5}, age=10)
    await world.edit({("A", there): 5}, age=600)
    preview_id = await world.preview()
    job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
    assert job["codes"] == {"SHOPIFY_JUST_CHANGED": 1}
    shopify = await world.shopify()
    assert (shopify[CellKey("A", here)], shopify[CellKey("A", there)]) == (5, 10)


async def test_what_was_sold_while_a_job_could_not_begin_is_not_overridden(world: ShopWorld) -> None:
    """A job without a preview that waited out an outage keeps the sales whose webhooks were refused meanwhile: its id
    tells when it was asked for, wherever it has waited."""
    here, there = world.locations
    await world.edit({("A", here): 5}, age=300)
    await world.edit({("A", there): 5}, age=900)
    selection = SelectionBody(bom_ids="all")
    asked = str(ULID.from_datetime(datetime.now(UTC) - timedelta(seconds=600)))
    message = JobRequest(shop=SHOP, job_id=asked, direction=Direction.TO_SHOPIFY, selection=selection)
    await world.publisher.command(JOB_REQUEST, message)
    job = await world.ended(message.job_id)
    assert job["codes"] == {"SHOPIFY_JUST_CHANGED": 1}
    shopify = await world.shopify()
    assert (shopify[CellKey("A", here)], shopify[CellKey("A", there)]) == (5, 10)


async def test_a_hand_adjustment_is_never_overwritten_unseen(world: ShopWorld) -> None:
    """toLocal over a count adjusted since the preview ends as LOCAL_CHANGED_SINCE_PREVIEW."""
    here = world.locations[0]
    preview_id = await world.preview()
    await world.hand("A", here, 1)
    job = await world.run(Direction.TO_LOCAL, preview_id=preview_id)
    assert job["codes"] == {"LOCAL_CHANGED_SINCE_PREVIEW": 1}
    assert (await world.cell("A", here)).count == 11
    assert (await world.cell("B", here)).count == 7


async def test_mixed_refusal_is_isolated_row_by_row_without_paths(world: ShopWorld) -> None:
    """Where Shopify names no row and only the first stale one, the bad rows are still found and the others go."""
    await world.control("/control/open_points", {"stale_lists_all": False, "stale_paths": False})
    preview_id = await world.preview()
    for name in "ABC":
        await world.sell(name, world.locations[0], 1)
    await world.control("set_item", {"item_id": world.items["E"], "bundle": True})
    job = await world.run(Direction.TO_SHOPIFY, preview_id=preview_id)
    assert job["codes"] == {"BUNDLE_PARENT": 2}
    assert job["totals"]["updated"] == 8
    shopify = await world.shopify()
    assert [shopify[CellKey(name, world.locations[0])] for name in "ABCDE"] == [9, 9, 9, 10, 7]
    assert len(await world.ledger()) == 8


async def _shop(world: ShopWorld, status: str) -> dict[str, object]:
    """The shop's document, once it has this status."""
    async with world.mongo.db["shops"].watch(max_await_time_ms=100) as changes:
        while True:
            shop: dict[str, object] | None = await world.mongo.db["shops"].find_one({"_id": SHOP})
            if shop is not None and shop["status"] == status:
                return shop
            await changes.try_next()
