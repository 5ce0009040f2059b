"""Waiting for what Trueup does behind the scenes, by its documents and its own counters.

No wait has a limit on the whole, which would judge the machine, only one on standing still.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic

import aiohttp

from deploy.local.demo.simulated_shop import SimulatedShop
from deploy.local.errors import LocalNodeError
from services.command_line.connections.client import Client

_LOOK_EVERY = 0.05
_STILL_SECONDS = 60.0
_STILL_LOOKS = 300
"""A wait is given up once nothing has moved for both: a machine that hardly lets us run lets others run no more."""


async def until(
    what: str, is_so: Callable[[], Awaitable[bool]], progress: Callable[[], Awaitable[object] | object]
) -> None:
    """Return as soon as it is so, however long that takes, as long as `progress` changes now and then.

    Raises:
        LocalNodeError: it does not, and it is not so; the message says `what`.
    """
    seen: object = None
    since, looks = monotonic(), 0
    while not await is_so():
        present = progress()
        if isinstance(present, Awaitable):
            present = await present
        if present != seen:
            seen, since, looks = present, monotonic(), 0
        looks += 1
        if looks > _STILL_LOOKS and monotonic() - since > _STILL_SECONDS:
            raise LocalNodeError(f"{what}: did not happen, and nothing has moved for {_STILL_SECONDS:.0f} s")
        await asyncio.sleep(_LOOK_EVERY)


async def documents(client: Client, collection: str, query: Mapping[str, object], number: int) -> None:
    """Return when that many documents are there."""

    async def count() -> int:
        found: int = await client.mongo.db[collection].count_documents(dict(query))
        return found

    async def there() -> bool:
        return await count() >= number

    await until(f"{number} documents in {collection}", there, count)


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
        await until("the webhooks are applied", self._webhooks_applied, self._webhooks)
        await until("the verifying reads are done", self._no_read_wanted, self._reads_wanted)

    async def _webhooks_applied(self) -> bool:
        accepted, answered = await self._webhooks()
        return answered >= accepted

    async def _webhooks(self) -> tuple[float, float]:
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
        return accepted, answered

    async def _no_read_wanted(self) -> bool:
        return await self._reads_wanted() == 0

    async def _reads_wanted(self) -> int:
        return await self._client.stock.reads.number(self._shop.domain)
