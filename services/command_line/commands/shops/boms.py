"""`trueup boms`: list BOMs, show one with what is known of its cells, map one to another item, remove one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.tables import Column, console, number, show_table, signed
from shared.contract.mistakes import mistakes_of
from shared.contract.words import BomFields
from shared.domain.cell import CellKey
from shared.domain.selection import Filtered
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.mongodb.catalogue.refusals import RecordRefused
from shared.mongodb.lists.pages import FIRST
from shared.mongodb.stock.known_drift import KnownDrift

if TYPE_CHECKING:
    from rich.console import Console

    from services.command_line.connections.client import Client
    from services.command_line.connections.stores import Records
    from shared.mongodb.catalogue.boms import Bom

COLUMNS = (
    Column("BOM", "name", 2),
    Column("Name", "name", 3),
    Column("Item"),
    Column("Tracks"),
    Column("Tags", "name"),
)
CELLS = (
    Column("Location", "name", 2),
    Column("Shopify", "number"),
    Column("Local", "number"),
    Column("Difference", "number"),
    Column("Class"),
)
_REFERENCE = "command-line"


async def list_boms(records: Records, shop: str, search: str | None, *, limit: int, as_json: bool) -> Exit:
    """BOMs by name; `search`: part of the name, or an id."""
    page, total = await records.listings.boms(shop, Filtered(text=search), FIRST, limit)
    boms = page.items
    if as_json:
        print_json({"shop": shop, "total": total, "boms": [bom_document(bom) for bom in boms]})
        return Exit.OK
    out = console()
    if not boms:
        out.print(f"no BOM of {shop} is found" if search else f"{shop} has no BOMs yet: trueup import makes them")
        return Exit.OK
    show_table(
        out,
        COLUMNS,
        [
            (bom.bom_id, bom.name, bom.inventory_item_id, _yes(holds=bom.tracks_pre_assembled), ", ".join(bom.tags))
            for bom in boms
        ],
    )
    if total > len(boms):
        out.print(f"… and {total - len(boms)} more: --rows N shows more")
    return Exit.OK


async def show_bom(records: Records, shop: str, bom_id: str, *, as_json: bool) -> Exit:
    """One BOM with what is known of its cells, without asking Shopify."""
    bom = await _the_bom(records, shop, bom_id)
    places = await records.boms.locations(shop)
    known = await KnownDrift(records.mongo.db).of(shop, [CellKey(bom_id, place) for place in places])
    cells = [
        {
            "location_id": key.location_id,
            "location_name": places[key.location_id].name,
            "shopify_value": cell.shopify,
            "local_value": cell.cell.stock.local,
            "difference": cell.difference,
            "class": str(cell.cell_class),
        }
        for key, cell in known.items()
    ]
    if as_json:
        print_json({"shop": shop, **bom_document(bom), "cells": cells})
        return Exit.OK
    out = console()
    out.print(f"BOM {bom.bom_id}: {bom.name}", soft_wrap=True)
    said = [f"item {bom.inventory_item_id}", f"counts pre-assembled units: {_yes(holds=bom.tracks_pre_assembled)}"]
    if bom.externally_managed:
        said.append("another tool computes its quantity")
    if bom.tags:
        said.append(f"tags: {', '.join(bom.tags)}")
    out.print("; ".join(said), soft_wrap=True)
    show_table(
        out,
        CELLS,
        [
            (
                places[key.location_id].name,
                number(cell.shopify),
                number(cell.cell.stock.local),
                signed(cell.difference),
                str(cell.cell_class),
            )
            for key, cell in known.items()
        ],
    )
    return Exit.OK


async def map_bom(client: Client, shop: str, bom_id: str, item_id: str, *, as_json: bool, out: Console) -> Exit:
    """Have a BOM count for another item; what was known of the old one's value says nothing of the new one's."""
    bom = await _the_bom(client, shop, bom_id)
    try:
        BomFields(bom_id=bom_id, inventory_item_id=item_id, name=bom.name)
    except ValidationError as error:
        raise WrongUseError(f"--item {item_id}: {mistakes_of(error).named[0].message}") from None
    try:
        after, _ = await _store(client).upsert(shop, WantedBom(bom_id, item_id, bom.name), reference=_REFERENCE)
    except RecordRefused as refused:
        raise WrongUseError(f"--item: {refused.message} {refused.remedy}") from None
    await client.note("bom.change", shop, bom_id)
    if as_json:
        print_json({"shop": shop, **bom_document(after)})
    elif after == bom:
        out.print(f"BOM {bom_id} is mapped to item {item_id} already", soft_wrap=True)
    else:
        out.print(f"BOM {bom_id} is mapped to item {item_id}; before: {bom.inventory_item_id}", soft_wrap=True)
    return Exit.OK


async def remove_bom(client: Client, shop: str, bom_id: str, *, as_json: bool, out: Console) -> Exit:
    """Remove a BOM and the stock records of its cells; its ledger stays."""
    try:
        await _store(client).remove(shop, bom_id, reference=_REFERENCE)
    except RecordRefused as refused:
        raise WrongUseError(f"{refused.message} {refused.remedy}") from None
    await client.note("bom.remove", shop, bom_id)
    if as_json:
        print_json({"shop": shop, "bom_id": bom_id, "removed": True})
    else:
        out.print(f"BOM {bom_id} is removed; its ledger stays", soft_wrap=True)
    return Exit.OK


def bom_document(bom: Bom) -> dict[str, Any]:
    """A BOM as `--json` prints it."""
    return {
        "bom_id": bom.bom_id,
        "inventory_item_id": bom.inventory_item_id,
        "name": bom.name,
        "tags": list(bom.tags),
        "tracks_pre_assembled": bom.tracks_pre_assembled,
        "externally_managed": bom.externally_managed,
    }


async def _the_bom(records: Records, shop: str, bom_id: str) -> Bom:
    bom = (await records.boms.get(shop, [bom_id])).get(bom_id)
    if bom is None:
        raise WrongUseError(f"there is no BOM {bom_id} of {shop}; trueup boms list --shop {shop} lists them")
    return bom


def _store(client: Client) -> RecordStore:
    return RecordStore(client.mongo.db, client.mongo.transactions)


def _yes(*, holds: bool) -> str:
    return "yes" if holds else "no"
