"""How previews and their rows stand in documents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from shared.domain.cell import CellKey
from shared.domain.comparison import SUGGESTED, CellClass, Direction, Reason, Row
from shared.domain.plan import refused_push
from shared.domain.words.codes import Code
from shared.mongodb.previews.preview import (
    BomBadges,
    ClassMove,
    ExtremeRow,
    Figures,
    Preview,
    PreviewFailure,
    PreviewRow,
    PreviewState,
    RowsWanted,
    TakenRow,
    WholePreview,
)
from shared.mongodb.previews.row_form import row_document, row_of
from shared.mongodb.schema import Document, key_of
from shared.mongodb.stored_words import StoredWords

BUT_THE_LONG = {"selection": 0, "milestones": 0}
"""The projection for a `Preview`."""

_REASONS, _CODES = StoredWords(Reason), StoredWords(Code)


def preview_of(document: Document) -> Preview:
    """The preview of a document; its long parts may be left out of that."""
    return Preview(**_fields(document))


def whole_preview_of(document: Document) -> WholePreview:
    """The preview of a whole document."""
    return WholePreview(**_fields(document), held_selection=document["selection"])


def _fields(document: Document) -> Document:
    get = document.get
    badges, failure, moves = document["badges"], document["failure"], get("moves")
    return {
        "shop": document["shop"],
        "preview_id": document["preview_id"],
        "state": PreviewState(document["state"]),
        "requested_by": document["requested_by"],
        "requested_at": document["requested_at"],
        "taken_from": document["taken_from"],
        "finished_at": document["finished_at"],
        "total": document["total"],
        "done": document["done"],
        "badges": None if badges is None else BomBadges(**badges),
        "classes": document["classes"],
        "not_compared": document["left_out"],
        "codes": get("codes") or {},
        "failure": None if failure is None else _failure(failure),
        "trace": get("trace"),
        "run_id": get("run"),
        "kinds": get("kinds"),
        "milestones_apart": get("milestones_apart"),
        "moves": None if moves is None else tuple([_move(move) for move in moves]),
    }


def end_fields(failure: PreviewFailure | None, figures: Figures | None) -> Document:
    """What a document says of a preview that has ended."""
    state = PreviewState.READY if failure is None else PreviewState.FAILED
    fields: Document = {"state": str(state), "failure": None if failure is None else failure_document(failure)}
    if figures is not None:
        moves = [{**asdict(move), "cell_class": str(move.cell_class)} for move in figures.moves]
        milestones = [asdict(milestone) for milestone in figures.milestones]
        stored = asdict(figures)
        stored["left_out"] = stored.pop("not_compared")
        fields |= {**stored, "moves": moves, "milestones": milestones}
    return fields


def failure_document(failure: PreviewFailure) -> Document:
    """As a part of a preview's document."""
    said = {"code": failure.code, "message": failure.message}
    return said if failure.remedy is None else {**said, "remedy": failure.remedy}


def preview_row_of(document: Document) -> PreviewRow:
    """A row from its document."""
    row, reason, code = document["row"], document["reason"], document["code"]
    cell_class, suggested = document["cell_class"], document["suggested"]
    return PreviewRow(
        no=document["no"],
        key=CellKey(document["bom_id"], document["location_id"]),
        bom_name=document["bom_name"],
        location_name=document["location_name"],
        item_id=document["item_id"],
        row=None if row is None else row_of(row),
        reason=_REASONS[reason],
        code=_CODES[code],
        cell_class=None if cell_class is None else CellClass(cell_class),
        suggested=None if suggested is None else Direction(suggested),
        difference=document["difference"],
        counted=document.get("counted"),
    )


def rows_query(wanted: RowsWanted) -> Document:
    """As a condition on documents."""
    asked = {
        "kind": wanted.kind,
        "cell_class": wanted.cell_class,
        "reason": wanted.reason,
        "code": wanted.code,
        "bom_id": wanted.bom_id,
        "location_id": wanted.location_id,
    }
    query: Document = {name: str(value) for name, value in asked.items() if value is not None}
    if wanted.text:
        # As it stands, never as a pattern of the caller's; and MongoDB takes none with a NUL in it.
        query["words"] = {"$regex": re.escape(wanted.text.lower()).replace("\x00", "\\x00")}
    return query


def taken_document(
    shop: str, preview_id: str, no: int, taken: TakenRow, location_names: Mapping[str, str], *, now: datetime
) -> Document:
    """The document of a row."""
    row = taken.row
    cell_class = None if row is None else row.cell_class
    suggested = None if cell_class is None else SUGGESTED[cell_class]
    not_pushed = None if row is None else refused_push(row)
    return {
        "_id": key_of(shop, preview_id, taken.key.bom_id, taken.key.location_id),
        "shop": shop,
        "preview_id": preview_id,
        "no": no,
        "bom_id": taken.key.bom_id,
        "location_id": taken.key.location_id,
        "bom_name": taken.bom_name,
        "location_name": location_names.get(taken.key.location_id),
        "item_id": taken.item_id,
        "words": f"{(taken.bom_name or '').lower()} {taken.key.bom_id.lower()}",
        "counted": taken.counted,
        "row": None if row is None else row_document(row),
        "reason": None if taken.reason is None else str(taken.reason),
        "code": None if taken.code is None else str(taken.code),
        "cell_class": None if cell_class is None else str(cell_class),
        "suggested": None if suggested is None else str(suggested),
        "difference": None if row is None else row.difference,
        "kind": str(taken.kind),
        "size": _size(row),
        "not_pushed": None if not_pushed is None else str(not_pushed),
        "made_at": now,
    }


def _size(row: Row | None) -> int:
    """By what a row is sorted: its difference, or all that Shopify holds where there is no local value yet."""
    if row is None:
        return -1
    return abs(row.shopify if row.difference is None else row.difference)


def _failure(stored: Document) -> PreviewFailure:
    return PreviewFailure(stored["code"], stored.get("message", ""), stored.get("remedy"))


def _move(stored: Document) -> ClassMove:
    highest, lowest = stored["highest"], stored["lowest"]
    return ClassMove(
        cell_class=CellClass(stored["cell_class"]),
        cells=stored["cells"],
        boms=stored["boms"],
        highest=None if highest is None else ExtremeRow(**highest),
        lowest=None if lowest is None else ExtremeRow(**lowest),
        not_pushed=stored["not_pushed"],
    )
