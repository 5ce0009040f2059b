"""One call to Shopify: its turn at the budget, the token, the time limit, and what every kind of answer means."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic
from typing import Protocol

import aiohttp

from shared import metrics
from shared.domain.words.waits import WaitReason
from shared.errors import ShopifyRefused, ShopifyThrottled, ShopifyUnclear, ShopPaused
from shared.observing import tracing
from shared.observing.spans import Span
from shared.running.clock import SYSTEM_CLOCK, Clock
from shared.shopify.calls.answers import (
    THROTTLES,
    UNAUTHORIZED,
    json_in,
    pause_asked_by,
    too_dear,
)
from shared.shopify.calls.budget import Budget, CallRole
from shared.shopify.calls.clock import ShopifyClock
from shared.shopify.calls.costs import QUERY_LIMIT, CostBook, Price
from shared.shopify.calls.hold_off import HoldOff, retry_after_seconds
from shared.shopify.calls.notices import note_notices
from shared.shopify.calls.replies import CallUnderWay, Reply, reply_of
from shared.shopify.reads.read_costs import ReadFacts

CALL_TIMEOUT = 30.0
"""Seconds for one call; after it the outcome is unclear."""

PATIENCE: Mapping[CallRole, float] = {"interactive": 5.0, "preview": 0.5, "job": 0.5, "verify": 0.5, "sweep": 0.5}
"""Seconds a call waits by itself for the budget; longer waits are the caller's, who may hold messages."""

_ONE_ROW = Price()


class Access(Protocol):
    """Where tokens come from and where a pause is noted; both are read and written before and after every call."""

    async def token(self, domain: str) -> str:
        """The access token. Raises ShopPaused."""
        ...

    async def pause(self, domain: str, reason: str, detail: str | None = None) -> object:
        """Stop all calls for the shop; `detail` as of ShopPaused. What it answers is not looked at."""
        ...

    async def renewed(self, domain: str, refused: str) -> str | None:
        """Another token after Shopify refused this one; None: there is none. Raises ShopifyError."""
        ...


