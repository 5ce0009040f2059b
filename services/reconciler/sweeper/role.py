"""The sweeper put together from its parts."""

from __future__ import annotations

from services.reconciler.sweeper.confirming import Confirming
from services.reconciler.sweeper.full_read import FullRead
from services.reconciler.sweeper.looking import Looking
from services.reconciler.sweeper.markers import Markers
from services.reconciler.sweeper.repairing import Repairing
from services.reconciler.sweeper.subscribing import Subscribing
from services.reconciler.sweeper.sweeping import Sweeping, SweepTimes
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.connection import Mongo
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.drift.history import DriftHistory
from shared.mongodb.drift.sweeps import SweepStore
from shared.mongodb.jobs.cells import CellStore
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.shops.subscriptions import SubscriptionStore
from shared.mongodb.stock.stock import StockStore
from shared.rabbitmq.publisher import Publisher
from shared.reading.rows import RowReader
from shared.shopify.bulk.every_level import EveryLevel
from shared.shopify.bulk.exports import Exports
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.changes import ShopifyChanges
from shared.shopify.reads.reads import ShopifyReads
from shared.shopify.writes.subscriptions import Subscriptions


def compose_sweeping(
    mongo: Mongo,
    *,
    owner: str,
    client: ShopifyClient,
    publisher: Publisher,
    webhook_url: str | None,
    times: SweepTimes,
) -> Sweeping:
    """The sweeper of one process; `owner` is the process's name in leases."""
    boms, stock = BomStore(mongo.db, mongo.transactions), StockStore(mongo.db)
    drift, sweeps = DriftStore(mongo.db), SweepStore(mongo.db, owner)
    rows = RowReader(boms, stock, ShopifyReads(client))
    return Sweeping(
        sweeps=sweeps,
        drift=drift,
        history=DriftHistory(mongo.db),
        looking=Looking(
            sweeper=FullRead(boms, rows, ShopifyReads(client), publisher),
            changes=ShopifyChanges(client),
            every_level=EveryLevel(Exports(client, first_look=times.first_look)),
            boms=boms,
            stock=stock,
            drift=drift,
            grace=times.grace,
            bulk_above=times.bulk_above,
        ),
        confirming=Confirming(
            drift=drift,
            boms=boms,
            stock=stock,
            rows=rows,
            markers=Markers(sweeps, publisher, patience=times.marker),
            publisher=publisher,
            grace=times.grace,
        ),
        repairing=Repairing(
            drift=drift,
            sweeps=sweeps,
            stock=stock,
            jobs=JobStore(mongo.db, mongo.transactions),
            cells=CellStore(mongo.db),
            publisher=publisher,
            grace=times.grace,
            follow=times.follow,
        ),
        subscribing=Subscribing(Subscriptions(client, SubscriptionStore(mongo.db)), webhook_url),
        times=times,
    )
