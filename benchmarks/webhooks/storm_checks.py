"""What must hold after a storm of webhooks, asked of Shopify's side and of the documents.

Every base is Shopify's value, every tracked count is its start plus Shopify's moves plus the hand adjustments, every
webhook that was answered 200 had its effect, and the ledger replays to the present.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from benchmarks.webhooks.storm import Storm
from shared.domain.batches import batches
from shared.domain.cell import CellKey
from shared.domain.stock import Stock
from shared.mongodb.schema import key_of
from tests.integration.shop_world import SHOP

TOPIC = "inventory_levels/update"


class StormChecks:
    """The questions that are asked of one storm."""

    def __init__(self, storm: Storm) -> None:
        self._storm = storm

    async def taken(self) -> list[dict[str, str]]:
        """Every webhook that was answered 200."""
        answer = await self._storm.world.control("webhooks/taken", method="GET")
        return list(answer["taken"])

    async def without_effect(self) -> list[dict[str, str]]:
        """Those answered 200 of which no transaction has noted that it was applied, or was a repeat."""
        missing: list[dict[str, str]] = []
        for part in batches(await self.taken(), 1000):
            keys = {one["webhook_id"]: self._keys(one) for one in part}
            ids = [key_of(SHOP, by_id) for by_id, _ in keys.values()]
            same = {"shop": SHOP, "event_key": {"$in": [by_event for _, by_event in keys.values()]}}
            cursor = self._storm.world.mongo.db["webhook_events"].find({"$or": [{"_id": {"$in": ids}}, same]})
            noted = {document[name] async for document in cursor for name in ("key", "event_key")}
            missing += [one for one in part if noted.isdisjoint(keys[one["webhook_id"]])]
        return missing

    @staticmethod
    def _keys(one: dict[str, str]) -> tuple[str, str]:
        body = json.loads(one["body"])
        subject = f"{body['inventory_item_id']}|{body['location_id']}"
        return f"id|{TOPIC}|{one['webhook_id']}", f"event|{TOPIC}|{one['event_id']}|{subject}"

    async def wrong_cells(self) -> dict[str, int]:
        """How many bases are not Shopify's value, and how many counts are not as their history says."""
        shopify, stock = await self._storm.world.shopify(), await self._storm.stock()
        return {
            "bases": sum(stock[key].base != value for key, value in shopify.items()),
            "counts": sum(stock[key].count != value + self._storm.hands[key] for key, value in shopify.items()),
        }

    async def level(self) -> bool:
        """Whether nothing is wrong any more."""
        return not any((await self.wrong_cells()).values())

    async def broken_ledgers(self) -> int:
        """Cells whose ledger does not replay to the present: each entry's before must be the one's after before it."""
        stock = await self._storm.stock()
        entries: dict[CellKey, list[dict[str, Any]]] = defaultdict(list)
        fields = {"bom_id": 1, "location_id": 1, "field": 1, "before": 1, "after": 1, "seq": 1}
        async for entry in self._storm.world.mongo.db["ledger"].find({"shop": SHOP}, fields).sort("seq", 1):
            entries[CellKey(entry["bom_id"], entry["location_id"])].append(entry)
        return sum(not _replays(self._storm.began_with[key], entries[key], stock[key]) for key in stock)


def _replays(start: Stock, entries: list[dict[str, Any]], stock: Stock) -> bool:
    present: dict[str, int | None] = {"count": start.count, "index": start.base}
    since = [entry for entry in entries if entry["seq"] > start.ledger_seq]
    for number, entry in enumerate(since, start.ledger_seq + 1):
        if entry["seq"] != number or entry["before"] != present[entry["field"]]:
            return False
        present[entry["field"]] = entry["after"]
    return present == {"count": stock.count, "index": stock.base}


def complaints(figures: dict[str, Any]) -> list[str]:
    """What was not as it must be."""
    size = figures["size"]
    checks = {
        "a base is not Shopify's value": figures["wrong"]["bases"] == 0,
        "a count is not start + Shopify's moves + hand adjustments": figures["wrong"]["counts"] == 0,
        "a webhook answered 200 had no effect": figures["answered_200_without_effect"] == 0,
        "a ledger does not replay to the present": figures["broken_ledgers"] == 0,
        "too few webhooks": figures["webhooks"]["sent"] >= size["webhooks"],
        "a webhook was given up": figures["webhooks"]["failed"] == 0,
        "a missed webhook stands open": figures["open_at_the_end"] == 0,
        "no missed webhook was recorded": figures["missed_recorded"] > 0,
        "not every accident happened": sum(n for name, n in figures["done"].items() if name.endswith("ed"))
        == size["restarts"] + size["indexer_kills"],
        "a webhook became a dead letter": figures["dead_letters"] == 0,
    }
    return [complaint for complaint, held in checks.items() if not held]
