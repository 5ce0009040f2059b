"""`trueup after-restore`: makes restored records safe to go on with. The services must not run yet.

A backup knows nothing of what was sent to Shopify after it was taken. Work that was under way would be done a second
time, on top of the first: a correction of +3 would be pushed twice. So what is open ends, no earlier preview and no
undo may be used any more, and every shop is swept as a whole.
"""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from services.command_line.connections.client import Client
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.documents import print_json
from services.reconciler.aggregator.abandoned_shops import AbandonedShops
from shared.domain.cell import CellKey
from shared.domain.words.codes import Code
from shared.mongodb.drift.sweeps import SweepStore
from shared.mongodb.jobs.leases import running_replicas

_AT_ONCE = 250
"""Cells of one transaction."""


async def after_restore(client: Client, *, as_json: bool, out: Console) -> Exit:
    """End what was open, make earlier previews stale, ask for full sweeps. Safe to repeat."""
    if running := await running_replicas(client.mongo.db, datetime.now(UTC)):
        raise WrongUseError(f"{running} reconciler processes run on these records: stop every service first")
    abandoned = AbandonedShops.of(client.mongo, Code.RECORDS_RESTORED)
    sweeps = SweepStore(client.mongo.db)
    shops = [shop.domain for shop in await client.shops.all()]
    jobs = 0
    for shop in shops:
        jobs += len(await client.jobs.unfinished(shop))
        await abandoned.end(shop)
        await _outdate(client, shop)
        await sweeps.ask(shop, full=True, at=datetime.now(UTC))
        await client.note("records.restored", shop)
    if as_json:
        print_json({"shops": shops, "jobs_ended": jobs})
    else:
        out.print(f"{len(shops)} shops: {jobs} open jobs ended, earlier previews are void, full sweeps asked for")
        out.print("start the services now")
    return Exit.OK


async def _outdate(client: Client, shop: str) -> None:
    """No earlier preview, no undo, and no difference that stands in these records passes for known."""
    last: CellKey | None = None
    while keys := await client.stock.after(shop, last, _AT_ONCE):
        await client.mongo.transactions.in_halves(keys, lambda session, part: client.stock.outdate(session, shop, part))
        last = keys[-1]
