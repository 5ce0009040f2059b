"""A shop with schedules, and who takes the word of their outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.reconciler.bootstrap import ReconcilerService
from services.reconciler.schedules.role import ScheduleTimes
from shared.contract.messages import JobOptions
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.domain.run_limits import RunLimits
from shared.domain.schedule import Action, Missed, Timing
from shared.mongodb.schedules.schedule import ScheduleWanted
from shared.mongodb.schedules.schedules import ScheduleStore
from shared.mongodb.schema import Document
from tests.integration.shop_world import SHOP, ShopWorld, new_id, previewer, reconciler, shop_world
from tests.waiting import changed

SECRET = "a secret of fair length"
TIMES = ScheduleTimes(tick=0.05, pauses=(timedelta(milliseconds=50), timedelta(milliseconds=50)))
HOURLY = Timing.hourly(0)


@dataclass
class Scheduled:
    """A shop with schedules."""

    shop: ShopWorld
    schedules: ScheduleStore
    stack: AsyncExitStack

    async def put(self, **values: Any) -> str:
        """A schedule whose moment was now, or `late` ago; returns its id. `broken`: what its document says instead.

        `timing_off`: it has no moment.
        """
        schedule_id = new_id()
        due_at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - values.pop("late", timedelta(0))
        off = values.pop("timing_off", False)
        url, broken = values.pop("url", None), values.pop("broken", None)
        wanted = ScheduleWanted(
            name="Hourly",
            enabled=True,
            action=Action.RECONCILE,
            direction=Direction.TO_LOCAL,
            selection=SelectionBody(bom_ids="all"),
            options=JobOptions(),
            timing=HOURLY,
            time_zone="UTC",
            missed=Missed.RUN_ONCE,
            limits=RunLimits(max_share=1),
        )
        await self.schedules.put(
            SHOP,
            schedule_id,
            replace(wanted, **values),
            next_at=None if off else due_at,
            target_url=url,
            secret=SECRET,
            by="test",
        )
        if broken is not None:
            await self.shop.mongo.db["schedules"].update_one({"schedule_id": schedule_id}, {"$set": broken})
        return schedule_id

    async def start(self, *, many: int = 1, previews: bool = True, **more: Any) -> list[ReconcilerService]:
        """So many reconcilers; `previews`: beside them somebody computes previews."""
        if previews:
            await self.stack.enter_async_context(previewer(self.shop))
        given = {"schedule_times": TIMES, "watchdog_every": 0.2} | more
        made = [reconciler(self.shop, **given) for _ in range(many)]
        return list(await asyncio.gather(*(self.stack.enter_async_context(one) for one in made)))

    async def runs(self, number: int, *, told: str | None = None, **condition: Any) -> list[Document]:
        """Wait until so many runs fit the condition; returns them, the oldest first."""
        if told is not None:
            condition["telling.state"] = told
        runs = self.shop.mongo.db["schedule_runs"]

        async def so_many() -> list[Document]:
            found = [run async for run in runs.find({"shop": SHOP, **condition}).sort("due_at", 1)]
            return found if len(found) == number else []

        return await changed(runs, so_many, what=f"{number} runs {condition}")

    async def jobs(self) -> list[Document]:
        """The shop's jobs."""
        return [job async for job in self.shop.mongo.db["jobs"].find({"shop": SHOP})]


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[Scheduled]:
    """Two BOMs at two locations, each two units off where Shopify moved unheard of; nothing runs yet."""
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(shop_world(vhost_url, mongodb_uri, database_name, locations=2))
        made.settings = made.settings.model_copy(update={"private_targets": True})
        await made.add_boms({"B1": [5, 5], "B2": [5, 5]}, tracks=True)
        await made.agree()
        await made.edit({(bom, place): 7 for bom in ("B1", "B2") for place in made.locations})
        keys = [key.get_secret_value() for key in made.settings.token_keys]
        yield Scheduled(made, ScheduleStore(made.mongo.db, keys), stack)
