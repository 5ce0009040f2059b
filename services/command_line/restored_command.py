"""`trueup after-restore`: makes restored records safe to go on with. The services must not run yet.

A backup knows nothing of what was sent to Shopify after it was taken. Work that was under way would be done a second
time, on top of the first: a correction of +3 would be pushed twice. So what is open ends, no earlier preview and no
undo may be used any more, and every shop is swept as a whole.
"""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from services.command_line.client import Client
from services.command_line.documents import print_document
from services.command_line.outcome import Exit, WrongUseError
from services.reconciler.giving_up import GivingUp
from services.reconciler.work.ending import Ending
from shared.domain.cell import CellKey
from shared.domain.codes import Code
from shared.mongodb.leases import running_replicas
from shared.mongodb.pushes import PushStore
from shared.mongodb.sweeps import SweepStore

_AT_ONCE = 250
"""Cells of one transaction."""


async def after_restore(client: Client, *, as_json: bool, out: Console) -> Exit:
    """End what was open, make earlier previews stale, ask for full sweeps. Safe to repeat."""
    if running := await running_replicas(client.mongo.db, datetime.now(UTC)):
        raise WrongUseError(f"{running} reconciler processes run on these records: stop every service first")
    giving_up = GivingUp(
        ending=Ending(client.mongo.transactions, client.stock, client.cells),
        shops=client.shops,
        jobs=client.jobs,
        cells=client.cells,
        pushes=PushStore(client.mongo.db),
        code=Code.RECORDS_RESTORED,
    )
    sweeps = SweepStore(client.mongo.db)
    shops = [shop.domain for shop in await client.shops.all()]
    jobs = 0
    for shop in shops:
        jobs += len(await client.jobs.unfinished(shop))
        await giving_up.end(shop)
        await _outdate(client, shop)
        await sweeps.ask(shop, full=True, at=datetime.now(UTC))
        await client.note("records.restored", shop)
    if as_json:
        print_document({"shops": shops, "jobs_ended": jobs})
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
