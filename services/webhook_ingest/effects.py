"""Events that are not about one cell: items, locations, the shop itself. One transaction each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from services.webhook_ingest.bodies import LocationBody, ScopesBody
from services.webhook_ingest.event import Event, Outcome, Result
from services.webhook_ingest.levels import CAUSE
from services.webhook_ingest.topics import Effect
from shared.domain.cell import CellKey
from shared.domain.stock import observe_event
from shared.mongodb.boms import BomStore
from shared.mongodb.events import EventStore
from shared.mongodb.stock import StockStore, StockWrite
from shared.mongodb.sweeps import SweepStore
from shared.mongodb.transactions import Session, Transactions

log = structlog.get_logger()

NEEDED_SCOPES = frozenset({"read_inventory", "write_inventory", "read_locations", "read_products"})
"""Without these the shop's calls fail; a `write_` scope brings its `read_` with it."""


class ShopEffects:
    """Applies one event at a time."""

    def __init__(
        self,
        transactions: Transactions,
        boms: BomStore,
        stock: StockStore,
        events: EventStore,
        sweeps: SweepStore,
    ) -> None:
        self._sweeps = sweeps
        self._transactions = transactions
        self._boms = boms
        self._stock = stock
        self._events = events
        self._effects: dict[Effect, Callable[[Session, str, Event], Awaitable[Outcome]]] = {
            Effect.ITEM_LOST: self._item_lost,
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
            return event, Outcome.DONE
        effect = self._effects.get(event.effect)
        if effect is None:
            return event, Outcome.DONE

        async def step(session: Session) -> Outcome:
            if await self._events.shop_status(session, shop) is None:
                return Outcome.SUSPICIOUS
            if not (await self._events.first(session, shop, [event.keys]))[0]:
                return Outcome.DUPLICATE
            return await effect(session, shop, event)

        return event, await self._transactions.run(step)

    async def _item_lost(self, session: Session, shop: str, event: Event) -> Outcome:
        """No value is written: what became of the cells is for the read to say. The BOM stays as it is."""
        item_id = event.body.subject
        bom = (await self._boms.of_items(shop, [item_id], session)).get(item_id)
        if bom is None:
            return Outcome.IGNORED
        keys = [CellKey(bom.bom_id, location_id) for location_id in await self._boms.locations(shop)]
        cells = await self._stock.load(shop, keys, session)
        writes = [
            StockWrite(
                cell.key,
                cell.stock,
                observe_event(cell.stock, None, event.envelope.received_at),
                CAUSE,
                event.envelope.webhook_id,
            )
            for cell in cells.values()
        ]
        await self._stock.write(session, shop, writes)
        return Outcome.DONE

    async def _location(self, session: Session, shop: str, event: Event) -> Outcome:
        body = event.body
        named = body if isinstance(body, LocationBody) else None
        # The topic says what has happened; the body is only the location as it stood when it was rendered.
        active = event.effect is Effect.LOCATION_OPENED
        if event.effect is Effect.LOCATION and named is not None:
            active = named.active
        kept = await self._events.tell_location(
            session,
            shop,
            body.subject,
            name=named.name if named else None,
            active=active,
            told_at=event.envelope.told_at,
        )
        return Outcome.DONE if kept else Outcome.IGNORED

    async def _uninstalled(self, session: Session, shop: str, event: Event) -> Outcome:
        """The header's domain is trusted: the body's is the shop's newest name, not the one it was added under."""
        gone = await self._events.uninstall(session, shop, event.envelope.told_at)
        return Outcome.DONE if gone else Outcome.IGNORED

    async def _scopes(self, session: Session, shop: str, event: Event) -> Outcome:
        if not isinstance(event.body, ScopesBody):
            return Outcome.IGNORED
        granted = set(event.body.current)
        granted |= {scope.replace("write_", "read_", 1) for scope in granted if scope.startswith("write_")}
        missing = sorted(NEEDED_SCOPES - granted)
        if missing:
            log.warning("scopes_missing", shop=shop, scopes=missing)
        await self._events.tell_scopes(session, shop, event.body.current)
        return Outcome.DONE
