"""What is stored of previews and their rows."""

from __future__ import annotations

from shared.domain.comparison import CellClass, Direction
from shared.mongodb.catalogue.documents import KEPT, SELECTION
from shared.mongodb.described import Described, Fields, inside, of_shop, words
from shared.mongodb.previews.preview import PreviewState, RowKind

ROW: Fields = {
    "shopify": ("number", "what Shopify held"),
    "shopify_time": ("date", "Shopify's time of that value"),
    "taken_at": ("date", "Shopify's time when it was read"),
    "base": ("number or null", "the cell's `index`, read before"),
    "local": ("number or null", "its local value, read before"),
    "manual_total": ("number", "the cell's counters, read before"),
    "settle_no": ("number", ""),
    "events_no": ("number", ""),
    "tracks_rev": ("number", ""),
    "unknown_outcome": ("boolean", ""),
    "never_agreed": ("boolean", ""),
}
"""A domain `Row`: what was seen of one cell."""

_EXTREME: Fields = {
    "difference": ("number", ""),
    "bom_id": ("string", ""),
    "bom_name": ("string or null", ""),
    "location_id": ("string", ""),
    "location_name": ("string or null", ""),
    "shopify_value": ("number", ""),
    "local_value": ("number", ""),
}

_TALLY: Fields = {
    **{
        path: (kind, about)
        for name, of in (
            ("classes", "rows by class"),
            ("left_out", "rows not compared, by reason"),
            ("codes", "rows by code"),
            ("kinds", "rows by kind"),
            ("badges", "BOMs that are over"),
        )
        for path, kind, about in ((name, "object", ""), (f"{name}.*", "number", of))
    },
    "moves": ("object", "by class"),
    "moves.*": ("object", ""),
    "moves.*.cells": ("number", ""),
    "moves.*.boms": ("number", ""),
    "moves.*.highest": ("object or null", ""),
    **inside("moves.*.highest", _EXTREME),
    "moves.*.lowest": ("object or null", ""),
    **inside("moves.*.lowest", _EXTREME),
    "moves.*.not_pushed": ("object", ""),
    "moves.*.not_pushed.*": ("number", ""),
    "bom": ("object or null", "the BOM whose rows came last"),
    "bom.bom_id": ("string", ""),
    "bom.differs": ("boolean", ""),
    "bom.failed": ("boolean", ""),
    "bom.compared": ("boolean", ""),
    "bom.classes": ("list of string", "those of its rows that differ"),
}
"""What the rows written so far come to."""

PREVIEWS = Described(
    "previews",
    "A preview and its figures. Written by `previews/previews`.",
    {
        **of_shop("shop, preview_id"),
        "preview_id": ("string", "a ULID, the client's"),
        "selection": ("object", "what it is of"),
        **inside("selection", {**SELECTION, **KEPT}),
        "state": ("string", words(PreviewState)),
        "requested_by": ("string", ""),
        "requested_at": ("date", ""),
        "taken_from": ("date or null", "when the first value was read"),
        "finished_at": ("date or null", ""),
        "total": ("number or null", "its rows; null: not known yet"),
        "done": ("number", "rows written"),
        "badges": ("object or null", "BOMs; null: it is not ready"),
        "badges.with_discrepancies": ("number", ""),
        "badges.in_sync": ("number", ""),
        "badges.not_compared": ("number", ""),
        "classes": ("object", ""),
        "classes.*": ("number", "rows by class"),
        "left_out": ("object", "rows not compared; the record and the API call it `not_compared`"),
        "left_out.*": ("number", "by their reason"),
        "codes": ("object", ""),
        "codes.*": ("number", "rows by the code that they failed with"),
        "kinds": ("object or absent", ""),
        "kinds.*": ("number", "rows by kind"),
        "moves": ("list of object or absent", "what a reconcile would move, by class"),
        "moves[].cell_class": ("string", ""),
        "moves[].cells": ("number", ""),
        "moves[].boms": ("number", ""),
        "moves[].highest": ("object or null", "the row of the greatest difference; null: none has a local value"),
        **inside("moves[].highest", _EXTREME),
        "moves[].lowest": ("object or null", "the row of the least difference"),
        **inside("moves[].lowest", _EXTREME),
        "moves[].not_pushed": ("object", ""),
        "moves[].not_pushed.*": ("number", "rows by the code with which a push of them ends"),
        "milestones": (
            "list of object or absent",
            "rows at even distances by kind, size and number: pages begin there",
        ),
        "milestones[].kind": ("string", ""),
        "milestones[].size": ("number", ""),
        "milestones[].no": ("number", ""),
        "milestones_apart": ("number or absent", "so many rows lie from one to the next"),
        "failure": ("object or null", ""),
        "failure.code": ("string", ""),
        "failure.message": ("string", ""),
        "failure.remedy": ("string or absent", "absent: the code says it"),
        "trace": ("string or absent", "the span in which it was asked for, where that was traced"),
        "run": ("string or absent", "who computes it, or did"),
        "turn": ("object or absent", "until it has ended: whose turn it is"),
        "turn.until": ("date", "somebody is at it until then"),
        "turn.tries": ("number", "how often somebody took it up"),
        "turn.fruitless": ("number or absent", "tries in a row that wrote no row"),
        "turn.done": ("number or absent", "rows that the last try found"),
        "turn.large": ("boolean", "small ones go before it"),
        "bookmark": ("object or null or absent", "until it has ended: where a cut off run goes on"),
        "bookmark.after": ("list of string or null", "the cell whose row was written last; null: none yet"),
        "bookmark.tally": ("object or absent", "the figures of the rows so far; absent: none yet"),
        **inside("bookmark.tally", _TALLY),
    },
)

PREVIEW_ROWS = Described(
    "preview_rows",
    "A row of a preview: one cell as it was read. Written by `previews/previews`.",
    {
        **of_shop("shop, preview_id, bom_id, location_id"),
        "preview_id": ("string", ""),
        "no": ("number", "its place"),
        "bom_id": ("string", ""),
        "location_id": ("string", ""),
        "bom_name": ("string or null", ""),
        "location_name": ("string or null", ""),
        "item_id": ("string or null", ""),
        "words": ("string or absent", "its BOM's name and id in lower case: searched and sorted by; absent: not found"),
        "counted": (
            "boolean or absent",
            "whether the BOM tracked, so that the local value is a count; absent: not known",
        ),
        "row": ("object or null", "what was seen; null: it was left out, or failed"),
        **inside("row", ROW),
        "reason": ("string or null", "why it was left out"),
        "code": ("string or null", "how it failed"),
        "cell_class": ("string or null", words(CellClass)),
        "suggested": ("string or null", words(Direction)),
        "difference": ("number or null", "what Shopify holds less the local value"),
        "kind": ("string", words(RowKind)),
        "size": ("number", "by which rows are sorted"),
        "not_pushed": ("string or null", "the code with which a push of it ends"),
        "made_at": ("date", ""),
    },
)

DOCUMENTS = (PREVIEWS, PREVIEW_ROWS)
