"""The indexer: takes webhooks from the queue, applies them in batches, acknowledges after the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from time import monotonic

import structlog

from services.webhook_ingest.envelope import Envelope, HeaderError
from services.webhook_ingest.indexer.bodies import LevelBody
from services.webhook_ingest.indexer.effects import ShopEffects
from services.webhook_ingest.indexer.event import BodyError, Event, EventOutcome, Result, read_event
from services.webhook_ingest.indexer.lanes import EventLanes
from services.webhook_ingest.indexer.levels import CAUSE, LevelIndexer
from services.webhook_ingest.topics import Effect, topic_label
from shared import metrics
from shared.contract.seal import Seals
from shared.errors import StoreUnavailable
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.connection import Mongo
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.drift.sweeps import SweepStore
from shared.mongodb.inbox.webhook_inbox import WebhookInbox
from shared.mongodb.shops.compliance import ComplianceNotes
from shared.mongodb.shops.departures import Departures
from shared.mongodb.shops.redaction import Redaction
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.stock.stock import StockStore
from shared.observing import tracing
from shared.observing.spans import Span
from shared.rabbitmq.consuming.consumer import Consumer
from shared.rabbitmq.consuming.delivery import Delivery, Reject
from shared.rabbitmq.topology import INDEXING

log = structlog.get_logger()

PREFETCH = 6000
"""Deliveries in hand, of all shops: where many shops send at once, each has its share of them, and what one has is a
batch. A transaction of eighty events is hardly dearer than one of sixteen."""
HOLD = 600.0
"""Seconds a batch is held while MongoDB is away. Giving it back at once would spin the broker's count of deliveries
up to its limit within seconds, and dead-letter every webhook of an outage; half an hour would close the channel."""
LONGEST_PAUSE = 5.0
STOP_TIME = 15.0


@dataclass(frozen=True, slots=True, eq=False)
class _Taken:
    event: Event
    delivery: Delivery


class Indexer:
    """Consumes `trueup.indexing`."""

    def __init__(self, mongo: Mongo, seals: Seals) -> None:
        self._seals = seals
        boms, stock, events = BomStore(mongo.db, mongo.transactions), StockStore(mongo.db), WebhookInbox(mongo.db)
        self._levels = LevelIndexer(mongo.transactions, boms, stock, events, DriftStore(mongo.db))
        self._effects = ShopEffects(
            transactions=mongo.transactions,
            boms=boms,
            stock=stock,
            events=events,
            sweeps=SweepStore(mongo.db),
            departures=Departures(mongo.db),
            notes=ComplianceNotes(mongo.db),
            redaction=Redaction(mongo.db),
        )
        self._shops = ShopStore(mongo.db, [])
        self._lanes: EventLanes[_Taken] = EventLanes(self._work)
        self._consumer: Consumer | None = None
        self._stopping = asyncio.Event()

    async def start(self, consumer: Consumer) -> None:
        """Begin to consume. The consumer is the indexer's alone: `stop` stops it."""
        self._consumer = consumer
        await consumer.deliver(INDEXING, self.take, prefetch=PREFETCH)

    async def stop(self) -> None:
        """Take nothing more, finish and acknowledge what was taken. The rest goes back when the connection closes."""
        self._stopping.set()
        if self._consumer is not None:
            await self._consumer.stop()
        await self._lanes.finish(STOP_TIME)

    async def take(self, delivery: Delivery) -> None:
        """Put a delivery into its shop's lane. Raises Reject for what can never be applied, or is not the front's."""
        if not self._seals.valid(delivery.key, delivery.body, delivery.headers):
            raise Reject("it bears no seal of the front, which alone has verified Shopify's signature")
        try:
            envelope = Envelope.of_message(delivery.headers)
        except HeaderError as error:
            raise Reject(str(error)) from None
        try:
            event = read_event(envelope, delivery.body)
        except BodyError as error:
            # The headers are not signed: a body that does not fit its topic may have been sent under another one.
            metrics.WEBHOOKS.labels(topic_label(envelope.topic), "suspicious").inc()
            if await self._shops.status(envelope.shop) is None:
                # Of a shop that has never used us, or has been deleted, nothing is kept: not even what is wrong.
                log.info("webhook_of_unknown_shop", shop=envelope.shop, topic=envelope.topic, reason=str(error))
                await delivery.ack()
                return
            raise Reject(f"{envelope.topic}: {error}") from None
        self._lanes.add(envelope.shop, _Taken(event, delivery))

    async def _work(self, shop: str, batch: list[_Taken]) -> None:
        """Apply a batch until it is in the documents, then acknowledge it. Never raises but when cancelled."""
        until = monotonic() + HOLD
        pause = 0.1
        while True:
            try:
                with _traced(shop, batch):
                    results = await self._apply(shop, [taken.event for taken in batch])
            except StoreUnavailable as error:
                log.warning("store_away", shop=shop, events=len(batch), error=str(error))
                if monotonic() > until or await self._stopped_within(pause):
                    await _give_back(batch)
                    return
                pause = min(pause * 2, LONGEST_PAUSE)
            except Exception as error:  # noqa: BLE001  # one event must not take the others to the dead letters
                if len(batch) > 1:
                    for taken in batch:
                        await self._work(shop, [taken])
                    return
                log.warning("webhook_not_applied", shop=shop, topic=batch[0].event.envelope.topic, error=repr(error))
                await self._failed(batch[0].delivery, error)
                return
            else:
                for result in results:
                    _count(shop, result)
                for taken in batch:
                    await taken.delivery.ack()
                return

    async def _apply(self, shop: str, events: Sequence[Event]) -> list[Result]:
        """In the order of their arrival: runs of level events together, each other event by itself."""
        results: list[Result] = []
        for are_levels, run in groupby(events, lambda event: isinstance(event.body, LevelBody)):
            if are_levels:
                results.extend(await self._levels.apply(shop, list(run)))
            else:
                results.extend([await self._effects.apply(shop, event) for event in run])
        return results

    async def _failed(self, delivery: Delivery, error: Exception) -> None:
        if self._consumer is None:
            await delivery.requeue()
        else:
            await self._consumer.frame.failed(delivery, error)

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._stopping.wait()
        except TimeoutError:
            return False


def _traced(shop: str, batch: Sequence[_Taken]) -> AbstractContextManager[Span]:
    """One span for the batch, in the trace of its first webhook, linked to where each was received."""
    origins = (taken.delivery.carried for taken in batch)
    return tracing.batch_span("apply webhooks", origins, shop=shop, webhooks=len(batch))


async def _give_back(batch: Sequence[_Taken]) -> None:
    for taken in batch:
        await taken.delivery.requeue()


def _count(shop: str, result: Result) -> None:
    event, outcome = result
    topic = event.envelope.topic
    if outcome in {EventOutcome.DUPLICATE, EventOutcome.SUSPICIOUS}:
        metrics.WEBHOOKS.labels(topic, outcome).inc()
    if event.effect in {Effect.LEVEL, Effect.LEVEL_LOST}:
        metrics.BASE_UPDATES.labels(CAUSE, outcome).inc()
        log.debug("level_event", shop=shop, webhook_id=event.envelope.webhook_id, outcome=outcome)
    elif event.effect is not Effect.MARKER:
        log.info("shop_event", shop=shop, topic=topic, webhook_id=event.envelope.webhook_id, outcome=outcome)
