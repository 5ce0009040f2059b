"""The demo's judge: it says that both sides agree only where they do, and names the cell where they do not."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from deploy.local.demo.judge import main
from shared.mongodb.schema import key_of
from tests.integration.shop_world import SHOP, ShopWorld, shop_world
from tests.waiting import ended

Judged = Callable[[], Awaitable[tuple[int, str, dict[str, Any]]]]


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """Two BOMs at two locations in agreement, one of them counted."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        await made.add_boms({"COUNTED": [5, 0]}, tracks=True)
        await made.add_boms({"PLAIN": [9, 10]})
        await made.agree()
        yield made


def arguments_for(world: ShopWorld) -> list[str]:
    """What tells the judge where everything is."""
    settings = world.settings
    servers = ["--simulator", world.running.url, "--mongodb", settings.mongodb_uri.get_secret_value()]
    return [*servers, "--shop", SHOP, "--database", settings.mongodb_database]


@pytest.fixture
def judged(world: ShopWorld, capsys: pytest.CaptureFixture[str]) -> Judged:
    """The judge, asked in words and for JSON: exit code, words, document."""

    async def ask(*more: str) -> tuple[int, str]:
        # It asks the simulator, which is in this process.
        code = await asyncio.to_thread(main, [*arguments_for(world), *more])
        return code, capsys.readouterr().out

    async def judge() -> tuple[int, str, dict[str, Any]]:
        capsys.readouterr()
        code, words = await ask()
        same_code, document = await ask("--json")
        assert code == same_code
        return code, words, json.loads(document)

    return judge


async def test_the_judge_is_a_command(world: ShopWorld) -> None:
    """Run as a program it tells by its exit code, and its output is the verdict."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.demo.judge", *arguments_for(world)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await ended(process, what="the judge")
    assert (process.returncode, output) == (0, b"4 cells compared, 0 disagreements\n")


async def test_a_shop_in_agreement_is_told_so(judged: Judged) -> None:
    """Every comparable cell agrees: exit 0, and the number of cells is said."""
    code, words, document = await judged()
    assert (code, document["compared"], document["disagreements"]) == (0, 4, [])
    assert "4 cells compared, 0 disagreements" in words


@pytest.mark.parametrize(
    ("bom_id", "field", "name"),
    [("PLAIN", "index", "base"), ("COUNTED", "index", "base"), ("COUNTED", "count", "count")],
)
async def test_a_broken_stock_record_is_named(
    world: ShopWorld, judged: Judged, bom_id: str, field: str, name: str
) -> None:
    """One number of one record that is off by one makes the exit code 1 and names BOM and location."""
    place = world.locations[1]
    await world.mongo.db["stock"].update_one({"_id": key_of(SHOP, bom_id, place)}, {"$inc": {field: 1}})
    code, words, document = await judged()
    assert code == 1
    (wrong,) = document["disagreements"]
    assert (wrong["bom_id"], wrong["location_id"], wrong["what"]) == (bom_id, place, f"the {name} differs")
    assert bom_id in words
    assert place in words


async def test_a_level_changed_without_a_webhook_is_named(world: ShopWorld, judged: Judged) -> None:
    """A change at Shopify that nobody told of makes the exit code 1 and names the cell."""
    place = world.locations[0]
    await world.edit({("PLAIN", place): 3})
    code, words, document = await judged()
    assert code == 1
    (wrong,) = document["disagreements"]
    assert (wrong["bom_id"], wrong["location_id"], wrong["shopify"], wrong["base"]) == ("PLAIN", place, 3, 9)
    assert f"PLAIN (BOM PLAIN) at location {place}" in words


async def test_a_missing_record_or_base_is_no_agreement(world: ShopWorld, judged: Judged) -> None:
    """A comparable cell without a record, or never read, disagrees: missing is never zero."""
    here, there = world.locations
    await world.mongo.db["stock"].delete_one({"_id": key_of(SHOP, "PLAIN", here)})
    await world.mongo.db["stock"].update_one({"_id": key_of(SHOP, "COUNTED", there)}, {"$set": {"index": None}})
    code, _, document = await judged()
    assert code == 1
    found = {(wrong["bom_id"], wrong["location_id"]): wrong["what"] for wrong in document["disagreements"]}
    assert found == {("PLAIN", here): "no stock record", ("COUNTED", there): "the base differs"}


async def test_ledger_and_level_of_shopify_must_tell_the_same(world: ShopWorld, judged: Judged) -> None:
    """A level that its own ledger does not explain is no evidence: exit 1, naming the item."""
    item, place = world.items["PLAIN"], world.locations[0]
    level = world.running.simulator.shops[SHOP].level(item, place)
    assert level is not None
    level.available += 1
    code, words, _ = await judged()
    assert code == 1
    assert "ledger and level of Shopify differ" in words
    assert item in words


async def test_cells_that_cannot_be_compared_are_counted_with_their_reason(world: ShopWorld, judged: Judged) -> None:
    """Untracked, deleted and inactive are no disagreement, and each is counted; nothing compared is no agreement."""
    await world.control("set_item", {"item_id": world.items["PLAIN"], "tracked": False})
    await world.control("deactivate_location", {"location_id": world.locations[1]})
    code, _, document = await judged()
    assert (code, document["compared"]) == (0, 1)
    assert document["not_compared"] == {"location inactive": 2, "not tracked": 1}
    await world.control("delete_item", {"item_id": world.items["COUNTED"]})
    code, _, document = await judged()
    assert (code, document["compared"], document["not_compared"]["variant deleted"]) == (1, 0, 2)
