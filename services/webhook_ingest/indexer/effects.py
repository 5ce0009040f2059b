"""Events that are not about one cell: items, locations, the shop itself. One transaction each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from services.webhook_ingest.indexer.bodies import (
    ComplianceBody,
    DataRequestBody,
    LocationBody,
    ScopesBody,
    UninstalledBody,
)
from services.webhook_ingest.indexer.event import Event, EventOutcome, Result
from services.webhook_ingest.indexer.items import ItemEffects
from services.webhook_ingest.topics import Effect
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.drift.sweeps import SweepStore
from shared.mongodb.inbox.webhook_inbox import WebhookInbox
from shared.mongodb.shops.compliance import NO_CUSTOMER_DATA, ComplianceNotes
from shared.mongodb.shops.departures import REDACT, UNINSTALLED, Claim, Departures
from shared.mongodb.shops.redaction import Redaction
from shared.mongodb.stock.stock import StockStore
from shared.mongodb.transactions import Session, Transactions

log = structlog.get_logger()

NEEDED_SCOPES = frozenset({"read_inventory", "write_inventory", "read_locations", "read_products"})
"""Without these the shop's calls fail; a `write_` scope brings its `read_` with it."""

_OF_ITEMS = frozenset({Effect.ITEM_KNOWN, Effect.ITEM_LOST, Effect.PRODUCT, Effect.PRODUCT_LOST})

_ACTIVE_AFTER = {Effect.LOCATION_OPENED: True, Effect.LOCATION_CLOSED: False}


def _names(event: Event, shop: str) -> bool:
    """Whether the body names the shop: of all headers' claims the one that can be checked."""
    return isinstance(event.body, ComplianceBody) and event.body.shop_domain.lower() == shop


class ShopEffects:
    """Applies one event at a time."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        boms: BomStore,
        stock: StockStore,
        events: WebhookInbox,
        sweeps: SweepStore,
        departures: Departures,
        notes: ComplianceNotes,
        redaction: Redaction,
    ) -> None:
        self._sweeps = sweeps
        self._departures = departures
        self._notes = notes
        self._redaction = redaction
        self._transactions = transactions
        self._events = events
        self._items = ItemEffects(boms, stock, events)
        self._effects: dict[Effect, Callable[[Session, str, Event], Awaitable[EventOutcome]]] = {
            Effect.NO_CUSTOMER: self._no_customer,
            Effect.LOCATION: self._location,
            Effect.LOCATION_OPENED: self._location,
            Effect.LOCATION_CLOSED: self._location,
            Effect.UNINSTALLED: self._uninstalled,
            Effect.SCOPES: self._scopes,
        }

    async def apply(self, shop: str, event: Event) -> Result:
        """Apply one event. Raises WriteConflict, StoreUnavailable."""
        if event.effect is Effect.MARKER:
            await self._sweeps.mark(shop, event.envelope.webhook_id)
            return event, EventOutcome.DONE
        if event.effect is Effect.SHOP_REDACT:
            return event, await self._redact(shop, event)
        if event.effect in _OF_ITEMS:
            return event, await self._transactions.run(lambda session: self._item(session, shop, event))
        effect = self._effects.get(event.effect)
        if effect is None:
            return event, EventOutcome.DONE

        async def step(session: Session) -> EventOutcome:
            if await self._events.shop_status(session, shop) is None:
                return EventOutcome.SUSPICIOUS
            if not (await self._events.first(session, shop, [event.keys]))[0]:
                return EventOutcome.DUPLICATE
            return await effect(session, shop, event)

        return event, await self._transactions.run(step)

    async def _item(self, session: Session, shop: str, event: Event) -> EventOutcome:
        status = await self._events.shop_status(session, shop)
        if status is None or status == "uninstalled":
            return EventOutcome.SUSPICIOUS if status is None else EventOutcome.IGNORED
        return await self._items.apply(session, shop, event)

    async def _location(self, session: Session, shop: str, event: Event) -> EventOutcome:
        body = event.body
        named = body if isinstance(body, LocationBody) else None
        active = named is not None and named.active
        after = _ACTIVE_AFTER.get(event.effect, active)
        if named is not None and after is not active:
            # Sent again under another topic; or closed and opened at once, and then the other event tells the end.
            return EventOutcome.SUSPICIOUS
        if await self._events.location_elsewhere(session, shop, [body.subject]):
            return EventOutcome.SUSPICIOUS
        kept = await self._events.record_location(
            session,
            shop,
            body.subject,
            name=named.name if named else None,
            active=active,
            reported_at=event.envelope.reported_at,
        )
        if not kept:
            return EventOutcome.IGNORED
        # An old body under new headers looks newest: what it says stands until the locations are read.
        await self._events.locations_due(session, shop)
        return EventOutcome.DONE

    async def _uninstalled(self, session: Session, shop: str, event: Event) -> EventOutcome:
        """The header's domain is trusted where the body's is none of ours: a shop's newest name may be another.

        A body that names another shop of ours was sent again under this one's name. One that does not may be an old
        one all the same: the reconciler asks Shopify before anything changes for a shop that has a token.
        """
        named = event.body.myshopify_domain if isinstance(event.body, UninstalledBody) else None
        other = (named or shop).lower()
        if other != shop and await self._events.shop_status(session, other) is not None:
            return EventOutcome.SUSPICIOUS
        reported_at = event.envelope.reported_at
        if await self._departures.record(shop, UNINSTALLED, reported_at, session) is Claim.ASK:
            return EventOutcome.ASKED
        gone = await self._events.uninstall(session, shop, reported_at)
        return EventOutcome.DONE if gone else EventOutcome.IGNORED

    async def _no_customer(self, session: Session, shop: str, event: Event) -> EventOutcome:
        """There is nothing to look for: no document of any collection has a field for a customer."""
        if not _names(event, shop):
            return EventOutcome.SUSPICIOUS
        request = event.body.data_request if isinstance(event.body, DataRequestBody) else None
        await self._notes.note(
            shop,
            event.envelope.topic,
            NO_CUSTOMER_DATA,
            request_id=None if request is None else request.id,
            session=session,
        )
        return EventOutcome.DONE

    async def _redact(self, shop: str, event: Event) -> EventOutcome:
        """Shopify sends it two days after an uninstall. Of a shop that still, or again, has the app nothing goes.

        So nothing goes here while there is a token to ask Shopify with: the reconciler asks, and deletes.
        """
        if not _names(event, shop):
            return EventOutcome.SUSPICIOUS
        claim = await self._departures.record(shop, REDACT, event.envelope.reported_at)
        if claim is not Claim.FREE:
            return EventOutcome.ASKED if claim is Claim.ASK else EventOutcome.IGNORED
        deleted = await self._redaction.redact(shop)
        log.warning("shop_redacted", shop=shop, deleted=deleted)
        return EventOutcome.DONE

    async def _scopes(self, session: Session, shop: str, event: Event) -> EventOutcome:
        if not isinstance(event.body, ScopesBody):
            return EventOutcome.IGNORED
        granted = set(event.body.current)
        granted |= {scope.replace("write_", "read_", 1) for scope in granted if scope.startswith("write_")}
        missing = sorted(NEEDED_SCOPES - granted)
        if missing:
            log.warning("scopes_missing", shop=shop, scopes=missing)
        await self._events.record_scopes(session, shop, event.body.current)
        return EventOutcome.DONE
