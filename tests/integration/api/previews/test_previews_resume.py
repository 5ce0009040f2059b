"""A preview that was cut off goes on where it was, as jobs do: what was read and written stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from services.preview.computing.turns import MAX_TRIES
from shared.contract.messages import PreviewRequest
from shared.contract.selection import SelectionBody
from shared.mongodb.previews.documents import PREVIEWS
from shared.mongodb.schema import Document, key_of
from shared.rabbitmq.topology import PREVIEW_REQUEST
from tests.held_calls import held_calls
from tests.integration.records.stored_fields import Compared
from tests.integration.shop_world import SHOP, ShopWorld, new_id, previewer, shop_world
from tests.waiting import arrival, until, writes_to

BOMS = [f"B{number}" for number in range(8)]
ITEMS_PER_READ = 2
READS = len(BOMS) // ITEMS_PER_READ
CALLS = 1 + READS
"""Of a whole preview: the locations, and each part's items."""

LONG_AGO = timedelta(days=1, minutes=1)


@pytest.fixture
async def world(
    vhost_url: str, mongodb_uri: str, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ShopWorld]:
    """Eight BOMs at two locations, read in four parts; a process that stops gives what is under way no time."""
    monkeypatch.setattr("services.preview.computing.previewer.ROWS_PER_CALL", ITEMS_PER_READ)
    monkeypatch.setattr("services.preview.computing.turns.LAST_TURNS", 0.0)
    # So that some chosen cells are many, and no popover.
    monkeypatch.setattr("services.preview.computing.previewer.INTERACTIVE_CELLS", 4)
    # One after the other, so that the number of a call tells which part it is for.
    monkeypatch.setattr("services.preview.computing.previewer.READS_AT_ONCE", 1)
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        await made.add_boms({name: [number, number + 10] for number, name in enumerate(BOMS)})
        yield made


async def ask(world: ShopWorld, selection: Document | None = None) -> str:
    """Request a preview; returns its id."""
    chosen = SelectionBody.model_validate(selection or {"bom_ids": "all"})
    request = PreviewRequest(shop=SHOP, preview_id=new_id(), selection=chosen)
    await world.publisher.command(PREVIEW_REQUEST, request)
    return request.preview_id


async def ready(world: ShopWorld, preview_id: str) -> Document:
    """Wait for its end."""
    return await world.document("previews", preview_id, lambda one: one["state"] in {"ready", "failed"})


async def number_of_calls(world: ShopWorld) -> int:
    """Calls that the simulator has answered, or is at."""
    return Counter({name: told["calls"] for name, told in (await world.calls()).items()}).total()


async def rows_of(world: ShopWorld, preview_id: str) -> list[tuple[int, str, str, int]]:
    """Number, cell and Shopify's value of each row, in order."""
    rows = world.mongo.db["preview_rows"].find({"shop": SHOP, "preview_id": preview_id}).sort("no", 1)
    return [(row["no"], row["bom_id"], row["location_id"], row["row"]["shopify"]) async for row in rows]


def whole(world: ShopWorld) -> list[tuple[int, str, str, int]]:
    """The rows of all cells."""
    cells = [(name, place, n + 10 * i) for n, name in enumerate(BOMS) for i, place in enumerate(world.locations)]
    return [(no, *cell) for no, cell in enumerate(cells)]


SELECTIONS: dict[str, Document | None] = {
    "all": {"bom_ids": "all"},
    "named": {"bom_ids": BOMS},
    "filter": {"filter": {"text": "BOM"}},
    "cells": None,
}


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("part", range(CALLS))
async def test_a_preview_that_was_cut_off_repeats_at_most_the_part_it_was_at(
    world: ShopWorld, part: int, selection: str
) -> None:
    """Stopped in each of its calls, it goes on in another process: every row once, one call more than without."""
    chosen = SELECTIONS[selection] or {
        "cells": [{"bom_id": name, "location_id": place} for name in BOMS for place in world.locations]
    }
    before = await number_of_calls(world)
    async with held_calls(world.running.simulator, after=part) as held:
        async with previewer(world):
            preview_id = await ask(world, chosen)
            await arrival(held.arrived.wait(), what="the call it is stopped in", progress=writes_to(world.mongo.db))
        left = await world.document("previews", preview_id, lambda _: True)
        assert left["done"] == max(0, part - 1) * ITEMS_PER_READ * len(world.locations)
    async with previewer(world):
        ended = await ready(world, preview_id)
    assert (ended["state"], ended["total"], ended["done"]) == ("ready", len(whole(world)), len(whole(world)))
    assert await rows_of(world, preview_id) == whole(world)
    assert await number_of_calls(world) <= before + CALLS + 1
    assert not {"turn", "bookmark"} & set(ended)


