"""Everything that can be asked for by a message, with how it is asked for and how it ends once the message is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aio_pika

from services.preview.bootstrap import PreviewService
from services.reconciler.schedules.role import ScheduleTimes
from services.reconciler.shop_upkeep.departure_check import REDACT_AFTER
from services.reconciler.sweeper.sweeper import SweepTimes
from services.webhook_ingest.bootstrap import WebhookIngestService
from shared.contract.messages import JobOptions, PreviewRequest
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.domain.schedule import Action, Missed, Timing
from shared.mongodb.drift.sweeps import SweepStore
from shared.mongodb.schedules.schedule import ScheduleWanted
from shared.mongodb.schedules.schedules import ScheduleStore
from shared.mongodb.schema import Document
from shared.rabbitmq.topology import PREVIEW_REQUEST, QUEUES, Queue
from tests.held_calls import held_calls
from tests.integration.api.access.session_tokens import session_token
from tests.integration.command_line.command_line_runs import Ended, trueup
from tests.integration.importer.import_runs import Ran, run_import
from tests.integration.ingest.ingest_setup import headers_of, sign
from tests.integration.shop_world import CLIENT_SECRET, SHOP, ShopWorld, new_id, previewer, reconciler
from tests.waiting import arrival, changed, stored, writes_to

SOON = timedelta(milliseconds=300)
SWEEPS = SweepTimes(every=timedelta(hours=1), grace=SOON, follow=timedelta(milliseconds=100), marker=1.0, tick=0.05)
SCHEDULES = ScheduleTimes(tick=0.05)
NEVER = 10_000.0
"""Seconds: a watchdog that looks once, as it starts."""

LEAVES, LEFT, TOLD = "leaves.myshopify.com", "left.myshopify.com", "told.myshopify.com"


@dataclass
class Reset:
    """A shop, and what was asked of it."""

    shop: ShopWorld
    how: str
    tmp: Path
    hook: str
    asked: dict[str, str]
    commands: dict[str, asyncio.Task[Ended]]

    async def broker(self) -> None:
        """Every message that waits is gone."""
        await lose(self.shop, QUEUES, self.how)

    async def document(self, collection: str, name: str, wanted: Callable[[Document], bool]) -> Document:
        """Wait until what was asked for under this name is as wanted."""
        return await self.shop.document(collection, self.asked[name], wanted)


async def lose(world: ShopWorld, queues: tuple[Queue, ...], how: str) -> None:
    """Empty the queues, or delete them with all in them."""
    url = world.settings.amqp_url.get_secret_value()
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        for queue in queues:
            if how == "deleted":
                await channel.queue_delete(queue.name)
            else:
                await (await channel.get_queue(queue.name)).purge()


@asynccontextmanager
async def api(world: ShopWorld) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """A running preview service; returns how to call it."""
    service = await PreviewService.start(world.settings, port=0)

    async def call(method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {session_token()}"}
        url = f"http://127.0.0.1:{service.port}/api{path}"
        async with world.http.request(method, url, json=body, headers=headers) as response:
            answer = await response.json()
            assert response.status < 300, answer
            return answer

    try:
        yield call
    finally:
        await service.stop()


@asynccontextmanager
async def webhooks(world: ShopWorld, **more: Any) -> AsyncIterator[Callable[..., Awaitable[None]]]:
    """A running webhook service; returns how to send a signed webhook that must be taken."""
    service = await WebhookIngestService.start(world.settings, port=0, **more)

    async def send(shop: str, topic: str, content: Any) -> None:
        body = json.dumps(content).encode()
        headers = headers_of(topic, shop, body, hmac_sha256=sign(body, CLIENT_SECRET))
        url = f"http://127.0.0.1:{service.port}/webhooks/shopify"
        async with world.http.post(url, data=body, headers=headers) as response:
            assert response.status == 200

    try:
        yield send
    finally:
        await service.stop()


def one(bom_id: str) -> Document:
    """The selection of a BOM."""
    return {"bom_ids": [bom_id]}


async def cells_of_a_job(reset: Reset) -> None:
    """Planned and published; no worker takes them."""
    async with reconciler(reset.shop, roles={"planner"}):
        reset.asked["cells"] = await reset.shop.request(Direction.TO_SHOPIFY, one("cells"))
        await reset.shop.published(reset.asked["cells"])


async def a_cancellation(reset: Reset) -> None:
    """Of a job that runs, by the command line; no planner takes it."""
    async with reconciler(reset.shop, roles={"planner"}):
        reset.asked["cancel"] = await reset.shop.request(Direction.TO_SHOPIFY, one("cancel"))
        await reset.document("jobs", "cancel", lambda job: job["state"] == "running")
    ran = await trueup(reset.shop.settings, "jobs", "cancel", reset.asked["cancel"], "--shop", SHOP)
    assert ran.code == 0, ran


async def results_of_cells(reset: Reset) -> None:
    """A worker ends them; no aggregator hears of it."""
    async with reconciler(reset.shop, roles={"planner", "worker"}):
        reset.asked["results"] = await reset.shop.request(Direction.TO_SHOPIFY, one("results"))
        await reset.shop.document_where("cells", {"bom_id": "results", "state": "updated"})


async def the_end_of_the_job_before(reset: Reset) -> None:
    """A second job waits for the first, which ends; no planner hears of it."""
    async with reconciler(reset.shop, roles={"planner"}):
        first = await reset.shop.request(Direction.TO_SHOPIFY, one("ended"))
        await reset.shop.document("jobs", first, lambda job: job["state"] == "running")
        reset.asked["ended"] = await reset.shop.request(Direction.TO_SHOPIFY, one("ended"))
        await reset.document("jobs", "ended", lambda job: job["waits_for"] == first)
    async with reconciler(reset.shop, roles={"worker", "aggregator"}, watchdog_every=NEVER):
        await reset.shop.document("jobs", first, lambda job: job["state"] == "completed")


async def a_preview_that_was_begun(reset: Reset) -> None:
    """By a client's message; its process stops within its first call."""
    request = PreviewRequest(shop=SHOP, preview_id=new_id(), selection=SelectionBody(bom_ids="all"))
    reset.asked["begun"] = request.preview_id
    async with held_calls(reset.shop.running.simulator) as held, previewer(reset.shop):
        await reset.shop.publisher.command(PREVIEW_REQUEST, request)
        await arrival(held.arrived.wait(), what="its first call", progress=writes_to(reset.shop.mongo.db))


