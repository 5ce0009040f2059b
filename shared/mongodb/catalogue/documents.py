"""What is stored of BOMs, locations, long selections and imports."""

from __future__ import annotations

from shared.mongodb.catalogue.import_records import ImportPhase, ImportState, Made, Why
from shared.mongodb.described import Described, Fields, inside, of_shop, words

SELECTION: Fields = {
    "bom_ids": ("string or list of string or absent", "ids, or all"),
    "location_ids": ("list of string or absent", "of these BOMs, at these locations alone"),
    "cells": ("list of object or absent", ""),
    "cells[].bom_id": ("string", ""),
    "cells[].location_id": ("string", ""),
    "filter": ("object or absent", "BOMs found when the work is planned"),
    "filter.text": ("string or absent", "part of the BOM's name or id"),
    "filter.tag": ("string or absent", ""),
    "filter.tracks_pre_assembled": ("boolean or absent", ""),
    "filter.location_ids": ("list of string or absent", ""),
    "filter.cell_class": ("string or absent", "a class as known without asking Shopify"),
    "filter.differs": ("boolean or absent", ""),
    "filter.except_bom_ids": ("list of string or absent", "BOMs that are left out of it, whatever it finds"),
}
"""As a client asks for it: exactly one of bom_ids, cells and filter."""

KEPT: Fields = {
    "kept": ("object or absent", "the list is long, and is in `selections`"),
    "kept.list": ("string", "bom_ids or cells"),
    "kept.number": ("number", "its entries"),
    "kept.digest": ("string", "of the list"),
}
"""What takes the place of a long list."""

LOCATIONS = Described(
    "locations",
    "A location of a shop. Written by `catalogue/boms`, what events tell by `inbox/webhook_inbox`.",
    {
        **of_shop("shop, location_id"),
        "location_id": ("string", "Shopify's number"),
        "name": ("string", ""),
        "active": ("boolean", "no: it was deactivated, or Shopify lists it no more"),
        "fulfillment_service": ("boolean", "its stock is not the shop's own to compare"),
        "told_at": ("date or absent", "of the last event that told of it"),
        "read_at": ("date or absent", "Shopify listed it then as this shop's"),
    },
)

BOMS = Described(
    "boms",
    "A BOM; its finished good is one inventory item of Shopify's. Written by `catalogue/boms` and `app_records`.",
    {
        **of_shop("shop, bom_id"),
        "bom_id": ("string", ""),
        "inventory_item_id": ("string", "Shopify's number"),
        "name": ("string", ""),
        "name_lower": ("string", "by which it is sorted and found"),
        "tags": ("list of string", ""),
        "tracks_pre_assembled": ("boolean", "whether its cells have a count of their own"),
        "externally_managed": ("boolean", "another tool manages its stock: it is not compared"),
        "cells_no": (
            "number",
            "raised whenever its cells are made or change together, so that one comes after another",
        ),
        "product_id": ("string or absent", "the item's, learned from webhooks; absent: not known"),
        "sku": ("string or absent", "the item's, as an import saw it; absent: not known"),
        "read_at": ("object or absent", "when a preview last read its item, shown with the values"),
        "read_at.*": ("date", "by location"),
    },
)

SELECTIONS = Described(
    "selections",
    "A part of a long list of a selection. Written by `catalogue/selections`.",
    {
        **of_shop("shop, owner, digest, no"),
        "owner": ("string", "job:ID or preview:ID"),
        "digest": ("string", "of the whole list"),
        "no": ("number", "its place"),
        "entries": ("list of string or list of object", "BOM ids, or cells"),
        "entries[].bom_id": ("string", ""),
        "entries[].location_id": ("string", ""),
        "at": ("date or absent", "when its preview was asked for; absent: of a job, it stays"),
    },
)

