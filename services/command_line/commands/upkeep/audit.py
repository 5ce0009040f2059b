"""`trueup audit list`: who did what to a shop's records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.command_line.outcome import Exit
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.lists import Listed, short_time, show_listed
from services.command_line.terminal.tables import Column, console, show_table

if TYPE_CHECKING:
    from services.command_line.api.client import Api, Json
    from services.command_line.connections.stores import Records

COLUMNS = (
    Column("At"),
    Column("Act"),
    Column("To what", "name", 3),
    Column("Who", "name", 2),
    Column("By"),
)


async def list_audit(api: Api, *, rows: int, as_json: bool) -> Exit:
    """The newest acts first."""
    listed = await Listed.read(api, "/api/audit", rows)
    return await show_listed(listed, COLUMNS, _line, nothing=f"nothing is noted of {api.shop}", as_json=as_json)


def _line(entry: Json) -> Sequence[str]:
    return (short_time(entry["at"]), entry["act"], entry["subject"], entry["actor"], entry["by"])


async def list_audit_of_no_shop(records: Records, *, rows: int, as_json: bool) -> Exit:
    """Refused sign-ins, and what was done to the installation: of no shop, so no shop's API tells of it."""
    page = await records.listings.audit(None, None, rows)
    entries = [
        {
            "entry_id": kept.entry_id,
            "at": kept.at.isoformat(),
            "act": kept.act,
            "actor": kept.actor,
            "by": kept.by,
            "subject": kept.subject,
        }
        for kept in page.items
    ]
    if as_json:
        print_json({"items": entries, "next_cursor": None})
        return Exit.OK
    if entries:
        show_table(console(), COLUMNS, [_line(entry) for entry in entries])
    else:
        console().print("nothing is noted of no shop")
    return Exit.OK
