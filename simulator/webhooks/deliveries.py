"""Signed webhooks: subscriptions, deliveries in the background, retries, and the ways they go wrong."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp

from simulator.clock import Clock
from simulator.webhooks.fates import Fates, Mode

RETRIES: Final = 8  # over four hours, as documented; the single waits are not
WAITS: Final = (
    60,
    180,
    420,
    900,
    1800,
    2700,
    3600,
    4740,
)  # seconds before each retry, multiplied by the backoff factor
FAILURES_UNTIL_REMOVED: Final = 8
OPEN_CONNECTIONS: Final = 64
HTTP_SUCCESS: Final = range(200, 300)
CONNECT_SECONDS: Final = 1.0


Message = tuple[str, Mapping[str, Any], datetime, str]
"""Topic, body, time of the event, id of the event."""


@dataclass(slots=True)
class Subscription:
    """Where one topic goes. `topic` is the enum's name; None takes every topic (set in the app's configuration)."""

    id: str
    topic: str | None
    uri: str
    created_at: datetime
    api_version: str
    created_by_api: bool = True
    include_fields: list[str] = field(default_factory=list)
    filter: str | None = None
    name: str | None = None
    format: str = "JSON"
    failures_in_a_row: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way: the same bytes and id at every attempt, but for the first of a corrupted one."""

    subscription: Subscription
    headers: Mapping[str, str]
    body: bytes
    delay: float = 0.0
    corrupt_at: float | None = None

    def bytes_at(self, attempt: int) -> bytes:
        """What arrives."""
        if self.corrupt_at is None or attempt:
            return self.body
        place = int(self.corrupt_at * len(self.body))
        return self.body[:place] + bytes([self.body[place] ^ 1]) + self.body[place + 1 :]


@dataclass(slots=True)
class _PutBack:
    """A reordered message, and how many later ones are to leave before it."""

    delivery: Delivery
    behind: int


def enum_of(topic: str) -> str:
    """`inventory_levels/update` as the GraphQL enum has it."""
    return topic.replace("/", "_").upper()