IMPORTS = Described(
    "imports",
    "An import, which goes on where it was cut off. Written by `catalogue/imports`.",
    {
        **of_shop("shop, import_id"),
        "import_id": ("string", "a ULID"),
        "source": ("string", "a digest of what was asked for: the same again goes on with it"),
        "state": ("string", words(ImportState)),
        "phase": ("string", f"what it does next: {words(ImportPhase)}"),
        "cursor": ("string or null", "where a page-wise reading of items has got to"),
        "owner": ("string or null", "the process that is at it"),
        "until": ("date", "until when"),
        "started_at": ("date", ""),
        "finished_at": ("date or null", ""),
        "page": ("object or absent", "a person has asked for it on the page; absent: the command line"),
        "page.file": ("string or null", "the file's name; null: every variant"),
        "page.lines": ("number", "of the file"),
        "page.tracks": ("boolean or null", "of lines that do not say; null: as it is"),
        "page.by": ("string", "who has asked for it"),
        "page.approved_by": ("string or null", "who has said that it may make what it would; null: nobody yet"),
        "page.next_at": ("date", "when it goes on, while it runs"),
        "page.doing": ("string or null", "what is being done"),
        "page.done": ("number", "so much of it"),
        "page.total": ("number or null", "of so much, where that is known"),
        "page.trouble": ("string or null", "why it does not go on now, for a person"),
        "page.foreseen": ("object or null", "what would be made"),
        "page.foreseen.*": ("number", "by what would become of them: so many lines or items"),
        "page.result": ("object or null", "what was made"),
        "page.result.*": ("number", "by what has become of them: so many lines or items"),
    },
)

_ASKED: Fields = {
    "bom_id": ("string or null", "null: the item's own id"),
    "name": ("string", ""),
    "tags": ("list of string", ""),
    "tracks": ("boolean or null", "null: as it is"),
    "line": ("number or null", "the file's line that asks for it; null: no file does"),
}

_REFUSED: Fields = {
    "why": ("string", words(Why)),
    "message": ("string", "for a person"),
    "variants": ("list of string or absent", "those that are meant, perhaps"),
}

IMPORT_ITEMS = Described(
    "import_items",
    "An item as an import has read it, and what is made of it. Written by `catalogue/imports`.",
    {
        **of_shop("shop, import_id, item_id"),
        "import_id": ("string", ""),
        "item_id": ("string", "Shopify's number"),
        "at": ("date", "when it was first read"),
        "sku": ("string or null or absent", "as Shopify holds it"),
        "sku_key": ("string or null or absent", "by which SKUs are the same"),
        "sku_likeness": ("string or null or absent", "by which they are alike"),
        "tracked": ("boolean or absent", "whether Shopify tracks its stock"),
        "variants": ("object or absent", ""),
        "variants.*": ("object", "by the variant's id"),
        "variants.*.name": ("string", ""),
        "variants.*.bundle": ("boolean", "Shopify computes its stock from components"),
        "variants.*.tags": ("list of string", "of its product"),
        "variant_ids": ("list of string or absent", "the same ids, to be found by"),
        "bom": ("object or null", "the BOM that it is to have"),
        **inside("bom", _ASKED),
        "foreseen": ("string or absent", "the same, of an import that waits to be approved"),
        "made": ("string or null", words(Made)),
        "bom_id": ("string or absent", "its BOM, once made"),
        "refusal": ("object or absent", "why it makes none"),
        **inside("refusal", _REFUSED),
        "revs": ("object or absent", "noted before the levels are read"),
        "revs.*": ("number", "by location: the cell's `rev`"),
        "listed": ("boolean or absent", "the levels' export has it still"),
        "levels": ("object or absent", ""),
        "levels.*": ("object", "by location"),
        "levels.*.active": ("boolean", "whether the item is stocked there"),
        "levels.*.location_active": ("boolean", ""),
        "levels.*.available": ("number or null", ""),
        "levels.*.updated_at": ("string", "in Shopify's own words"),
        "tally": ("object or null", "what became of its cells; null: not decided"),
        "tally.*": ("number", "by outcome: so many"),
    },
)

IMPORT_LINES = Described(
    "import_lines",
    "A line of an import's file. Written by `catalogue/import_lines`.",
    {
        **of_shop("shop, import_id, line"),
        "import_id": ("string", ""),
        "line": ("number", "in the file"),
        "at": ("date", "when it was read"),
        "name": ("string or null", ""),
        "variant_id": ("string or null", ""),
        "sku": ("string or null", ""),
        "tags": ("list of string", ""),
        "tracks": ("boolean or null", ""),
        "bom_id": ("string or null", ""),
        "item_id": ("string or null", "whose it was found to be"),
        "bom": ("object or absent", "the BOM that it makes"),
        **inside("bom", _ASKED),
        **_REFUSED,
        "why": ("string or null", "why it makes no BOM, in the same words as for an item; null: it makes one"),
        "message": ("string or absent", "the same for a person"),
    },
)

DOCUMENTS = (LOCATIONS, BOMS, SELECTIONS, IMPORTS, IMPORT_ITEMS, IMPORT_LINES)