@pytest.mark.parametrize("at_once", [2, READS + 1])
async def test_parts_are_read_side_by_side_and_written_in_order(
    world: ShopWorld, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """So many calls are under way and no more; cut off there, it repeats those alone, and every row is there once."""
    monkeypatch.setattr("services.preview.computing.previewer.READS_AT_ONCE", at_once)
    under_way = min(at_once, READS)
    before = await number_of_calls(world)
    async with held_calls(world.running.simulator, after=1) as held, previewer(world):
        preview_id = await ask(world)
        await until(lambda: held.waiting == under_way, what="calls side by side", progress=writes_to(world.mongo.db))
        left = await world.document("previews", preview_id, lambda _: True)
        assert left["done"] == 0
    async with previewer(world):
        ended = await ready(world, preview_id)
    assert (ended["state"], ended["done"]) == ("ready", len(whole(world)))
    assert await rows_of(world, preview_id) == whole(world)
    assert await number_of_calls(world) <= before + CALLS + under_way


async def test_what_is_kept_of_a_preview_under_way(world: ShopWorld) -> None:
    """Its bookmark and its figures so far are as they are described."""
    async with held_calls(world.running.simulator, after=3) as held, previewer(world):
        preview_id = await ask(world)
        await arrival(held.arrived.wait(), what="the call it is stopped in", progress=writes_to(world.mongo.db))
    left = await world.document("previews", preview_id, lambda _: True)
    assert left["bookmark"]["tally"]["kinds"] == {"differs": left["done"]}
    compared = Compared(PREVIEWS)
    compared.add(left)
    assert not compared.wrong


async def test_a_preview_that_an_earlier_build_left_starts_anew(world: ShopWorld) -> None:
    """That build kept no figures beside its bookmark: every row is read again, and each is there once."""
    async with held_calls(world.running.simulator, after=3) as held, previewer(world):
        preview_id = await ask(world)
        await arrival(held.arrived.wait(), what="the call it is stopped in", progress=writes_to(world.mongo.db))
    await world.mongo.db["previews"].update_one({"_id": key_of(SHOP, preview_id)}, {"$unset": {"bookmark.tally": ""}})
    async with previewer(world):
        ended = await ready(world, preview_id)
    assert (ended["state"], sum(ended["kinds"].values())) == ("ready", len(whole(world)))
    assert await rows_of(world, preview_id) == whole(world)


async def test_a_process_that_was_frozen_finds_its_preview_taken_over(world: ShopWorld) -> None:
    """Its turn has run out: another goes on from the documents; what the first one reads late, it does not write."""
    before = await number_of_calls(world)
    async with held_calls(world.running.simulator, after=2) as held, previewer(world):
        preview_id = await ask(world)
        await arrival(held.arrived.wait(), what="the call it is frozen in", progress=writes_to(world.mongo.db))
        world.running.simulator.faults.clear()
        first = await world.document("previews", preview_id, lambda _: True)
        over = {"turn.until": datetime.now(UTC) - timedelta(seconds=1)}
        await world.mongo.db["previews"].update_one({"_id": key_of(SHOP, preview_id)}, {"$set": over})
        async with previewer(world):
            ended = await ready(world, preview_id)
        held.release()
        assert ended["run"] != first["run"]
        assert ended["taken_from"] == first["taken_from"]
    assert await rows_of(world, preview_id) == whole(world)
    assert await number_of_calls(world) <= before + CALLS + 1


async def test_each_part_written_gives_a_preview_its_tries_anew(world: ShopWorld) -> None:
    """However often processes are replaced under a long preview, it is given up only where it gets no further."""
    preview_id = ""
    for after in (0, 1, 0, 1, 0, 1, 0, 1):
        async with held_calls(world.running.simulator, after=after) as held, previewer(world):
            preview_id = preview_id or await ask(world)
            await arrival(held.arrived.wait(), what="a call", progress=writes_to(world.mongo.db))
    left = await world.document("previews", preview_id, lambda _: True)
    assert left["turn"]["tries"] == 8 > MAX_TRIES
    async with previewer(world):
        assert (await ready(world, preview_id))["state"] == "ready"
    assert await rows_of(world, preview_id) == whole(world)


async def test_rows_too_old_to_act_on_are_read_again(world: ShopWorld) -> None:
    """A preview left half made for a day starts anew: it would be out of date as it ends."""
    async with held_calls(world.running.simulator, after=2) as held, previewer(world):
        preview_id = await ask(world)
        await arrival(held.arrived.wait(), what="the call it is stopped in", progress=writes_to(world.mongo.db))
    old = {"taken_from": datetime.now(UTC) - LONG_AGO}
    await world.mongo.db["previews"].update_one({"_id": key_of(SHOP, preview_id)}, {"$set": old})
    await world.edit({("B0", world.locations[0]): 77})
    async with previewer(world):
        ended = await ready(world, preview_id)
    assert datetime.now(UTC) - ended["taken_from"] < LONG_AGO
    rows = await rows_of(world, preview_id)
    assert rows[0][3] == 77
    assert rows[1:] == whole(world)[1:]


async def test_boms_that_come_and_go_in_between_double_and_lose_no_row(world: ShopWorld) -> None:
    """A BOM behind the bookmark that is new is read, one before it is not, and one that is gone keeps its row."""
    async with held_calls(world.running.simulator, after=3) as held, previewer(world):
        preview_id = await ask(world)
        await arrival(held.arrived.wait(), what="the call it is stopped in", progress=writes_to(world.mongo.db))
    await world.add_boms({"A": [1, 1], "Z": [2, 2]})
    await world.mongo.db["boms"].delete_one({"shop": SHOP, "bom_id": "B0"})
    async with previewer(world):
        ended = await ready(world, preview_id)
    rows = await rows_of(world, preview_id)
    assert [row[0] for row in rows] == list(range(len(rows)))
    assert [row[1] for row in rows[::2]] == [*BOMS, "Z"]
    assert ended["total"] == len(rows)
