"""Events of inventory levels: observed under rule 1, in one transaction with their deduplication keys."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): hook.update, hook.order.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from services.webhook_ingest.indexer.bodies import LevelBody
from services.webhook_ingest.indexer.event import Event, EventOutcome, Result
from services.webhook_ingest.topics import Effect
from shared.domain.cell import CellKey
from shared.domain.stock import Stock, observe_event
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.inbox.webhook_inbox import WebhookInbox
from shared.mongodb.stock.stock import CellStock, StockStore, StockWrite
from shared.mongodb.transactions import Session, Transactions

CAUSE = "webhook"


@dataclass(frozen=True, slots=True, eq=False)
class _Report:
    """An event about a cell of ours. `value` None: none is known, and `time` is not used."""

    event: Event
    key: CellKey
    value: int | None
    time: datetime
    makes_cell: bool


class LevelIndexer:
    """Applies events of one shop's levels. Its steps run again from their reads when another writer came between."""

    def __init__(
        self,
        transactions: Transactions,
        boms: BomStore,
        stock: StockStore,
        events: WebhookInbox,
        drift: DriftStore,
    ) -> None:
        self._drift = drift
        self._transactions = transactions
        self._boms = boms
        self._stock = stock
        self._events = events

    async def apply(self, shop: str, events: Sequence[Event]) -> list[Result]:
        """Apply the events, those of one cell in the order given and in one transaction.

        Raises WriteConflict when a single cell keeps conflicting, StoreUnavailable.
        """
        cells: dict[str, list[Event]] = {}
        for event in events:
            cells.setdefault(event.body.subject, []).append(event)
        groups = [tuple(group) for group in cells.values()]
        return await self._transactions.in_halves(groups, lambda session, part: self._apply(session, shop, part))

    async def _apply(self, session: Session, shop: str, groups: Sequence[tuple[Event, ...]]) -> list[Result]:
        events = [event for group in groups for event in group]
        status = await self._events.shop_status(session, shop)
        if status is None or status == "uninstalled":
            outcome = EventOutcome.SUSPICIOUS if status is None else EventOutcome.IGNORED
            return [(event, outcome) for event in events]
        reports = await self._reports(session, shop, events)
        ours = {report.event for report in reports}
        results = await self._not_ours(session, shop, [event for event in events if event not in ours])
        lags = [report.event.envelope.lag for report in reports]
        firsts = await self._events.first(session, shop, [report.event.keys for report in reports], lags=lags)
        new = [report for report, first in zip(reports, firsts, strict=True) if first]
        results.extend(
            (report.event, EventOutcome.DUPLICATE) for report, first in zip(reports, firsts, strict=True) if not first
        )
        stock = await self._load(session, shop, new)
        return [*results, *await self._observe(session, shop, new, stock)]

    async def _reports(self, session: Session, shop: str, events: Sequence[Event]) -> list[_Report]:
        """The events whose item has a BOM in this shop."""
        levels = [(event, event.body) for event in events if isinstance(event.body, LevelBody)]
        boms = await self._boms.of_items(shop, {body.inventory_item_id for _, body in levels}, session)
        return [
            _Report(
                event=event,
                key=CellKey(boms[body.inventory_item_id].bom_id, body.location_id),
                value=body.available if event.effect is Effect.LEVEL else None,
                time=body.updated_at or event.envelope.received_at,
                makes_cell=event.effect is Effect.LEVEL,
            )
            for event, body in levels
            if body.inventory_item_id in boms
        ]

    async def _not_ours(self, session: Session, shop: str, events: Sequence[Event]) -> list[Result]:
        """About a component, say; or another shop's, by its location, and sent again under this one's name."""
        places = {event: event.body.location_id for event in events if isinstance(event.body, LevelBody)}
        if not places:
            return []
        foreign = await self._events.location_elsewhere(session, shop, set(places.values()))
        return [
            (event, EventOutcome.SUSPICIOUS if place in foreign else EventOutcome.IGNORED)
            for event, place in places.items()
        ]

    async def _load(self, session: Session, shop: str, reports: Sequence[_Report]) -> dict[CellKey, CellStock]:
        """The cells' stock. A cell that Shopify names for the first time is made, and its location kept."""
        stock = await self._stock.load(shop, {report.key for report in reports}, session)
        missing = {report.key for report in reports if report.makes_cell} - stock.keys()
        if not missing:
            return stock
        by_bom: dict[str, list[CellKey]] = {}
        for key in sorted(missing):
            by_bom.setdefault(key.bom_id, []).append(key)
        await self._events.name_locations(session, shop, {key.location_id for key in missing})
        await self._boms.make_stock(session, shop, by_bom)
        return stock | await self._stock.load(shop, missing, session)

    async def _observe(
        self, session: Session, shop: str, reports: Sequence[_Report], cells: dict[CellKey, CellStock]
    ) -> list[Result]:
        results: list[Result] = []
        present: dict[CellKey, Stock] = {key: cell.stock for key, cell in cells.items()}
        writes: list[StockWrite] = []
        for report in reports:
            before = present.get(report.key)
            if before is None:
                results.append((report.event, EventOutcome.IGNORED))  # nothing is lost where nothing was known
                continue
            change = observe_event(before, report.value, report.time)
            present[report.key] = change.stock
            writes.append(StockWrite(report.key, before, change, CAUSE, report.event.envelope.webhook_id))
            results.append((report.event, str(change.observed)))
        await self._stock.write(session, shop, writes)
        reported = [(report.key, report.time) for report in reports if report.key in present]
        await self._drift.note_events(session, shop, reported, datetime.now(UTC))
        return results