async def a_repair(reset: Reset) -> None:
    """A sweeper finds a missed webhook and asks for a job; no planner takes it."""
    await reset.shop.edit({("drift", reset.shop.locations[0]): 9})
    await SweepStore(reset.shop.mongo.db).ask(SHOP, full=True, at=datetime.now(UTC))
    async with webhooks(reset.shop, roles={"indexer"}), reconciler(reset.shop, roles={"sweeper"}, sweep_times=SWEEPS):
        await reset.shop.document_where("jobs", {"source": "drift"})


async def scheduled(reset: Reset, name: str, action: Action, direction: Direction | None) -> None:
    """A schedule's moment comes and its run is asked for; nobody takes it."""
    keys = [key.get_secret_value() for key in reset.shop.settings.token_keys]
    schedule_id = reset.asked[name] = new_id()
    wanted = ScheduleWanted(
        name=name,
        enabled=True,
        action=action,
        direction=direction,
        selection=SelectionBody.model_validate(one(name)),
        options=JobOptions(),
        timing=Timing.hourly(0),
        time_zone="UTC",
        missed=Missed.RUN_ONCE,
    )
    due_at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    await ScheduleStore(reset.shop.mongo.db, keys).put(
        SHOP, schedule_id, wanted, next_at=due_at, target_url=reset.hook, secret="a secret of fair length", by="test"
    )
    async with reconciler(reset.shop, roles={"sweeper"}, sweep_times=SWEEPS, schedule_times=SCHEDULES):
        # A reconcile is compared before it begins.
        asked = "comparing" if action is Action.RECONCILE else "running"
        await reset.shop.document_where("schedule_runs", {"schedule_id": schedule_id, "state": asked})


async def a_scheduled_job(reset: Reset) -> None:
    """A reconcile by schedule."""
    await scheduled(reset, "schedule", Action.RECONCILE, Direction.TO_SHOPIFY)


async def a_scheduled_preview(reset: Reset) -> None:
    """A preview by schedule."""
    await scheduled(reset, "look", Action.PREVIEW, None)


