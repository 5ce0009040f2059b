"""A shop with everything running: webhooks come in, the sweeper sweeps when it is asked to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.reconciler.sweeper.sweeper import SweepTimes
from services.webhook_ingest.bootstrap import ROLES, WebhookIngestService, WebhookRole
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.drift.sweeps import SweepStore
from shared.mongodb.schema import Document
from tests.integration.shop_world import SHOP, ShopWorld, reconciler, shop_world
from tests.waiting import changed

GRACE = timedelta(seconds=1)
TIMES = SweepTimes(
    every=timedelta(hours=1), grace=GRACE, follow=timedelta(seconds=0.2), marker=1.0, tick=0.05, measure_every=0.1
)
"""Sweeps only when asked for: the shop's own turn comes in the hour."""


@dataclass
class DriftWorld:
    """The shop, and ways to act on what the sweeper does."""

    shop: ShopWorld
    sweeps: SweepStore
    drift: DriftStore
    ingest: WebhookIngestService

    async def sweep(self, *, full: bool = False) -> None:
        """Ask for a sweep and wait for its end."""
        await self.sweeps.ask(SHOP, full=full, at=datetime.now(UTC))

        async def over() -> bool:
            state = await self.sweeps.state(SHOP)
            return state is not None and state.asked_at is None

        await changed(self.shop.mongo.db["shops"], over, what="the end of the sweep")

    async def documents(self, **condition: Any) -> list[Document]:
        """Drift documents."""
        return [document async for document in self.shop.mongo.db["drift"].find({"shop": SHOP, **condition})]

    async def until(self, number: int, **condition: Any) -> list[Document]:
        """Wait until so many drift documents fit the condition; returns them."""
        drift, fitting = self.shop.mongo.db["drift"], {"shop": SHOP, **condition}

        async def so_many() -> bool:
            return await drift.count_documents(fitting) == number

        await changed(drift, so_many, what=f"{number} of drift {condition}")
        return await self.documents(**condition)

    async def grace_passes(self, grace: timedelta) -> None:
        """What is watched now was first seen a grace period earlier."""
        earlier = {
            name: {"$dateSubtract": {"startDate": f"${name}", "unit": "second", "amount": int(grace.total_seconds())}}
            for name in ("since", "due_at")
        }
        await self.shop.mongo.db["drift"].update_many({"shop": SHOP, "state": "watched"}, [{"$set": earlier}])

    async def no_watch_is_left(self) -> None:
        """Wait until every watched cell has been judged."""
        await self.until(0, state="watched")

    async def webhooks(self, **mode: Any) -> Any:
        """How webhooks go wrong from now on."""
        return await self.shop.control("webhooks", {"mode": mode})

    async def drained(self, bom_id: str | None = None) -> None:
        """Every webhook sent has been delivered and processed: those of one BOM, or all."""
        await self.shop.control("webhooks/drain", {})

        def of(levels: Mapping[Any, int | None]) -> dict[Any, int | None]:
            return {key: value for key, value in levels.items() if bom_id in {None, key[0]}}

        async def level() -> bool:
            return of(await self.bases()) == of(await self.shop.shopify())

        await changed(self.shop.mongo.db["stock"], level, what="every base as Shopify has it")

    async def bases(self) -> dict[Any, int | None]:
        """The base of every cell."""
        shopify = await self.shop.shopify()
        stock = await self.shop.stock.load(SHOP, shopify)
        return {key: cell.stock.base for key, cell in stock.items()}

    async def policy(self, **values: Any) -> None:
        """The shop's policy."""
        stored = {"mode": "repair", "max_share": 0.2, "max_move": 1000, "jobs_per_hour": 12, "quiet": None} | values
        await self.shop.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": {"drift_policy": stored}})

    async def jobs(self) -> list[Document]:
        """The shop's jobs."""
        return [job async for job in self.shop.mongo.db["jobs"].find({"shop": SHOP})]


@asynccontextmanager
async def drift_world(
    amqp_url: str,
    mongodb_uri: str,
    database: str,
    *,
    boms: int = 10,
    locations: int = 2,
    tracks: bool = True,
    subscribed: bool = False,
    roles: frozenset[WebhookRole] = ROLES,
    times: SweepTimes = TIMES,
) -> AsyncIterator[DriftWorld]:
    """Some BOMs in agreement, swept once in full. `subscribed`: Trueup keeps its subscriptions itself."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(shop_world(amqp_url, mongodb_uri, database, locations=locations))
        # What outgoing webhooks are sent to stands on this machine.
        world.settings = world.settings.model_copy(update={"private_targets": True})
        ingest = await WebhookIngestService.start(world.settings, roles=roles)
        stack.push_async_callback(ingest.stop)
        url = f"http://127.0.0.1:{ingest.port}/webhooks/shopify"
        if subscribed:
            world.settings = world.settings.model_copy(update={"webhook_url": url})
        else:
            await world.control("webhooks", {"url": url})
        await world.add_boms({f"B{n:03}": [50] * locations for n in range(boms)}, tracks=tracks)
        await world.agree()
        await stack.enter_async_context(reconciler(world, sweep_times=times))
        made = DriftWorld(world, SweepStore(world.mongo.db), DriftStore(world.mongo.db), ingest)
        await made.sweep()
        yield made
