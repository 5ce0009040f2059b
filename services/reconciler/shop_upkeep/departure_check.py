"""Shops that are said to have left: Shopify is asked before an uninstall or a redaction takes effect."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from shared import metrics
from shared.errors import ShopifyError, ShopPaused
from shared.mongodb.shops.acts import Act
from shared.mongodb.shops.audit import AuditLog
from shared.mongodb.shops.compliance import HAS_THE_APP, ComplianceNotes
from shared.mongodb.shops.departures import REDACT, Departure, Departures
from shared.mongodb.shops.redaction import Redaction
from shared.shop_life.pause_probe import FIRST_PROBE, LONGEST_WAIT
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.costs import Price
from shared.shopify.calls.requests import request_body
from shared.shopify.shop_queries import PROBE

log = structlog.get_logger()

_GONE = frozenset({"unauthorized", "forbidden", "unknown shop"})
"""What says that the app is gone: the probe needs no permission, so 403 refuses the token as 401 does; or there is no
token any more. A shop that is frozen, locked or not found may come back with the app: it is asked again."""

REDACT_AFTER = timedelta(days=10)
"""A shop that left so long ago is asked about as if Shopify had asked for its redaction, which it does after two days
and tries for hours: that webhook was lost."""

_AT_ONCE = 8
"""Shops asked at the same time: one that does not answer must not hold up the others."""


class DepartureCheck:
    """Follows up `app/uninstalled` and `shop/redact`. `client` must call although a shop is paused."""

    def __init__(
        self,
        departures: Departures,
        redaction: Redaction,
        notes: ComplianceNotes,
        audit: AuditLog,
        client: ShopifyClient,
        *,
        first: timedelta = FIRST_PROBE,
    ) -> None:
        """`first`: the wait after an ask without an answer; each further one is twice as long."""
        self._departures = departures
        self._redaction = redaction
        self._notes = notes
        self._audit = audit
        self._client = client
        self._first = first

    async def run(self) -> None:
        """Ask about the shops whose turn it is; several replicas share them."""
        slots = asyncio.Semaphore(_AT_ONCE)
        now = datetime.now(UTC)
        if overdue := await self._departures.claim_overdue(now - REDACT_AFTER):
            log.warning("redactions_overdue", shops=overdue)
        due = [departure for departure in await self._departures.claimed() if self._is_due(departure, now)]
        await asyncio.gather(*(self._follow(slots, departure) for departure in due))

    def _is_due(self, departure: Departure, now: datetime) -> bool:
        if departure.asked_at is None:
            return True
        wait: timedelta = min(LONGEST_WAIT, self._first * (1 << min(max(departure.asks - 1, 0), 20)))
        return now >= departure.asked_at + wait

    async def _follow(self, slots: asyncio.Semaphore, departure: Departure) -> None:
        async with slots:
            if not await self._departures.take_turn(departure):
                return
            try:
                gone = await self._gone(departure)
            except Exception:  # a token that no key opens, say: of this shop nothing is known, and others go on
                log.exception("departure_not_asked", shop=departure.shop)
                return
            if gone is None:
                return
            if gone:
                await self._take_effect(departure)
            else:
                await self._refute(departure)

    async def _gone(self, departure: Departure) -> bool | None:
        """Whether the shop is without the app, by one call; None: Shopify cannot be asked now."""
        try:
            await self._client.call(departure.shop, "shop", request_body(PROBE, {}), price=Price(assumed=1.0))
        except ShopPaused as answer:
            # A refusal that names a permission is one of an app that is installed.
            if answer.reason in _GONE and answer.detail is None:
                return True
            log.warning("departure_unclear", shop=departure.shop, asks=departure.asks + 1, reason=answer.reason)
        except ShopifyError as error:
            log.warning("departure_unclear", shop=departure.shop, asks=departure.asks + 1, reason=str(error))
        else:
            return False
        return None

    async def _take_effect(self, departure: Departure) -> None:
        if not await self._departures.confirmed(departure):
            log.info("departure_outdated", shop=departure.shop)  # installed again meanwhile
            return
        log.warning("shop_uninstalled", shop=departure.shop, topics=sorted(departure.topics))
        await self._audit.note(Act(departure.shop, "shop.uninstall", "Shopify", "shopify", ", ".join(departure.topics)))
        if REDACT in departure.topics:
            deleted = await self._redaction.redact(departure.shop)
            log.warning("shop_redacted", shop=departure.shop, deleted=deleted)

    async def _refute(self, departure: Departure) -> None:
        for topic in sorted(departure.topics):
            await self._notes.note(departure.shop, topic, HAS_THE_APP)
            metrics.WEBHOOKS.labels(topic, "suspicious").inc()
        log.warning(
            "shop_has_not_left",
            shop=departure.shop,
            topics=sorted(departure.topics),
            reason="Shopify takes its token: a webhook was sent again under new headers, or came late",
        )
        await self._departures.refuted(departure)
