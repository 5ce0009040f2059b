"""Between the probes and the client: nothing is written but what was named, and no more is spent than was said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from shared.certifying.exchanges import Exchange, Listener
from shared.certifying.named import Named
from shared.certifying.operations import ALLOWED, Operation
from shared.errors import ShopifyRefused, ShopifyThrottled, ShopifyUnclear, TrueupError
from shared.shopify.calls.answers import points_in
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.costs import Price
from shared.shopify.calls.requests import request_body

LIMIT: Final = 499.0
"""The most points that a certification spends, its clean-up included."""

KEPT_BACK: Final = 60.0
"""Points that only the clean-up may spend: two looks, two levels stocked and set, one unstocked, a last look."""

KEPT_FOR_SUBSCRIPTIONS: Final = 45.0
"""And where there are webhook subscriptions: their list, and three removed."""

_TRIES = 4
_PATIENCE = 60.0
_GID = re.compile(r"gid://shopify/\w+/\S+")
_NOT_AN_ANSWER = frozenset({"THROTTLED", "INTERNAL_SERVER_ERROR", "TIMEOUT"})


class OutsideWhatWasNamed(TrueupError):
    """A probe tried what it may not; nothing was sent."""


class PointsSpent(TrueupError):
    """The next call could go beyond the limit; nothing was sent."""


class GuardedCalls:
    """Calls of one certification, one after the other; every exchange is kept."""

    def __init__(self, client: ShopifyClient, listener: Listener, named: Named) -> None:
        self._client = client
        self._listener = listener
        self.named = named
        self.spent = 0.0
        self.exchanges: list[Exchange] = []
        self._probe = "start"
        self._cleaning = False
        self._subscription_uri: str | None = None
        self._own_subscriptions: set[str] = set()
        self._dearer: dict[str, float] = {}

    @property
    def client(self) -> ShopifyClient:
        """The client itself: for its clock, and for what needs no permission."""
        return self._client

    def allow_subscriptions(self, uri: str, known: set[str] | None = None) -> None:
        """Let webhook subscriptions at this address be made, and removed, and no others."""
        self._subscription_uri = uri
        self._own_subscriptions |= known or set()

    @property
    def _kept_back(self) -> float:
        if self._cleaning:
            return 0.0
        return KEPT_BACK + (0.0 if self._subscription_uri is None else KEPT_FOR_SUBSCRIPTIONS)

    @contextmanager
    def probing(self, name: str) -> Iterator[None]:
        """Whose calls these are."""
        before, self._probe = self._probe, name
        try:
            yield
        finally:
            self._probe = before

    @contextmanager
    def cleaning_up(self) -> Iterator[None]:
        """Calls in here may spend what was kept back."""
        self._cleaning = True
        try:
            with self.probing("restore"):
                yield
        finally:
            self._cleaning = False

    async def call(self, operation: Operation, variables: Mapping[str, Any]) -> Exchange:
        """Send it, again under the same text while its outcome is unclear, and answer the whole exchange.

        Raises OutsideWhatWasNamed and PointsSpent before anything is sent; ShopPaused, ShopifyThrottled and
        ShopifyUnclear as the client.
        """
        self._check(operation, variables)
        expected = self._dearer.get(operation.query, operation.points)
        if self.spent + expected > LIMIT - self._kept_back:
            raise PointsSpent(f"{self.spent:g} points are spent; {operation.root} might go beyond {LIMIT:g}")
        body = request_body(operation.query, dict(variables))
        for tries in range(1, _TRIES + 1):
            self._listener.last = None
            try:
                await self._client.call(
                    self.named.shop,
                    operation.root,
                    body,
                    price=Price(1, operation.query, expected),
                    patience=_PATIENCE,
                    changes=operation.changes,
                    optional=True,
                )
            except (ShopifyRefused, ShopifyUnclear) as error:
                if self._whole(body) is None:
                    # It may have been executed: its points count.
                    self.spent += expected
                    if tries == _TRIES or isinstance(error, ShopifyRefused):
                        raise
                    await self._client.time.sleep(float(tries))
                    continue
            except ShopifyThrottled as throttled:
                if tries == _TRIES:
                    raise
                await self._client.time.sleep(throttled.retry_after)
                continue
            exchange = self._whole(body)
            if exchange is not None:
                return self._kept(operation, variables, exchange, expected)
        raise ShopifyUnclear(f"{operation.root}: an answer that cannot be read")

    def _whole(self, body: str) -> tuple[Mapping[str, Any], Mapping[str, str]] | None:
        heard = self._listener.answer_to(body)
        if heard is None:
            return None
        errors = heard.document.get("errors")
        listed = errors if isinstance(errors, list) else []
        codes = {(error.get("extensions") or {}).get("code") for error in listed if isinstance(error, dict)}
        return None if codes & _NOT_AN_ANSWER else (heard.document, heard.headers)

    def _kept(
        self,
        operation: Operation,
        variables: Mapping[str, Any],
        answer: tuple[Mapping[str, Any], Mapping[str, str]],
        expected: float,
    ) -> Exchange:
        document, headers = answer
        number = sum(exchange.path.startswith(f"/{self._probe}/") for exchange in self.exchanges)
        exchange = Exchange(
            path=f"/{self._probe}/{number}",
            query=operation.query,
            variables=dict(variables),
            response=document,
            headers=headers,
            at=self._client.time.now(),
        )
        self.exchanges.append(exchange)
        actual = points_in(exchange.cost, "actualQueryCost")
        asked = points_in(exchange.cost, "requestedQueryCost")
        # A refusal that tells no cost is counted as if it had one.
        self.spent += expected if actual is None else actual
        if asked is not None:
            self._dearer[operation.query] = max(expected, asked)
        if operation.subscribes:
            self._note_subscription(exchange)
        return exchange

    def _note_subscription(self, exchange: Exchange) -> None:
        made = exchange.payload("webhookSubscriptionCreate").get("webhookSubscription")
        if isinstance(made, dict):
            self._own_subscriptions.add(str(made["id"]))

    def _check(self, operation: Operation, variables: Mapping[str, Any]) -> None:
        if operation not in ALLOWED:
            raise OutsideWhatWasNamed(f"{operation.root}: no call that a certification sends; nothing was sent")
        if operation.subscribes:
            uri, number = variables.get("uri"), variables.get("id")
            if (uri is not None and uri != self._subscription_uri) or (
                number is not None and number not in self._own_subscriptions
            ):
                raise OutsideWhatWasNamed(f"{operation.root}: a subscription that is not its own; nothing was sent")
        elif operation.changes:
            outside = sorted({*_ids_in(variables), *_named_in(variables)} - self.named.writable)
            if outside:
                raise OutsideWhatWasNamed(f"{operation.root}: {', '.join(outside)} was not named; nothing was sent")


_NAMES = frozenset({"item", "inventoryItemId", "location", "locationId", "level", "inventoryLevelId"})
"""Variables that name what is changed, whatever form their value has."""


def _named_in(value: object) -> Iterator[str]:
    """What the variables of a call name as changed."""
    if isinstance(value, Mapping):
        for name, held in value.items():
            if name in _NAMES:
                yield str(held)
            else:
                yield from _named_in(held)
    elif isinstance(value, (list, tuple)):
        for held in value:
            yield from _named_in(held)


def _ids_in(value: object) -> Iterator[str]:
    """Every global id in the variables of a call, wherever it stands; the document that it refers to is none."""
    if isinstance(value, str):
        yield from (found for found in _GID.findall(value))
    elif isinstance(value, Mapping):
        for held in value.values():
            yield from _ids_in(held)
    elif isinstance(value, (list, tuple)):
        for held in value:
            yield from _ids_in(held)
