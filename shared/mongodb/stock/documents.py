"""What is stored of the stock of cells, of how it came about, and of hand adjustments."""

from __future__ import annotations

from shared.mongodb.described import Described, Fields, inside, of_shop

_COUNTERS: Fields = {
    "manual_total": ("number", "the sum of all hand adjustments"),
    "settle_no": ("number", "raised by every settling and undo"),
    "events_no": ("number", "raised by every event of the cell"),
    "tracks_rev": ("number", "raised when tracking is switched"),
    "rev": ("number", "raised by every write; each one is bound to the one it has read"),
    "unknown_outcome": ("boolean", "a push may or may not have reached Shopify"),
}

STOCK = Described(
    "stock",
    "The stock of a cell: one BOM at one location. Written by `stock/stock`; `domain/stock` says how it may change.",
    {
        **of_shop("shop, bom_id, location_id"),
        "bom_id": ("string", ""),
        "location_id": ("string", ""),
        "item_id": ("string", "the inventory item that it is counted for"),
        "index": ("number or null", "the base: what Shopify was last known to hold; null: never read"),
        "index_time": ("date or null", "Shopify's time of it, by which webhooks are ordered"),
        "count": ("number or null", "the pre-assembled count; null: the BOM does not track, or nobody has counted"),
        **_COUNTERS,
        "ledger_seq": ("number", "the cell's last entry of the ledger"),
        "never_agreed": ("boolean", "the BOM tracks, and the two sides were never settled nor equal"),
        "left_out": (
            "string or null",
            "why it could not be compared when Shopify was last read; the record calls it `not_compared`",
        ),
        "known_class": ("string or null", "the class that these fields tell of; null: in sync"),
        "known_difference": (
            "number or null or absent",
            "Shopify's value less the local one, as these fields tell; null: in sync, or one of the two is not known",
        ),
        "seen": ("object or null or absent", "what a preview has read that was not the base; shown, and no more"),
        "seen.value": ("number", ""),
        "seen.at": ("date", "Shopify's time when it was read"),
        "seen.base": ("number or null", "the cell's `index` then; it holds while all of these are the same"),
        "seen.base_time": ("date or null", ""),
        "seen.settle_no": ("number", ""),
        "seen.events_no": ("number", ""),
    },
)

READS_WANTED = Described(
    "reads_wanted",
    "A wish for a verifying read of some cells, removed once they were read. Written by `stock/reads_wanted`.",
    {
        **of_shop("shop, a ULID"),
        "at": ("date", "the read is due from then on"),
        "cells": ("list of string", "bom_id, location_id of each, joined by a bar"),
        "number": ("number", "of the cells"),
    },
)

LEDGER = Described(
    "ledger",
    "A change of a cell's count or base; only ever added to. Written by `stock/stock`, the last one of a removed cell "
    "by `stock/removed_cells`.",
    {
        **of_shop("shop, bom_id, location_id, seq"),
        "bom_id": ("string", ""),
        "location_id": ("string", ""),
        "seq": ("number", "in the order of the cell's changes"),
        "field": ("string", "count or index"),
        "before": ("number or null", "null: there was no value"),
        "after": ("number or null", "null: there is none"),
        "cause": ("string", "such as webhook, push, counted"),
        "reference": ("string", "of what: a job, an event, an adjustment"),
        "by": ("string or absent", "who counted; absent: the reference tells, or an earlier build has written it"),
        "at": ("date", ""),
        "left": ("object or absent", "with the last entry of a removed cell: what another life goes on from"),
        **inside("left", {"item_id": ("string", "its item"), **_COUNTERS}),
    },
)

ADJUSTMENTS = Described(
    "adjustments",
    "A hand adjustment under its idempotency key. Written by `stock/adjustments`.",
    {
        **of_shop("shop, key"),
        "key": ("string", "the client's idempotency key"),
        "bom_id": ("string", ""),
        "location_id": ("string", ""),
        "asked": ("object", "what a repeat must ask for alike: exactly one of them"),
        "asked.delta": ("number or absent", ""),
        "asked.count": ("number or absent", ""),
        "delta": ("number", "by how much the count moved"),
        "cause": ("string", ""),
        "actor": ("string", "who asked"),
        "still": ("boolean or absent", "true: it has moved nothing, so the ledger does not tell of it"),
        "note": ("string or absent", "why, in that person's words"),
        "at": ("date", ""),
    },
)

DOCUMENTS = (STOCK, READS_WANTED, LEDGER, ADJUSTMENTS)
