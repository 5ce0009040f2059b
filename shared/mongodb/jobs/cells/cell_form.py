"""How a cell of a job stands in a document."""

from __future__ import annotations

from datetime import datetime

from shared.domain.cell import OPEN_CELL_STATES, CellKey, CellState
from shared.domain.comparison import Direction, Reason
from shared.domain.undo import UndoRow
from shared.domain.words.codes import Code
from shared.mongodb.jobs.cells.cell import Cell, CellEnd, CellsWanted, NewCell, Settled, Stocking, cell_id
from shared.mongodb.previews.row_form import row_document, row_of
from shared.mongodb.schema import Document
from shared.mongodb.stored_words import StoredWords

_REASONS, _CODES = StoredWords(Reason), StoredWords(Code)
WITH_A_CODE = (CellState.ERROR, CellState.CANCELLED)
"""The states of cells that have ended with a code."""


def cell_of(document: Document) -> Cell:
    """A cell from its document."""
    get = document.get
    row, undo, stocking, settled = document["row"], document["undo"], get("activation"), get("settled")
    not_compared, reason, code = document["left_out"], document["reason"], document["code"]
    return Cell(
        shop=document["shop"],
        job_id=document["job_id"],
        key=CellKey(document["bom_id"], document["location_id"]),
        no=document["no"],
        item_id=document["item_id"],
        bom_name=document["bom_name"],
        state=CellState(document["state"]),
        row=None if row is None else row_of(row),
        undo=None if undo is None else _undo_of(undo),
        not_compared=_REASONS[not_compared],
        stocking=None if stocking is None else stocking_of(stocking),
        attempts=document["attempts"],
        push_id=document["push_id"],
        pushes_made=document["pushes_made"],
        created_at=document["created_at"],
        ended_at=get("ended_at"),
        reason=_REASONS[reason],
        code=_CODES[code],
        detail=document["detail"],
        shopify_before=get("shopify_before"),
        shopify_after=get("shopify_after"),
        local_before=get("local_before"),
        local_after=get("local_after"),
        settled=None if settled is None else Settled(**settled),
    )


def cells_query(wanted: CellsWanted) -> Document:
    """As a condition on documents. What only cells of one state have names that state: by it they are indexed."""
    asked = {
        "state": wanted.state,
        "code": wanted.code,
        "reason": wanted.reason,
        "bom_id": wanted.bom_id,
        "location_id": wanted.location_id,
    }
    query: Document = {name: str(value) for name, value in asked.items() if value is not None}
    if wanted.state in OPEN_CELL_STATES:
        query["open"] = True
    elif wanted.state is None and wanted.reason is not None:
        query["state"] = str(CellState.SKIPPED)
    return query


def cell_document(shop: str, job_id: str, no: int, cell: NewCell, now: datetime) -> Document:
    """The document of a new cell: one that can be worked on is open."""
    ended = cell.code is not None
    state = CellState.ERROR if ended else CellState.PENDING
    return {
        "_id": cell_id(shop, job_id, cell.key),
        "shop": shop,
        "job_id": job_id,
        "bom_id": cell.key.bom_id,
        "location_id": cell.key.location_id,
        "no": no,
        "item_id": cell.item_id,
        "bom_name": cell.bom_name,
        "state": str(state),
        "row": None if cell.row is None else row_document(cell.row),
        "undo": None if cell.undo is None else _undo_document(cell.undo),
        "push_id": None,
        "pushes_made": 0,
        "attempts": 0,
        "reason": None,
        "code": None if cell.code is None else str(cell.code),
        "detail": None,
        "left_out": None if cell.reason is None else str(cell.reason),
        "created_at": now,
        **({"ended_at": now} if ended else {"open": True}),
    }


def end_fields(end: CellEnd) -> Document:
    """What a cell's document says of its end."""
    fields: Document = {
        "state": str(end.state),
        "reason": None if end.reason is None else str(end.reason),
        "code": None if end.code is None else str(end.code),
        "detail": end.detail,
        "shopify_before": end.shopify[0],
        "shopify_after": end.shopify[1],
    }
    if end.local is not None:
        fields |= {"local_before": end.local[0], "local_after": end.local[1]}
    if (settled := end.settled) is not None:
        fields["settled"] = {
            "settle_no": settled.settle_no,
            "tracks_rev": settled.tracks_rev,
            "first": settled.first,
        }
    return fields


def stocking_of(document: Document) -> Stocking:
    """From the part of a cell's document."""
    return Stocking(
        key=document["key"],
        held=document.get("held", 0),  # an earlier version kept none, and gave zero
        local=document["local"],
        manual_total=document["manual_total"],
        settle_no=document["settle_no"],
        events_no=document["events_no"],
        tracks_rev=document["tracks_rev"],
    )


def stocking_document(stocking: Stocking) -> Document:
    """As a part of a cell's document."""
    return {
        "key": stocking.key,
        "held": stocking.held,
        "local": stocking.local,
        "manual_total": stocking.manual_total,
        "settle_no": stocking.settle_no,
        "events_no": stocking.events_no,
        "tracks_rev": stocking.tracks_rev,
    }


def _undo_of(document: Document) -> UndoRow:
    return UndoRow(
        Direction(document["direction"]),
        document["d"],
        document["settle_no"],
        document["tracks_rev"],
        first=document.get("first", False),
        first_count=document.get("first_count", False),
    )


def _undo_document(undo: UndoRow) -> Document:
    return {
        "direction": str(undo.direction),
        "d": undo.d,
        "first_count": undo.first_count,
        "settle_no": undo.settle_no,
        "tracks_rev": undo.tracks_rev,
        "first": undo.first,
    }
