"""The worker put together: partitions by lease, a lane per shop, batches taken to their end."""

from __future__ import annotations

from datetime import timedelta

from services.reconciler.resources import Resources
from services.reconciler.worker.activation import Activating
from services.reconciler.worker.cell_worker import CellWorker
from services.reconciler.worker.ending import Ending
from services.reconciler.worker.lanes import CellLanes
from services.reconciler.worker.partitions import PREFETCH, Partitions
from services.reconciler.worker.sending import Sending
from services.reconciler.worker.shopify_values import ShopifyValues
from services.reconciler.worker.to_local import ToLocal
from services.reconciler.worker.to_shopify import ToShopify
from services.reconciler.worker.verifying import EVERY, Verifying
from shared.mongodb.jobs.leases import PartitionLeases
from shared.mongodb.jobs.pushes import PushStore
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
    reads = ShopifyReads(client)
    leases = PartitionLeases(resources.mongo.db, resources.owner, PARTITIONS, lease=lease)
    await leases.check_number()
    worker = _compose_cell_worker(resources, client, reads)
    lanes = CellLanes(worker, resources.cells, resources.clock, prefetch=PREFETCH, jobs=resources.jobs)
    partitions = Partitions(leases, resources.consumer, lanes, resources.jobs, resources.cells)
    resources.later.push_async_callback(partitions.stop)
    await partitions.balance()
    resources.rounds.begin("partitions", partitions.balance, lease.total_seconds() / 4)
    verifying = Verifying(
        partitions=partitions,
        lanes=lanes,
        stock=resources.stock,
        cells=resources.cells,
        verifier=Verifier(resources.mongo.transactions, resources.boms, resources.stock, reads.as_role("verify")),
        clock=resources.clock,
    )
    resources.rounds.begin("verifying", verifying.round, EVERY, finish=verifying.finish)


def _compose_cell_worker(resources: Resources, client: ShopifyClient, reads: ShopifyReads) -> CellWorker:
    transactions, pushes = resources.mongo.transactions, PushStore(resources.mongo.db)
    boms, stock, cells = resources.boms, resources.stock, resources.cells
    ending = Ending(transactions, stock, cells)
    values = ShopifyValues(boms, reads)
    sending = Sending(transactions, pushes, client, ShopifyWrites(client), reads)
    return CellWorker(
        ending=ending,
        cells=cells,
        jobs=resources.jobs,
        shops=resources.shops,
        boms=boms,
        pushes=pushes,
        to_shopify=ToShopify(ending, pushes, sending, values),
        to_local=ToLocal(ending, values),
        levels=values,
        rows=RowReader(boms, stock, reads),
        client=client,
        reads=reads,
        publisher=resources.publisher,
        activating=Activating(ending, Activation(client), reads),
    )
