"""The worker put together: partitions by lease, a lane per shop, batches taken to their end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from services.reconciler.resources import Resources
from services.reconciler.worker.cells.cell_worker import CellWorker
from services.reconciler.worker.cells.finished_events import FinishedEvents
from services.reconciler.worker.cells.first_steps import FirstSteps
from services.reconciler.worker.cells.inventory_activation import InventoryActivation
from services.reconciler.worker.cells.pushes.push_maker import PushMaker
from services.reconciler.worker.cells.pushes.push_sender import QUICK_RESENDS, PushSender
from services.reconciler.worker.cells.pushes.push_settler import PushSettler
from services.reconciler.worker.cells.pushes.to_shopify import ToShopify
from services.reconciler.worker.cells.row_taker import RowTaker
from services.reconciler.worker.cells.shopify_values import ShopifyValues
from services.reconciler.worker.cells.to_local import ToLocal
from services.reconciler.worker.cells.unit_of_work import UnitsOfWork
from services.reconciler.worker.lanes.partitions import PREFETCH, Partitions
from services.reconciler.worker.lanes.shop_lanes import ShopLanes
from services.reconciler.worker.verify_rounds import EVERY, VerifyRounds
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.connection import Mongo
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.jobs.leases import PartitionLeases
from shared.mongodb.jobs.pushes import PushStore
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.stock.stock import StockStore
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import PARTITIONS
from shared.reading.rows import RowReader
from shared.reading.verify import Verifier
from shared.shop_life.wiring import ShopLife
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.reads import ShopifyReads
from shared.shopify.writes.activation import Activation
from shared.shopify.writes.writes import ShopifyWrites


async def start_worker(resources: Resources, life: ShopLife, *, lease: timedelta) -> None:
    """Take partitions and work on their cells; `lease`: how long a partition is this process's without a renewal."""
    client = life.client.timed_by(resources.clock)
    leases = PartitionLeases(resources.mongo.db, resources.owner, PARTITIONS, lease=lease)
    await leases.check_number()
    worker = compose_cell_worker(resources.mongo, client, resources.publisher)
    lanes = ShopLanes(worker, resources.cells, resources.clock, prefetch=PREFETCH, jobs=resources.jobs)
    partitions = Partitions(leases, resources.consumer, lanes, resources.jobs, resources.cells)
    resources.later.push_async_callback(partitions.stop)
    await partitions.balance()
    resources.rounds.begin("partitions", partitions.balance, lease.total_seconds() / 4)
    reads = ShopifyReads(client).as_role("verify")
    verifying = VerifyRounds(
        partitions=partitions,
        lanes=lanes,
        stock=resources.stock,
        cells=resources.cells,
        verifier=Verifier(resources.mongo.transactions, resources.boms, resources.stock, reads),
        clock=resources.clock,
    )
    resources.rounds.begin("verifying", verifying.round, EVERY, finish=verifying.finish)


def compose_cell_worker(
    mongo: Mongo, client: ShopifyClient, publisher: Publisher, *, pauses: Sequence[float] = QUICK_RESENDS
) -> CellWorker:
    """A cell worker over one database and one client. `pauses`: seconds between quick sends of one push."""
    stock, cells, boms = StockStore(mongo.db), CellStore(mongo.db), BomStore(mongo.db, mongo.transactions)
    units = UnitsOfWork(mongo.transactions, stock, cells, PushStore(mongo.db))
    reads, events = ShopifyReads(client), FinishedEvents(publisher)
    values = ShopifyValues(boms, reads)
    to_shopify = ToShopify(
        PushMaker(units),
        PushSender(units, client, ShopifyWrites(client), reads, pauses=pauses),
        PushSettler(units, values),
    )
    first_steps = FirstSteps(
        units=units,
        to_shopify=to_shopify,
        to_local=ToLocal(units, values),
        activation=InventoryActivation(units, Activation(client), reads),
        rows=RowTaker(boms, cells, RowReader(boms, stock, reads), reads),
        values=values,
        reads=reads,
        events=events,
    )
    return CellWorker(
        units=units,
        jobs=JobStore(mongo.db, mongo.transactions),
        shops=ShopStore(mongo.db, []),
        first_steps=first_steps,
        to_shopify=to_shopify,
        events=events,
    )
