"""After a preview the list agrees with it: the same values, classes and numbers, with the age of what was read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.api.api_setup import ApiShop
from tests.integration.api.jobs.test_api_whole_way import admin_of, last
from tests.integration.shop_world import ShopWorld, reconciler, shop_world


@dataclass
class Listed:
    """A shop and its list."""

    world: ShopWorld
    admin: ApiShop

    async def preview(self) -> dict[str, Any]:
        """Take a preview of everything; returns it with its rows, by BOM and location."""
        asked = await self.admin.call("POST", "/previews", {"selection": {"bom_ids": "all"}})
        path = f"/previews/{asked.json['preview_id']}"
        ready: dict[str, Any] = await last(self.admin, f"{path}/events")
        assert ready["state"] == "ready"
        rows = (await self.admin.call("GET", f"{path}/rows?limit=100")).json["items"]
        return ready | {"rows": {(row["bom_id"], row["location_id"]): row for row in rows}}

    async def cells(self, query: str = "") -> dict[tuple[str, str], dict[str, Any]]:
        """What the list shows."""
        page = (await self.admin.call("GET", f"/boms?with_cells=true{query}")).json["items"]
        return {(bom["bom_id"], cell["location_id"]): cell for bom in page for cell in bom["cells"]}

    async def found(self, query: str) -> list[str]:
        """The BOMs that a query lists."""
        return [bom["bom_id"] for bom in (await self.admin.call("GET", f"/boms?{query}")).json["items"]]


@pytest.fixture
async def listed(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[Listed]:
    """Four BOMs at two locations: a agrees, b and c moved at Shopify unseen, c is counted besides, d is not tracked
    there any more."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made,
        reconciler(made),
        admin_of(made) as admin,
    ):
        await made.add_boms({name: [10, 20] for name in "abcd"}, tracks=True)
        await made.agree()
        here, there = made.locations
        await made.edit({("b", here): 15, ("c", there): 1})
        await made.hand("c", there, 4)
        await made.control("set_item", {"item_id": made.items["d"], "tracked": False})
        yield Listed(made, admin)


async def test_the_list_shows_what_the_preview_has_read(listed: Listed) -> None:
    """Row by row the same values and class, found by them and sorted by them, each with the time it was read at."""
    before = datetime.now(UTC).replace(microsecond=0)
    assert await listed.found("differs=true") == ["c"]
    preview = await listed.preview()
    cells = await listed.cells()
    for key, row in preview["rows"].items():
        cell = cells[key]
        if row["reason"] is not None:
            assert (cell["cell_class"], cell["reason"], cell["differs"]) == ("not_compared", row["reason"], False)
            continue
        shown = {name: cell[name] for name in ("shopify_value", "local_value", "difference", "cell_class")}
        assert shown == {name: row[name] for name in shown}
        assert cell["differs"] is (row["difference"] != 0)
        assert datetime.fromisoformat(cell["seen_at"]) >= before
    assert await listed.found("differs=true") == ["b", "c"]
    assert await listed.found("class=shopify_moved") == ["b"]
    assert await listed.found("class=both_moved") == ["c"]
    assert await listed.found("sort=-difference") == ["c", "b", "a", "d"]
    facets = (await listed.admin.call("GET", "/facets")).json
    assert facets["differ"] == preview["badges"]["with_discrepancies"] == 2


async def test_it_moves_no_count_no_base_and_puts_nothing_out_of_date(listed: Listed) -> None:
    """What is shown is shown: stock, ledger and `rev` stay, and a preview taken before is still good to act on."""
    first = await listed.preview()
    stock = listed.world.mongo.db["stock"]
    shown = {"seen": 0, "known_class": 0, "known_difference": 0}
    before = [d async for d in stock.find({}, shown).sort("_id", 1)]
    entries = await listed.world.ledger()
    here, _ = listed.world.locations
    await listed.world.edit({("b", here): 16})
    second = await listed.preview()
    assert second["rows"]["b", here]["difference"] == 6
    assert (await listed.cells())["b", here]["difference"] == 6
    assert [d async for d in stock.find({}, shown).sort("_id", 1)] == before
    assert await listed.world.ledger() == entries
    asked = await listed.admin.call("POST", "/jobs", {"direction": "toLocal", "preview_id": first["preview_id"]})
    job = await listed.world.ended(asked.json["job_id"])
    assert (await listed.world.cell("b", here)).count == 16
    assert job["totals"]["errors"] <= 1  # c was counted by hand since both sides agreed: a person looks first


async def test_it_goes_with_the_next_that_is_heard(listed: Listed) -> None:
    """A run, or a second preview that finds Shopify back where it was: the list shows that and nothing older."""
    here, _ = listed.world.locations
    await listed.preview()
    await listed.world.edit({("b", here): 10})
    await listed.preview()
    cell = (await listed.cells())["b", here]
    assert (cell["shopify_value"], cell["cell_class"], cell["differs"]) == (10, "in_sync", False)
    await listed.world.edit({("b", here): 12})
    await listed.preview()
    assert "b" in await listed.found("differs=true")
    asked = await listed.admin.call("POST", "/jobs", {"direction": "toLocal", "selection": {"bom_ids": ["b"]}})
    await listed.world.ended(asked.json["job_id"])
    cell = (await listed.cells())["b", here]
    assert (cell["shopify_value"], cell["local_value"], cell["cell_class"]) == (12, 12, "in_sync")
    assert await listed.found("differs=true") == ["c"]


async def test_another_item_was_never_read(listed: Listed) -> None:
    """When the earlier item was read says nothing of the one that a BOM is mapped to now."""
    await listed.preview()
    document = await listed.world.mongo.db["boms"].find_one({"bom_id": "a"})
    assert document is not None
    assert set(document["read_at"]) == set(listed.world.locations)
    await listed.world.mongo.db["boms"].delete_one({"bom_id": "d"})
    reply = await listed.admin.call(
        "PUT", "/boms", {"bom_id": "a", "inventory_item_id": listed.world.items["d"], "name": "a"}
    )
    assert reply.status == 200, reply.text
    assert {cell["seen_at"] for key, cell in (await listed.cells()).items() if key[0] == "a"} == {None}
