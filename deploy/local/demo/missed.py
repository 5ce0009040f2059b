"""Missed webhooks: sales of which Shopify tells nobody, found by the sweeper with evidence, and repaired."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from deploy.local.demo.demo_shop import DemoShop
from deploy.local.demo.drift import agreeing_cells
from deploy.local.demo.simulated_shop import SimulatedShop
from deploy.local.demo.waiting import until
from services.command_line.connections.client import Client
from services.command_line.terminal.tables import Column, number, show_table
from shared.domain.cell import CellKey
from shared.mongodb.drift.sweeps import SweepStore

LOST = 3
_SOLD = 2
_COLUMNS = (
    Column("BOM", "name", 3),
    Column("Location", "name", 2),
    Column("Known", "number"),
    Column("Shopify", "number"),
    Column("Now", "number"),
    Column("Changed"),
    Column("Found"),
)
_EVIDENCE = (
    *("bom_id", "bom_name", "location_id", "location_name", "base", "shopify", "shopify_time", "since", "taken_at"),
    *("detected_at", "cell_class", "job_id", "outcome", "late"),
)


async def show_missed(client: Client, shop: SimulatedShop, demo: DemoShop, out: Console) -> list[dict[str, Any]]:
    """Lose some webhooks, have the shop swept, and print what was found and done; returns the evidence.

    Raises LocalNodeError where they are not found and repaired.
    """
    cells = [cell for cell in await agreeing_cells(client, shop, demo) if cell.product.tracks and cell.value >= _SOLD]
    chosen = cells[:: max(1, len(cells) // LOST)][:LOST]
    await shop.edit_unheard({cell.level: cell.value - _SOLD for cell in chosen})
    await SweepStore(client.mongo.db).ask(shop.domain, full=False, at=datetime.now(UTC))
    drift = client.mongo.db["drift"]
    repaired = {"shop": shop.domain, "state": "resolved", "outcome": "repaired"}

    async def states() -> list[str]:
        return [document["state"] async for document in drift.find({"shop": shop.domain}, {"state": 1}).sort("_id", 1)]

    async def all_repaired() -> bool:
        return bool(await drift.count_documents(repaired) == len(chosen))

    await until(f"{len(chosen)} missed webhooks are found and repaired", all_repaired, states)
    evidence = [
        {name: document[name] for name in _EVIDENCE} async for document in drift.find(repaired).sort("drift_id", 1)
    ]
    stock = await client.stock.load(shop.domain, [_key(found) for found in evidence])
    for found in evidence:
        cell = stock.get(_key(found))
        found["base_now"] = None if cell is None else cell.stock.base
    _show(evidence, out)
    return evidence


def _key(found: dict[str, Any]) -> CellKey:
    return CellKey(found["bom_id"], found["location_id"])


def _show(evidence: list[dict[str, Any]], out: Console) -> None:
    out.print(f"{len(evidence)} sales at Shopify, and the webhook of none of them arrives. The sweeper finds:")
    lines = [
        (
            found["bom_name"] or found["bom_id"],
            found["location_name"] or found["location_id"],
            number(found["base"]),
            number(found["shopify"]),
            number(found["base_now"]),
            f"{found['shopify_time']:%H:%M:%S}",
            f"{found['detected_at']:%H:%M:%S}",
        )
        for found in evidence
    ]
    show_table(out, _COLUMNS, lines)
    for job_id in sorted({found["job_id"] for found in evidence}):
        out.print("Only Shopify had moved, so the policy lets them be repaired:")
        out.print(f"repair job {job_id}", soft_wrap=True)