async def an_import(reset: Reset) -> None:
    """By the command line; it cannot call Shopify, and gives up."""
    file = reset.tmp / "boms.csv"
    file.write_text("name,sku\nImported,import\n", encoding="utf-8")
    await reset.shop.control("/control/faults", {"kind": "reset_before", "count": 1000})
    ran = await run_import(reset.shop.settings, "--boms", str(file))
    assert ran.code == 3, ran
    await reset.shop.control("/control/faults", method="DELETE")


async def a_sweep(reset: Reset) -> None:
    """By the API; no sweeper runs."""
    async with api(reset.shop) as call:
        await call("POST", "/drift/sweeps", {"full": True})


async def a_preview_by_the_api(reset: Reset) -> None:
    """Its process stops within its first call."""
    async with held_calls(reset.shop.running.simulator) as held, api(reset.shop) as call:
        reset.asked["api preview"] = (await call("POST", "/previews", {"selection": one("api")}))["preview_id"]
        await arrival(held.arrived.wait(), what="its first call", progress=writes_to(reset.shop.mongo.db))


async def a_job_by_the_api(reset: Reset) -> None:
    """No planner takes it."""
    async with api(reset.shop) as call:
        job = await call("POST", "/jobs", {"direction": "toShopify", "selection": one("api")})
        reset.asked["api job"] = job["job_id"]


async def a_job_by_the_command_line(reset: Reset) -> None:
    """Nobody waits for its end, and no planner takes it."""
    options = ("--bom", "command", "--direction", "toShopify", "--yes", "--json")
    async with previewer(reset.shop):
        ran = await trueup(reset.shop.settings, "reconcile", "--shop", SHOP, *options)
    reset.asked["command"] = ran.document["job_id"]


async def a_preview_by_the_command_line(reset: Reset) -> None:
    """The command waits for its end; no preview service takes it."""
    running = trueup(reset.shop.settings, "previews", "take", "--shop", SHOP, "--bom", "command", "--json")
    reset.commands["preview"] = asyncio.create_task(running)
    await reset.shop.document_where("previews", {"state": "requested", "requested_by": "trueup command line"})


async def repairs_of_a_sweep_by_the_command_line(reset: Reset) -> None:
    """What the command has found is to be repaired; no planner takes it."""
    await reset.shop.edit({("swept", reset.shop.locations[0]): 9})
    ran = await trueup(reset.shop.settings, "drift", "sweep", "--shop", SHOP, "--repair", "--json")
    [reset.asked["swept"]] = ran.document["repair_jobs"]


async def an_uninstall(reset: Reset) -> None:
    """The indexer keeps the claim; nobody asks Shopify."""
    async with webhooks(reset.shop) as send:
        await send(LEAVES, "app/uninstalled", {"id": 1, "myshopify_domain": LEAVES})
        await stored(reset.shop.mongo.db["shops"], {"_id": LEAVES, "uninstall_told_at": {"$ne": None}})


async def a_redaction(reset: Reset) -> None:
    """The indexer keeps the claim; nobody asks Shopify."""
    async with webhooks(reset.shop) as send:
        await send(TOLD, "shop/redact", {"shop_id": 1, "shop_domain": TOLD})
        await stored(reset.shop.mongo.db["shops"], {"_id": TOLD, "redact_told_at": {"$ne": None}})


async def a_redaction_that_nobody_has_taken(reset: Reset) -> None:
    """The front has answered 200; no indexer takes it, and the shop has left long ago."""
    gone = {"status": "uninstalled", "paused_at": datetime.now(UTC) - REDACT_AFTER}
    await reset.shop.mongo.db["shops"].update_one({"_id": LEFT}, {"$set": gone})
    async with webhooks(reset.shop, roles={"front"}) as send:
        await send(LEFT, "shop/redact", {"shop_id": 1, "shop_domain": LEFT})


def job_ends(name: str, state: str = "completed") -> Callable[[Reset], Awaitable[None]]:
    """The job that was asked for under this name ends in this state."""

    async def ended(reset: Reset) -> None:
        job = await reset.shop.ended(reset.asked[name])
        assert job["state"] == state, job["failure"]

    return ended


def preview_ends(name: str) -> Callable[[Reset], Awaitable[None]]:
    """The preview that was asked for under this name gets ready."""

    async def ended(reset: Reset) -> None:
        preview = await reset.document("previews", name, lambda one: one["state"] in {"ready", "failed"})
        assert preview["state"] == "ready", preview["failure"]

    return ended


