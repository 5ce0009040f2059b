"""The judge: says whether Shopify and the app's own records agree, cell by cell.

A reader of its own: it replays the simulator's ledger, cross-checks it with the levels, and reads MongoDB's documents
as they are. It shares no code with what it judges, the comparison least of all.

`python -m deploy.local.demo.judge --simulator URL --shop DOMAIN --mongodb URI --database NAME` exits 0 only if every
comparable cell agrees, and names those that do not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

from pymongo import MongoClient

Cell = tuple[str, str]
"""An inventory item and a location."""

_TIMEOUT = 60.0
"""Seconds without a byte of an answer."""


@dataclass(frozen=True)
class Disagreement:
    """One cell that does not agree, and how. `bom_id` is empty where only Shopify's own two accounts differ."""

    bom_id: str
    bom_name: str
    location_id: str
    item_id: str
    what: str
    shopify: int | None
    base: int | None
    count: int | None

    def __str__(self) -> str:
        """One line for a person."""
        where = f"{self.bom_id or 'item ' + self.item_id} ({self.bom_name}) at location {self.location_id}"
        return f"{where}: {self.what}: Shopify {self.shopify}, base {self.base}, count {self.count}"


@dataclass
class Judgement:
    """What was judged."""

    compared: int = 0
    not_compared: dict[str, int] = field(default_factory=dict)
    disagreements: list[Disagreement] = field(default_factory=list)

    @property
    def agree(self) -> bool:
        """Whether there was something to compare, and all of it agrees."""
        return self.compared > 0 and not self.disagreements


def judge(simulator: str, shop: str, mongodb: str, database: str) -> Judgement:
    """Compare every cell of the shop's BOMs."""
    control = f"{simulator}/control/shops/{quote(shop)}"
    levels = {(level["item_id"], level["location_id"]): level for level in _get(f"{control}/levels")["levels"]}
    replayed = _replay(_get(f"{control}/ledger?after_seq=0")["entries"])
    verdict = Judgement(disagreements=_accounts_differ(levels, replayed))
    with MongoClient[dict[str, Any]](mongodb, serverSelectionTimeoutMS=int(_TIMEOUT * 1000)) as client:
        records = client[database]
        locations = list(records["locations"].find({"shop": shop}))
        boms = list(records["boms"].find({"shop": shop}).sort("bom_id", 1))
        stock = {(d["bom_id"], d["location_id"]): d for d in records["stock"].find({"shop": shop})}
    not_compared: Counter[str] = Counter()
    for bom in boms:
        for location in locations:
            level = levels.get((bom["inventory_item_id"], location["location_id"]))
            reason = _why_not(bom, location, level)
            if reason is not None or level is None:
                not_compared[reason or "not stocked"] += 1
                continue
            verdict.compared += 1
            document = stock.get((bom["bom_id"], location["location_id"]))
            wrong = _wrong(bom, replayed.get((level["item_id"], level["location_id"]), 0), document)
            if wrong is not None:
                verdict.disagreements.append(
                    Disagreement(
                        bom["bom_id"],
                        bom["name"],
                        location["location_id"],
                        level["item_id"],
                        wrong,
                        replayed.get((level["item_id"], level["location_id"]), 0),
                        None if document is None else document["index"],
                        None if document is None else document["count"],
                    )
                )
    verdict.not_compared = dict(not_compared)
    return verdict


def _get(url: str) -> Any:
    with urlopen(url, timeout=_TIMEOUT) as response:  # noqa: S310  # the simulator's address, given by the caller
        return json.load(response)


def _replay(entries: list[dict[str, Any]]) -> dict[Cell, int]:
    """The present values: each entry starts where the one before it ended, the first at nothing. Raises ValueError."""
    values: dict[Cell, int] = {}
    for entry in entries:
        cell = (entry["item_id"], entry["location_id"])
        if values.get(cell, 0) != entry["before"]:
            raise ValueError(f"Shopify's ledger has a gap before entry {entry['seq']}")
        values[cell] = entry["after"]
    return values


def _accounts_differ(levels: dict[Cell, dict[str, Any]], replayed: dict[Cell, int]) -> list[Disagreement]:
    """Cells for which Shopify's ledger and its levels tell different values: then neither can be judged by."""
    cells = sorted(levels.keys() | replayed.keys())
    return [
        Disagreement("", "", cell[1], cell[0], "ledger and level of Shopify differ", replayed.get(cell, 0), None, None)
        for cell in cells
        if cell not in levels or levels[cell]["available"] != replayed.get(cell, 0)
    ]


def _why_not(bom: dict[str, Any], location: dict[str, Any], level: dict[str, Any] | None) -> str | None:
    """Why a cell cannot be compared, or None."""
    if bom["externally_managed"]:
        return "managed by another tool"
    if level is None:
        return "location inactive" if not location["active"] else "not stocked"
    if level["item_deleted"]:
        return "variant deleted"
    if not level["location_active"]:
        return "location inactive"
    if location["fulfillment_service"]:
        return "fulfilment service"
    if not level["tracked"]:
        return "not tracked"
    return None if level["active"] else "not stocked"


def _wrong(bom: dict[str, Any], shopify: int, document: dict[str, Any] | None) -> str | None:
    """What does not agree, or None."""
    if document is None:
        return "no stock record"
    if document["item_id"] != bom["inventory_item_id"]:
        return "the stock record is another item's"
    if document["index"] != shopify:
        return "the base differs"
    if bom["tracks_pre_assembled"] and document["count"] != shopify:
        return "the count differs"
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0 only if every comparable cell agrees."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.demo.judge", description=__doc__.partition("\n")[0])
    parser.add_argument("--simulator", default=os.environ.get("TRUEUP_DEMO_SIMULATOR"), help="its address")
    parser.add_argument("--shop", default=os.environ.get("TRUEUP_DEMO_SHOP"), help="the shop's domain")
    parser.add_argument("--mongodb", default=os.environ.get("TRUEUP_MONGODB_URI"), help="connection string")
    parser.add_argument("--database", default=os.environ.get("TRUEUP_MONGODB_DATABASE"), help="the database's name")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args(arguments)
    for name in ("simulator", "shop", "mongodb", "database"):
        if not getattr(given, name):
            parser.error(f"--{name} is missing")
    verdict = judge(given.simulator, given.shop, given.mongodb, given.database)
    print(json.dumps(asdict(verdict), indent=2) if given.json else in_words(verdict))  # noqa: T201  # the output
    return 0 if verdict.agree else 1


def in_words(verdict: Judgement) -> str:
    """The verdict on a few lines."""
    besides = ", ".join(f"{reason} {cells}" for reason, cells in sorted(verdict.not_compared.items()))
    lines = [f"disagrees: {wrong}" for wrong in verdict.disagreements]
    lines.append(
        f"{verdict.compared} cells compared, {len(verdict.disagreements)} disagreements"
        + (f"; not comparable: {besides}" if besides else "")
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
