"""`trueup audit`: who did what to a shop's records."""

from __future__ import annotations

from dataclasses import asdict

from services.command_line.connections.stores import Records
from services.command_line.outcome import Exit
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.job_status import short_time
from services.command_line.terminal.tables import Column, console, show_table

COLUMNS = (
    Column("At"),
    Column("Act"),
    Column("To what", "name", 3),
    Column("Who", "name", 2),
    Column("By"),
)


async def list_audit(records: Records, shop: str | None, *, limit: int, as_json: bool) -> Exit:
    """The newest acts first; of no shop: refused sign-ins, and what was done to the installation."""
    page = await records.listings.audit(shop, None, limit)
    if as_json:
        print_json({"shop": shop, "acts": [asdict(kept) for kept in page.items]})
        return Exit.OK
    out = console()
    if not page.items:
        out.print(f"nothing is noted of {shop or 'no shop'}")
        return Exit.OK
    lines = [(short_time(kept.at), kept.act, kept.subject, kept.actor, kept.by) for kept in page.items]
    show_table(out, COLUMNS, lines)
    if page.after is not None:
        out.print("… and older ones: --rows N shows more")
    return Exit.OK
