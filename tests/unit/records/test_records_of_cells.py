"""The records of cells and pushes: what is stored of them, what is read back, and that no document leaves a store."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.local.demo.shown.documents import job_cell
from services.command_line.terminal.documents import encoded
from services.preview.api.jobs.view import job_cell_out
from shared.domain.cell import CellKey, CellState
from shared.domain.comparison import Direction, Reason, Row
from shared.domain.undo import UndoRow
from shared.domain.words.codes import Code
from shared.mongodb.jobs.cells.cell import Cell, CellEnd, NewCell, Settled, Stocking
from shared.mongodb.jobs.cells.cell_form import cell_document, cell_of, end_fields, stocking_document, stocking_of
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.pushes import PushStore

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = CellKey("A", "7")
ROW = Row(
    shopify=7, shopify_time=AT, taken_at=AT, base=7, local=9, manual_total=2, settle_no=3, events_no=4, tracks_rev=1
)
ROW_STORED = {
    "shopify": 7,
    "shopify_time": AT,
    "taken_at": AT,
    "base": 7,
    "local": 9,
    "manual_total": 2,
    "settle_no": 3,
    "events_no": 4,
    "tracks_rev": 1,
    "unknown_outcome": False,
    "never_agreed": False,
}
UNDO = UndoRow(Direction.TO_LOCAL, -3, settle_no=4, tracks_rev=1, first=True, first_count=False)
UNDO_STORED = {"direction": "toLocal", "d": -3, "first_count": False, "settle_no": 4, "tracks_rev": 1, "first": True}
NEW_STORED = {
    "_id": "s|J|A|7",
    "shop": "s",
    "job_id": "J",
    "bom_id": "A",
    "location_id": "7",
    "no": 5,
    "item_id": "1",
    "bom_name": "Oak",
    "state": "pending",
    "row": None,
    "undo": None,
    "push_id": None,
    "pushes_made": 0,
    "attempts": 0,
    "reason": None,
    "code": None,
    "detail": None,
    "left_out": None,
    "created_at": AT,
    "open": True,
}
END_STORED = {
    "state": "updated",
    "reason": None,
    "code": None,
    "detail": None,
    "shopify_before": 7,
    "shopify_after": 9,
    "local_before": 9,
    "local_after": 9,
    "settled": {"settle_no": 4, "tracks_rev": 1, "first": False},
}
UPDATED = CellEnd("J", KEY, CellState.UPDATED, "P", shopify=(7, 9), local=(9, 9), settled=Settled(4, 1))


def stored(cell: NewCell) -> dict[str, Any]:
    """The document of a new cell."""
    return cell_document("s", "J", 5, cell, AT)


def ended(end: CellEnd = UPDATED) -> Cell:
    """A cell that has ended like that."""
    return cell_of({**stored(NewCell(KEY, "1", "Oak", row=ROW)), **end_fields(end), "ended_at": AT})


@pytest.mark.parametrize(
    ("new", "differs"),
    [
        (NewCell(KEY, "1", "Oak"), {}),
        (NewCell(KEY, "1", "Oak", row=ROW), {"row": ROW_STORED}),
        (NewCell(KEY, "1", "Oak", undo=UNDO), {"undo": UNDO_STORED}),
        (NewCell(KEY, "1", "Oak", reason=Reason.UNTRACKED), {"left_out": "untracked"}),
    ],
)
def test_a_new_cell_is_stored_to_the_letter(new: NewCell, differs: dict[str, Any]) -> None:
    """Names, order and plain values of the document; read back it is the cell that was to be made."""
    document = stored(new)
    assert list(document.items()) == list((NEW_STORED | differs).items())
    assert all(type(value) in {str, int, bool, dict, datetime, type(None)} for value in document.values())
    cell = cell_of(document)
    assert (cell.row, cell.undo, cell.not_compared, cell.item_id) == (new.row, new.undo, new.reason, new.item_id)
    assert (cell.cell_id, cell.key, cell.state) == ("s|J|A|7", KEY, CellState.PENDING)


def test_a_cell_of_which_nothing_can_be_done_is_made_ended() -> None:
    """It is an error from the start, and was never open."""
    document = stored(NewCell(KEY, None, None, code=Code.BOM_NOT_FOUND))
    assert document == {
        **{name: value for name, value in NEW_STORED.items() if name != "open"},
        "item_id": None,
        "bom_name": None,
        "state": "error",
        "code": "BOM_NOT_FOUND",
        "ended_at": AT,
    }


def test_an_end_is_stored_to_the_letter() -> None:
    """What is not known of an end is not written; a settled cell says what an undo needs."""
    assert end_fields(UPDATED) == END_STORED
    failed = CellEnd("J", KEY, CellState.ERROR, None, code=Code.CONFLICT, detail="busy")
    assert end_fields(failed) == {
        "state": "error",
        "reason": None,
        "code": "CONFLICT",
        "detail": "busy",
        "shopify_before": None,
        "shopify_after": None,
    }


def test_what_is_noted_before_stocking_is_read_back() -> None:
    """Also where an earlier version noted nothing of what the level held."""
    noted = Stocking("K", 3, 9, 2, 3, 4, 1)
    document = stocking_document(noted)
    assert list(document) == ["key", "held", "local", "manual_total", "settle_no", "events_no", "tracks_rev"]
    assert stocking_of(document) == noted
    del document["held"]
    assert stocking_of(document) == replace(noted, held=0)


def test_an_undo_takes_back_what_the_receiving_side_got() -> None:
    """The difference of the side that the job wrote to, with what its settling left behind."""
    end = CellEnd("J", KEY, CellState.UPDATED, None, shopify=(7, 9), local=(4, 9), settled=Settled(4, 1, first=True))
    cell = ended(end)
    assert cell.undone_by(Direction.TO_SHOPIFY) == UndoRow(Direction.TO_SHOPIFY, -2, 4, 1, first=True)
    assert cell.undone_by(Direction.TO_LOCAL) == UndoRow(Direction.TO_LOCAL, -5, 4, 1, first=True)
    counted_first = ended(replace(end, local=(None, 9)))
    assert counted_first.undone_by(Direction.TO_LOCAL) == UndoRow(Direction.TO_LOCAL, 0, 4, 1, True, True)
    with pytest.raises(ValueError, match="only an updated cell"):
        ended(replace(end, state=CellState.SKIPPED)).undone_by(Direction.TO_LOCAL)


def test_a_cell_is_shown_in_plain_words() -> None:
    """States, reasons and codes stand in answers and in `--json` as words; one of a newer build is shown as it is."""
    document = {**stored(NewCell(KEY, "1", "Oak")), "state": "error", "code": "OF_A_NEWER_BUILD", "reason": "in_sync"}
    cell = cell_of(document)
    shown = job_cell_out(cell, {"7": "Shelf"}).model_dump(mode="json")
    printed = json.loads(encoded(job_cell(cell)))
    for one in (shown, printed):
        assert (one["state"], one["code"], one["reason"]) == ("error", "OF_A_NEWER_BUILD", "in_sync")
    assert (shown["location_name"], shown["message"]) == ("Shelf", "Both sides agree.")


@pytest.mark.parametrize("store", [CellStore, PushStore])
def test_no_document_leaves_the_store(store: type) -> None:
    """Its public methods take and give records, keys and plain values."""
    for name, method in inspect.getmembers(store, inspect.isfunction):
        if not name.startswith("_"):
            for argument, kind in method.__annotations__.items():
                assert "Document" not in kind, f"{store.__name__}.{name}: {argument} is {kind}"
                assert "Any" not in kind, f"{store.__name__}.{name}: {argument} is {kind}"