def signature(secret: str, body: bytes) -> str:
    """base64(HMAC-SHA256(client secret, raw bytes))."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


class Webhooks:
    """One shop's subscriptions and deliveries."""

    def __init__(self, shop: str, client_secret: str, clock: Clock, *, backoff_factor: float, timeout: float) -> None:
        self._shop = shop
        self._secret = client_secret
        self._clock = clock
        self._backoff_factor = backoff_factor
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_SECONDS)
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(OPEN_CONNECTIONS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._fates = Fates()
        self._held: list[Delivery] = []
        self._put_back: list[_PutBack] = []
        self.taken: list[tuple[str, str, str]] | None = None
        self.subscriptions: dict[str, Subscription] = {}
        self.counts = {"sent": 0, "delivered": 0, "failed": 0, "dropped": 0, "attempts": 0}

    def emit(self, topic: str, body: Mapping[str, Any], triggered_at: datetime, event_id: str) -> None:
        """Send a message to every subscription of its topic, in the background."""
        wanted = enum_of(topic)
        matching = [s for s in self.subscriptions.values() if s.topic is None or s.topic == wanted]
        for subscription in matching:
            self.counts["sent"] += 1
            fate = self._fates.draw()
            if fate.dropped:
                self.counts["dropped"] += 1
                continue
            delivery = self._delivery(subscription, topic, body, triggered_at, event_id)
            for delay in fate.delays[: fate.copies]:
                copy = replace(delivery, delay=delay, corrupt_at=fate.corrupt_at)
                if fate.behind:
                    self._put_back.append(_PutBack(copy, fate.behind))
                else:
                    self._leave(copy)
            if not fate.behind:
                self._let_go()

    @property
    def mode(self) -> Mode:
        """How deliveries misbehave."""
        return self._fates.mode

    def _let_go(self) -> None:
        """One more message has left: those that were to leave after it do."""
        for put_back in self._put_back:
            put_back.behind -= 1
        self._let_go_of([put_back for put_back in self._put_back if put_back.behind <= 0])

    def _let_go_of(self, ready: list[_PutBack]) -> None:
        for put_back in ready:
            self._put_back.remove(put_back)
            self._leave(put_back.delivery)

    def _leave(self, delivery: Delivery) -> None:
        if self.mode.paused:
            self._held.append(delivery)
        else:
            self._start(delivery)

    def emit_after(self, seconds: float, message: Callable[[], Message | None]) -> None:
        """Send what `message` answers once so many seconds have passed; None: nothing. Nobody listens: no wait."""
        if self.subscriptions:
            self._keep(self._emit_after(seconds, message))

    async def _emit_after(self, seconds: float, message: Callable[[], Message | None]) -> None:
        await self._clock.sleep(seconds)
        made = message()
        if made is not None:
            self.emit(*made)

    def _delivery(
        self, subscription: Subscription, topic: str, body: Mapping[str, Any], triggered_at: datetime, event_id: str
    ) -> Delivery:
        if subscription.include_fields:
            body = {name: value for name, value in body.items() if name in subscription.include_fields}
        raw = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": signature(self._secret, raw),
            "X-Shopify-Shop-Domain": self._shop,
            "X-Shopify-API-Version": subscription.api_version,
            "X-Shopify-Webhook-Id": str(uuid.uuid4()),
            "X-Shopify-Event-Id": event_id,
            "X-Shopify-Triggered-At": triggered_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z"),
        }
        if subscription.name:
            headers["X-Shopify-Name"] = subscription.name
        return Delivery(subscription, headers, raw)

    def _start(self, delivery: Delivery) -> None:
        self._keep(self._deliver(delivery))

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        if delivery.delay > 0:
            await self._clock.sleep(delivery.delay)
        for attempt in range(RETRIES + 1):
            if await self._attempt(delivery, attempt):
                delivery.subscription.failures_in_a_row = 0
                self.counts["delivered"] += 1
                if self.taken is not None:
                    headers = delivery.headers
                    taken = headers["X-Shopify-Webhook-Id"], headers["X-Shopify-Event-Id"], delivery.body.decode()
                    self.taken.append(taken)
                return
            if self._give_up_on(delivery.subscription) or attempt == RETRIES:
                break
            await self._clock.sleep(WAITS[attempt] * self._backoff_factor)
        self.counts["failed"] += 1

    def _give_up_on(self, subscription: Subscription) -> bool:
        """Count the failure; True once the subscription is gone."""
        subscription.failures_in_a_row += 1
        if subscription.created_by_api and subscription.failures_in_a_row >= FAILURES_UNTIL_REMOVED:
            self.subscriptions.pop(subscription.id, None)
        return subscription.id not in self.subscriptions

    async def _attempt(self, delivery: Delivery, attempt: int) -> bool:
        async with self._slots:
            self.counts["attempts"] += 1
            if self._session is None:
                self._session = aiohttp.ClientSession(timeout=self._timeout)
            try:
                async with self._session.post(
                    delivery.subscription.uri,
                    data=delivery.bytes_at(attempt),
                    headers=delivery.headers,
                    allow_redirects=False,
                ) as response:
                    return response.status in HTTP_SUCCESS
            except (aiohttp.ClientError, TimeoutError, ValueError):
                return False

    def set_mode(self, values: Mapping[str, Any]) -> None:
        """Change how deliveries misbehave. Ending a pause, or reordering, releases what it held."""
        self._fates.change(values)
        if not self.mode.reorder_ratio:
            self._let_go_of(list(self._put_back))
        if not self.mode.paused:
            self.flush()

    def flush(self) -> int:
        """Send what a pause holds; how many."""
        held, self._held = self._held, []
        for delivery in held:
            self._start(delivery)
        return len(held)

    async def drain(self) -> None:
        """Return when nothing is under way any more (what a pause holds excepted)."""
        self._let_go_of(list(self._put_back))
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def statistics(self) -> dict[str, int]:
        """Deliveries by what became of them. `delivered` counts a duplicate twice."""
        return {**self.counts, "pending": len(self._tasks), "held": len(self._held) + len(self._put_back)}

    async def close(self) -> None:
        """Stop every delivery."""
        for task in set(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None