@dataclass(slots=True, eq=False, weakref_slot=True)
class _Known:
    """What all clients bound to roles know together."""

    time: Clock
    costs: CostBook = field(default_factory=CostBook)
    budgets: dict[str, Budget] = field(default_factory=dict)
    refusals: dict[str, HoldOff] = field(default_factory=dict)
    clocks: dict[str, ShopifyClock] = field(default_factory=dict)
    reads: dict[str, ReadFacts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        budgets = self.budgets
        metrics.SHOPIFY_BUDGET.ask(
            self, lambda: {(shop,): budget.ratio for shop, budget in budgets.items() if budget.ratio is not None}
        )


class ShopifyClient:
    """Calls the Admin API of any shop. `url` holds `{shop}`; in production it is `https://{shop}`.

    `as_role` binds it to another role; all of them share what is known of costs and buckets.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        access: Access,
        url: str,
        api_version: str,
        *,
        clock: Clock = SYSTEM_CLOCK,
        role: CallRole = "job",
        known: _Known | None = None,
    ) -> None:
        self._session = session
        self._access = access
        self._url = url
        self._version = api_version
        self._known = known or _Known(clock)
        self.role = role

    def as_role(self, role: CallRole) -> ShopifyClient:
        """The same client, calling for `role`."""
        if role == self.role:
            return self
        known = self._known
        return ShopifyClient(
            self._session, self._access, self._url, self._version, clock=known.time, role=role, known=known
        )

    def timed_by(self, clock: Clock) -> ShopifyClient:
        """A client of the same access that waits by another clock and has learned nothing yet."""
        return ShopifyClient(self._session, self._access, self._url, self._version, clock=clock, role=self.role)

    def clock(self, shop: str) -> ShopifyClock:
        """Shopify's time for this shop."""
        return self._known.clocks.setdefault(shop, ShopifyClock(self.time))

    def budget(self, shop: str) -> Budget:
        """The bucket of this shop."""
        return self._known.budgets.setdefault(shop, Budget(self.time))

    def refusals(self, shop: str) -> HoldOff:
        """How long nothing is sent for this shop."""
        return self._known.refusals.setdefault(shop, HoldOff(self.time))

    def read_facts(self, shop: str) -> ReadFacts:
        """What was learned of this shop's ways to read."""
        return self._known.reads.setdefault(shop, ReadFacts())

    @property
    def time(self) -> Clock:
        """The clock that waits go by."""
        return self._known.time

    @property
    def costs(self) -> CostBook:
        """What operations cost, as far as replies have shown."""
        return self._known.costs

    def limit(self, shop: str) -> float:
        """The most points that one call of this role should ask for."""
        return min(QUERY_LIMIT, self.budget(shop).largest(self.role))

    def make_room(self, shop: str, points: float) -> None:
        """See that several calls in a row, `points` in all, need not stop half-way.

        Raises ShopifyThrottled with the wait; a sum that the bucket never holds begins once the bucket is full.
        """
        if (left := self.refusals(shop).left) > PATIENCE[self.role]:
            raise _not_yet(shop, left)
        budget = self.budget(shop)
        wait = budget.wait(self.role, min(points, budget.largest(self.role)))
        if wait > PATIENCE[self.role]:
            raise _spent(shop, wait)

    async def call(
        self,
        shop: str,
        operation: str,
        body: str,
        *,
        price: Price = _ONE_ROW,
        patience: float | None = None,
        changes: bool = False,
        optional: bool = False,
    ) -> Reply:
        """Send `body` (the exact text of a GraphQL request) and answer its data.

        `changes`: a mutation. Errors beside its payload do not undo it, and an error of unknown kind leaves it unclear.
        `optional`: the shop can be worked for without it, so a permission that it lacks refuses this call alone.
        What the bucket cannot hold now waits up to `patience` seconds (by default the role's) and is then not sent.
        Raises ShopPaused, ShopifyThrottled (not executed), ShopifyUnclear (perhaps executed), ShopifyRefused.
        """
        held = self._held(
            shop,
            operation,
            price,
            PATIENCE[self.role] if patience is None else patience,
            changes=changes,
            optional=optional,
        )
        async with held as call:
            with tracing.span(f"shopify {operation}", kind="client", shop=shop, rows=price.rows) as span:
                return await self._measured(call, body, span)

    async def _measured(self, call: CallUnderWay, body: str, span: Span) -> Reply:
        token = await self._token(call.shop)
        started = monotonic()
        outcome = "unclear"
        try:
            reply = await self._send_renewing(call, body, token)
            outcome = "ok"
            return reply
        except ShopifyThrottled:
            outcome = "throttled"
            metrics.SHOPIFY_THROTTLED.labels(call.operation).inc()
            raise
        except ShopPaused as pause:
            outcome = pause.reason
            await self._access.pause(call.shop, pause.reason, pause.detail)
            raise
        except ShopifyRefused:
            outcome = "refused"
            raise
        finally:
            span.set("trueup.outcome", outcome)
            metrics.SHOPIFY_REQUESTS.labels(call.operation, outcome).observe(monotonic() - started)

    async def _token(self, shop: str) -> str:
        """The token; where its renewal meets a pause, that is noted as any other call's is."""
        try:
            return await self._access.token(shop)
        except ShopPaused as pause:
            await self._access.pause(shop, pause.reason, pause.detail)
            raise

    @asynccontextmanager
    async def _held(
        self, shop: str, operation: str, price: Price, patience: float, *, changes: bool, optional: bool
    ) -> AsyncIterator[CallUnderWay]:
        """The call's points, once they are there, given back with whatever the reply says of them."""
        budget, costs = self.budget(shop), self.costs
        least = costs.at_least(operation, price)
        if least > QUERY_LIMIT or budget.impossible(least):
            raise too_dear(operation, least, min(QUERY_LIMIT, budget.maximum))
        refusals = self.refusals(shop)
        waited = 0.0
        while (left := refusals.left) > 0:
            if waited + left > patience:
                raise _not_yet(shop, left)
            waited += left
            await self.time.sleep(left)
        points = min(costs.taken(operation, price), budget.maximum)
        while (wait := budget.wait(self.role, points)) > 0:
            if budget.known and waited + wait > patience:
                raise _spent(shop, wait)
            # The first reply ever is waited for as a call under way is: it tells what there is to wait for.
            waited += wait if budget.known else 0.0
            await self.time.sleep(wait)
            points = min(costs.taken(operation, price), budget.maximum)
        hold = budget.take(self.role, points)
        try:
            with refusals.sending() as sent:
                yield CallUnderWay(
                    shop, operation, self.role, price, costs, budget, hold, refusals, sent, changes, optional
                )
        finally:
            budget.drop(hold)

    async def _send_renewing(self, call: CallUnderWay, body: str, token: str) -> Reply:
        """Send; where the token is refused, once more with the next one. What was refused was not executed."""
        try:
            return await self._send(call, body, token)
        except ShopPaused as refusal:
            unauthorized = refusal.reason == UNAUTHORIZED
            fresh = await self._access.renewed(call.shop, token) if unauthorized else None
            if fresh is None:
                raise
            return await self._send(call, body, fresh)

    async def _send(self, call: CallUnderWay, body: str, token: str) -> Reply:
        operation = call.operation
        url = f"{self._url.format(shop=call.shop)}/admin/api/{self._version}/graphql.json"
        headers = {"X-Shopify-Access-Token": token, "Content-Type": "application/json", "Accept": "application/json"}
        try:
            # The token goes to the shop's own host and to no other: a redirect is never followed.
            async with self._session.post(
                url,
                data=body.encode(),
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=CALL_TIMEOUT),
                allow_redirects=False,
            ) as response:
                raw = await response.read()
                status, replied = response.status, response.headers
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ShopifyUnclear(f"{operation}: {type(error).__name__}") from error
        note_notices(self._version, replied)
        if (pause := pause_asked_by(call.shop, status, replied.get("Location"), raw)) is not None:
            raise pause
        if status in THROTTLES:
            wait = call.refusals.refused(
                call.sent, retry_after_seconds(replied.get("Retry-After"), replied.get("Date"))
            )
            raise ShopifyThrottled(f"{operation}: HTTP {status}", wait)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ShopifyUnclear(f"{operation}: HTTP {status}")
        try:
            document = json_in(raw)
            date = self.clock(call.shop).note(replied.get("Date"))
        except ValueError as error:
            raise ShopifyUnclear(f"{operation}: HTTP {status} with an unreadable answer") from error
        if not isinstance(document, dict):
            raise ShopifyUnclear(f"{operation}: HTTP {status} with an unexpected answer")
        return reply_of(call, document, date, status)

    @asynccontextmanager
    async def download(self, url: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The lines of a bulk query's result file; the address itself is the permission. Raises ShopifyUnclear."""
        try:
            # Whoever holds the address may read the file: it is given to nobody but the host that it names.
            timeout = aiohttp.ClientTimeout(total=None, sock_read=30.0)
            async with self._session.get(url, timeout=timeout, allow_redirects=False) as response:
                if response.status != HTTPStatus.OK:
                    raise ShopifyUnclear(f"bulk result: HTTP {response.status}")
                yield aiter(response.content)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ShopifyUnclear(f"bulk result: {type(error).__name__}") from error


def _not_yet(shop: str, wait: float) -> ShopifyThrottled:
    return ShopifyThrottled(f"Shopify takes no more calls for {shop} for now", wait)


def _spent(shop: str, wait: float) -> ShopifyThrottled:
    return ShopifyThrottled(f"the budget of {shop} is spent", wait, WaitReason.BUDGET)
