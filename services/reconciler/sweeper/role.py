"""The sweeper put together from its parts."""

from __future__ import annotations

from services.reconciler.resources import Resources
from services.reconciler.sweeper.change_scan import ChangeScan
from services.reconciler.sweeper.confirmation import Confirmation
from services.reconciler.sweeper.full_read import FullRead
from services.reconciler.sweeper.markers import Markers
from services.reconciler.sweeper.repair import Repair
from services.reconciler.sweeper.subscription_renewal import SubscriptionRenewal
from services.reconciler.sweeper.sweeper import Sweeper, SweepTimes
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


def start_sweeper(resources: Resources, life: ShopLife, *, webhook_url: str | None, times: SweepTimes) -> None:
    """Go the rounds of the sweeper."""
    sweeper = _compose_sweeper(resources, life.client.timed_by(resources.clock), webhook_url, times)
    resources.rounds.begin("sweeper", sweeper.round, times.tick, finish=sweeper.finish)


def _compose_sweeper(
    resources: Resources, client: ShopifyClient, webhook_url: str | None, times: SweepTimes
) -> Sweeper:
    mongo, publisher = resources.mongo, resources.publisher
    boms, stock = resources.boms, resources.stock
    drift, sweeps = DriftStore(mongo.db), SweepStore(mongo.db, resources.owner)
    rows = RowReader(boms, stock, ShopifyReads(client))
    return Sweeper(
        sweeps=sweeps,
        drift=drift,
        history=DriftHistory(mongo.db),
        scan=ChangeScan(
            full_read=FullRead(boms, rows, ShopifyReads(client), publisher),
            changes=ShopifyChanges(client),
            every_level=EveryLevel(Exports(client, first_look=times.first_look)),
            boms=boms,
            stock=stock,
            drift=drift,
            grace=times.grace,
            bulk_above=times.bulk_above,
        ),
        confirmation=Confirmation(
            drift=drift,
            boms=boms,
            stock=stock,
            rows=rows,
            markers=Markers(sweeps, publisher, patience=times.marker),
            publisher=publisher,
            grace=times.grace,
        ),
        repair=Repair(
            drift=drift,
            sweeps=sweeps,
            stock=stock,
            jobs=resources.jobs,
            cells=resources.cells,
            publisher=publisher,
            grace=times.grace,
            follow=times.follow,
        ),
        renewal=SubscriptionRenewal(Subscriptions(client, SubscriptionStore(mongo.db)), webhook_url),
        times=times,
    )
