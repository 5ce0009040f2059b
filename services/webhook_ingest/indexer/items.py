"""Events of items and products. No value is written: what became of the cells is for the verifying read to say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from services.webhook_ingest.indexer.bodies import ProductBody
from services.webhook_ingest.indexer.event import Event, EventOutcome
from services.webhook_ingest.indexer.levels import CAUSE
from services.webhook_ingest.topics import Effect
from shared.domain.cell import CellKey
from shared.domain.stock import observe_event
from shared.mongodb.catalogue.boms import Bom, BomStore
from shared.mongodb.inbox.webhook_inbox import WebhookInbox
from shared.mongodb.stock.stock import StockStore, StockWrite
from shared.mongodb.transactions import Session


class ItemEffects:
    """Applies events of items and products, each in the transaction given."""

    def __init__(self, boms: BomStore, stock: StockStore, events: WebhookInbox) -> None:
        self._boms = boms
        self._stock = stock
        self._events = events

    async def apply(self, session: Session, shop: str, event: Event) -> EventOutcome:
        """Apply an event. One that is about no BOM of the shop leaves nothing behind, not even its keys.

        Shopify tells of a product at every change of it, whatever it is.
        """
        known, lost = await self._concerned(session, shop, event)
        if not known and not lost:
            return EventOutcome.IGNORED
        if not (await self._events.first(session, shop, [event.keys]))[0]:
            return EventOutcome.DUPLICATE
        if event.effect is Effect.PRODUCT:
            await self._boms.note_product(session, shop, [bom.bom_id for bom in known], event.body.subject)
        await self._boms.note_product(session, shop, [bom.bom_id for bom in lost], None)
        places = sorted(await self._boms.locations(shop))
        await self._make_cells(session, shop, known, places)
        await self._ask_for_reads(session, shop, [*known, *lost], places, event)
        return EventOutcome.DONE

    async def _concerned(self, session: Session, shop: str, event: Event) -> tuple[list[Bom], list[Bom]]:
        """The BOMs whose item is new or changed, and those whose item is lost."""
        subject = event.body.subject
        if event.effect is Effect.ITEM_KNOWN:
            return await self._of_items(session, shop, [subject]), []
        if event.effect is Effect.ITEM_LOST:
            return [], await self._of_items(session, shop, [subject])
        before = await self._boms.of_product(session, shop, subject)
        if not isinstance(event.body, ProductBody):
            return [], before
        items = event.body.items
        noted = {bom.bom_id for bom in before}
        known = [bom for bom in await self._of_items(session, shop, items) if bom.bom_id not in noted]
        lost = [bom for bom in before if event.body.whole and bom.inventory_item_id not in items]
        return known, lost

    async def _of_items(self, session: Session, shop: str, items: Collection[str]) -> list[Bom]:
        return list((await self._boms.of_items(shop, items, session)).values())

    async def _make_cells(self, session: Session, shop: str, boms: Iterable[Bom], places: Sequence[str]) -> None:
        by_bom = {bom.bom_id: [CellKey(bom.bom_id, place) for place in places] for bom in boms}
        if by_bom and places:
            await self._boms.make_stock(session, shop, by_bom)

    async def _ask_for_reads(
        self, session: Session, shop: str, boms: Iterable[Bom], places: Sequence[str], event: Event
    ) -> None:
        keys = [CellKey(bom.bom_id, place) for bom in boms for place in places]
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
