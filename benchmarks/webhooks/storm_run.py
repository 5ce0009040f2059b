"""A whole storm: blown beside regular sweeps, settled, and measured."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from benchmarks.webhooks.storm import Storm
from benchmarks.webhooks.storm_checks import StormChecks
from benchmarks.webhooks.storm_size import StormSize
from shared.mongodb.drift.drift import DriftStore
from tests.integration.shop_world import SHOP


async def measured(run: Storm) -> dict[str, Any]:
    """The storm, what came after it, and whether all is as it must be."""
    began = time.monotonic()
    sweeping = asyncio.create_task(run.sweep_regularly())
    try:
        await run.blow()
    finally:
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)
    blown = time.monotonic()
    checks = StormChecks(run)
    after = await settle_down(run, checks)
    state = await run.statistics()
    drift = run.world.mongo.db["drift"]
    recorded = {"shop": SHOP, "state": {"$in": ["missed", "resolved"]}}
    outcomes = [group async for group in drift.aggregate([{"$group": {"_id": "$outcome", "n": {"$sum": 1}}}])]
    return {
        "size": {name: getattr(run.size, name) for name in StormSize.__dataclass_fields__},
        "cells": len(run.cells),
        "done": dict(run.did),
        "webhooks": {name: state[name] for name in ("sent", "dropped", "delivered", "failed", "attempts")},
        "answered_200": len(await checks.taken()),
        "answered_200_without_effect": len(await checks.without_effect()),
        "sweeps": run.sweeps,
        "missed_recorded": await drift.count_documents({**recorded, "late": False}),
        "recorded_and_then_late": await drift.count_documents({**recorded, "late": True}),
        "outcomes": {str(group["_id"]): group["n"] for group in outcomes},
        "open_at_the_end": await drift.count_documents({"shop": SHOP, "open": True}),
        "dead_letters": await run.world.mongo.db["dead_letters"].count_documents({}),
        "after": after,
        "wrong": await checks.wrong_cells(),
        "broken_ledgers": await checks.broken_ledgers(),
        "seconds": {"storm": round(blown - began, 1), "after": round(time.monotonic() - blown, 1)},
        "webhooks_per_second": round(state["sent"] / (blown - began), 1),
    }


async def settle_down(run: Storm, checks: StormChecks) -> dict[str, Any]:
    """After the storm: everything delivered and applied, then sweeps until nothing is open, then a person."""
    await run.world.control("webhooks/drain")

    async def all_applied() -> bool:
        return not await checks.without_effect()

    applied = await run.until(all_applied, "the effect of every webhook taken")
    await run.until(run.all_verified, "every verifying read")
    await run.world.control("webhooks", {"mode": {"drop_ratio": 1.0}})
    for _ in range(run.size.last_lost):
        await run.act()
    drift = run.world.mongo.db["drift"]

    async def judged() -> bool:
        open_ones = {"shop": SHOP, "open": True, "cell_class": "shopify_moved"}
        return not await drift.count_documents({"shop": SHOP, "state": "watched"}) and not (
            await drift.count_documents(open_ones)
        )

    await run.sweep()
    repaired = await run.until(judged, "a judgement of every watch")
    approved = await DriftStore(run.world.mongo.db).approve(SHOP, "storm", now=datetime.now(UTC))
    level = await run.until(checks.level, "every base as Shopify has it")
    await run.sweep()
    await run.until(judged, "a judgement of every watch")
    return {"all_applied": applied, "judged_and_repaired": repaired, "level": level, "approved_by_hand": approved}
