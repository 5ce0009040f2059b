"""Waiting for what Trueup does behind the scenes, by its documents and its own counters, never for a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import aiohttp

from deploy.local.demo.simulated_shop import SimulatedShop
from deploy.local.errors import LocalNodeError
from services.command_line.client import Client
from shared.domain.cell import CellKey

_LOOK_EVERY = 0.05


async def until(what: str, is_so: Callable[[], Awaitable[bool]], *, within: float = 60.0) -> None:
    """Return as soon as it is so. Raises LocalNodeError that names what did not happen."""
    try:
        async with asyncio.timeout(within):
            while not await is_so():  # noqa: ASYNC110  # other processes' state: no event of ours tells of it
                await asyncio.sleep(_LOOK_EVERY)
    except TimeoutError:
        raise LocalNodeError(f"{what}: did not happen within {within:.0f} s") from None


async def documents(client: Client, collection: str, query: Mapping[str, object], number: int) -> None:
    """Return when that many documents are there."""

    async def there() -> bool:
        return bool(await client.mongo.db[collection].count_documents(dict(query)) >= number)

    await until(f"{number} documents in {collection}", there)


class Quiet:
    """Waits until everything that has happened in the shop has reached Trueup's documents."""

    def __init__(self, client: Client, shop: SimulatedShop, http: aiohttp.ClientSession, ingest_metrics: str) -> None:
        self._client = client
        self._shop = shop
        self._http = http
        self._metrics = ingest_metrics

    async def wait(self) -> None:
        """Webhooks delivered, webhooks applied, verifying reads done: in this order, since each makes the next."""
        await self._shop.drain_webhooks()
        await until("the webhooks are applied", self._webhooks_applied)
        await until("the verifying reads are begun", self._no_read_wanted)
        await self._pass_the_reader()
        await until("the verifying reads are done", self._no_read_wanted)

    async def _webhooks_applied(self) -> bool:
        """The ingest's own counters: every message it has put into the queue was answered for."""
        accepted = answered = 0.0
        async with self._http.get(self._metrics) as response:
            text = await response.text()
        for line in text.splitlines():
            if line.startswith("trueup_webhooks_total{") and 'outcome="accepted"' in line:
                accepted += float(line.rsplit(" ", 1)[1])
            is_answer = line.startswith("trueup_messages_total{") and 'queue="trueup.indexing"' in line
            if is_answer and 'outcome="requeue"' not in line:
                answered += float(line.rsplit(" ", 1)[1])
        return answered >= accepted

    async def _no_read_wanted(self) -> bool:
        wanted = {"shop": self._shop.domain, "verify_at": {"$exists": True}}
        return await self._client.mongo.db["stock"].count_documents(wanted, limit=1) == 0

    async def _pass_the_reader(self) -> None:
        """Ask for one more read. A shop's reads are done one batch after the other, so when this one has been taken,
        those before it are in the documents: a request is cleared before its read, which alone would not tell.
        """
        cell = await self._client.mongo.db["stock"].find_one({"shop": self._shop.domain})
        if cell is not None:
            key = CellKey(cell["bom_id"], cell["location_id"])
            await self._client.stock.ask_verify(self._shop.domain, [key], at=datetime.now(UTC))
