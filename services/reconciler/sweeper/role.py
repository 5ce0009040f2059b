"""The sweeper put together from its parts."""

from __future__ import annotations

from services.reconciler.opened import Opened
from services.reconciler.sweeper.confirming import Confirming
from services.reconciler.sweeper.full_read import FullRead
from services.reconciler.sweeper.looking import Looking
from services.reconciler.sweeper.markers import Markers
from services.reconciler.sweeper.repairing import Repairing
from services.reconciler.sweeper.subscribing import Subscribing
from services.reconciler.sweeper.sweeping import Sweeping, SweepTimes
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.drift.history import DriftHistory
from shared.mongodb.drift.sweeps import SweepStore
from shared.mongodb.shops.subscriptions import SubscriptionStore
from shared.reading.rows import RowReader
from shared.shop_life.wiring import ShopLife
from shared.shopify.bulk.every_level import EveryLevel
from shared.shopify.bulk.exports import Exports
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.changes import ShopifyChanges
from shared.shopify.reads.reads import ShopifyReads
from shared.shopify.writes.subscriptions import Subscriptions


def start_sweeper(opened: Opened, life: ShopLife, *, webhook_url: str | None, times: SweepTimes) -> None:
    """Go the rounds of the sweeper."""
    sweeping = _compose_sweeping(opened, life.client.timed_by(opened.clock), webhook_url, times)
    opened.rounds.begin("sweeper", sweeping.round, times.tick, finish=sweeping.finish)


def _compose_sweeping(opened: Opened, client: ShopifyClient, webhook_url: str | None, times: SweepTimes) -> Sweeping:
    mongo, publisher = opened.mongo, opened.publisher
    boms, stock = opened.boms, opened.stock
    drift, sweeps = DriftStore(mongo.db), SweepStore(mongo.db, opened.owner)
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
            jobs=opened.jobs,
            cells=opened.cells,
            publisher=publisher,
            grace=times.grace,
            follow=times.follow,
        ),
        subscribing=Subscribing(Subscriptions(client, SubscriptionStore(mongo.db)), webhook_url),
        times=times,
    )