def run_ends_and_is_delivered(name: str) -> Callable[[Reset], Awaitable[None]]:
    """The schedule's run ends, and its word is taken where it is sent."""

    async def ended(reset: Reset) -> None:
        schedule = {"schedule_id": reset.asked[name]}
        run = await reset.shop.document_where("schedule_runs", {**schedule, "telling.state": "sent"})
        assert run["outcome"] in {"completed", "ready"}

    return ended


def shop_is_gone(domain: str) -> Callable[[Reset], Awaitable[None]]:
    """Nothing is left of the shop."""

    async def ended(reset: Reset) -> None:
        shops = reset.shop.mongo.db["shops"]

        async def gone() -> bool:
            return await shops.find_one({"_id": domain}) is None

        await changed(shops, gone, what=f"the end of {domain}")

    return ended


async def drift_is_repaired(reset: Reset) -> None:
    """The missed webhook is made good by its job."""
    document = await reset.shop.document_where("drift", {"bom_id": "drift", "state": "resolved"})
    assert document["outcome"] == "repaired"


async def shop_is_swept(reset: Reset) -> None:
    """The sweep that was asked for is over."""
    await stored(reset.shop.mongo.db["shops"], {"_id": SHOP, "sweep.asked_at": None, "sweep.full_at": {"$ne": None}})


async def shop_has_left(reset: Reset) -> None:
    """The uninstall has taken effect."""
    await stored(reset.shop.mongo.db["shops"], {"_id": LEAVES, "status": "uninstalled"})


async def command_ends(reset: Reset) -> None:
    """The command that waits prints its preview."""
    ran = await arrival(
        reset.commands["preview"], what="the end of the command", progress=writes_to(reset.shop.mongo.db)
    )
    assert (ran.code, ran.document["state"]) == (0, "ready")


async def import_is_done(reset: Reset) -> None:
    """The same command goes on with the same import."""
    ran: Ran = await run_import(reset.shop.settings, "--boms", str(reset.tmp / "boms.csv"))
    assert ran.code == 0, ran.progress
    assert await reset.shop.mongo.db["imports"].count_documents({"state": "done"}) == 1
    assert await reset.shop.mongo.db["imports"].count_documents({}) == 1


Step = Callable[[Reset], Awaitable[None]]

KINDS: dict[str, tuple[Step, Step]] = {
    # Where a planner runs it plans whatever the shop has asked for: those that need one come first.
    "cells of a job": (cells_of_a_job, job_ends("cells")),
    "a cancellation": (a_cancellation, job_ends("cancel", "cancelled")),
    "results of cells": (results_of_cells, job_ends("results")),
    "the end of the job before": (the_end_of_the_job_before, job_ends("ended")),
    "a preview that was begun": (a_preview_that_was_begun, preview_ends("begun")),
    "a repair": (a_repair, drift_is_repaired),
    "a scheduled job and the word on it": (a_scheduled_job, run_ends_and_is_delivered("schedule")),
    "a scheduled preview and the word on it": (a_scheduled_preview, run_ends_and_is_delivered("look")),
    "an import": (an_import, import_is_done),
    "a sweep": (a_sweep, shop_is_swept),
    "a preview by the API": (a_preview_by_the_api, preview_ends("api preview")),
    "a job by the API": (a_job_by_the_api, job_ends("api job")),
    "a job by the command line": (a_job_by_the_command_line, job_ends("command")),
    "repairs of a sweep by the command line": (repairs_of_a_sweep_by_the_command_line, job_ends("swept")),
    "an uninstall": (an_uninstall, shop_has_left),
    "a redaction": (a_redaction, shop_is_gone(TOLD)),
    "a redaction that nobody has taken": (a_redaction_that_nobody_has_taken, shop_is_gone(LEFT)),
    # It waits for its end meanwhile, and tests run one command at a time.
    "a preview by the command line": (a_preview_by_the_command_line, command_ends),
}
"""What a client asks for, up to where only a message and the documents know of it; and its end."""

BOMS = ("cells", "cancel", "results", "ended", "drift", "schedule", "look", "api", "command", "swept")
ALIKE = [f"alike {number}" for number in range(20)]
"""More BOMs: two missed webhooks among few cells would be a case for the breaker."""
