"""Records of drift, schedules, previews and imports: what is shown and stored of them is, to the byte, what it has
always been.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.demo.shown.documents import preview_document, preview_row
from services.command_line.terminal.documents import encoded
from services.preview.api.drift.view import drift_out
from services.preview.api.previews.view import preview_out, row_out
from services.preview.api.schedules.view import run_out
from services.reconciler.schedules.outcome_sender import body_of
from shared.contract.messages import JobOptions
from shared.contract.selection import SelectionBody
from shared.domain.cell import CellKey
from shared.domain.comparison import Reason
from shared.domain.drift import Hold
from shared.domain.schedule import Action, Missed, Skipped, Timing
from shared.domain.words.codes import Code
from shared.importing.bom_file import BomLine, kept_line
from shared.importing.catalogue import item_fields, level_fields
from shared.importing.matching import match
from shared.mongodb.catalogue.import_form import item_of, line_fields, line_of, match_fields, staged_fields
from shared.mongodb.catalogue.import_records import ImportLine
from shared.mongodb.drift.missed import MissedState, MissedWanted, Sighting
from shared.mongodb.drift.missed_form import first_fields, missed_of, missed_query
from shared.mongodb.previews.preview import ANY_ROW, RowKind, RowsWanted, TakenRow
from shared.mongodb.previews.preview_form import (
    end_fields,
    failure_document,
    preview_of,
    preview_row_of,
    rows_query,
    taken_document,
    whole_preview_of,
)
from shared.mongodb.previews.row_form import row_of
from shared.mongodb.schedules.run_form import run_document, run_of
from shared.mongodb.schedules.schedule import Schedule, ScheduleWanted
from shared.mongodb.schedules.schedule_form import schedule_of, wanted_fields
from tests.unit.records.stored_records import (
    AT,
    COMPARED,
    DRIFT,
    FAILED,
    HELD,
    LEFT_OUT,
    NOT_COMPARED,
    NOT_READ,
    NOTED,
    ONE,
    PREVIEWS,
    READY,
    REFUSED,
    REQUESTED,
    ROWS,
    RUNS,
    SHOP,
    TWO,
    WATCHED,
)

ITEM = "gid://shopify/InventoryItem/11"


def shown() -> Iterator[str]:
    """Everything that a client is shown of the documents, in the order of the file beside."""
    yield from (drift_out(missed_of(document)).model_dump_json() for document in DRIFT)
    yield from (run_out(run_of(document)).model_dump_json() for document in RUNS)
    yield from (body_of(run_of(document)).decode() for document in RUNS[1:])
    yield from (preview_out(preview_of(document)).model_dump_json() for document in PREVIEWS)
    yield from (encoded(preview_document(preview_of(document)), indent=None) for document in PREVIEWS)
    yield from (row_out(preview_row_of(document)).model_dump_json() for document in ROWS)
    yield from (encoded(preview_row(preview_row_of(document)), indent=None) for document in ROWS)


def test_what_is_shown_is_what_was_always_shown() -> None:
    """By the API, by the command line, and to the address of a schedule."""
    # Not by lines: a sign within a text may end one.
    expected = Path(__file__).with_name("shown_records.jsonl").read_text(encoding="utf-8")
    assert "".join(f"{one}\n" for one in shown()) == expected


def test_the_watch_of_a_cell_is_stored_as_it_was() -> None:
    """With every field that somebody asks for."""
    seen = Sighting(CellKey("b", "1"), "11", "Bee", None, missed_row())
    stored = first_fields(SHOP, seen, AT, AT + timedelta(minutes=10))
    # What the upsert takes from its condition, and the id that was made.
    besides = {name: WATCHED[name] for name in ("shop", "bom_id", "location_id", "open", "_id", "drift_id")}
    assert {**stored, **besides} == WATCHED


def missed_row() -> Any:
    """The row behind WATCHED."""
    return row_of(
        {
            **COMPARED["row"],
            "shopify": WATCHED["shopify"],
            "shopify_time": WATCHED["shopify_time"],
            "taken_at": WATCHED["taken_at"],
            "events_no": WATCHED["events_no"],
        }
    )


def test_holds_are_known_words_or_those_of_a_newer_build() -> None:
    """A word that only a newer build knows makes no list unreadable."""
    assert missed_of(HELD).held is Hold.QUIET_HOURS
    assert missed_of({**HELD, "held": "of_a_newer_build"}).held == "of_a_newer_build"


@pytest.mark.parametrize(
    ("wanted", "query"),
    [
        (MissedWanted(), {}),
        (MissedWanted(frozenset({MissedState.WATCHED})), {"state": "watched"}),
        (
            MissedWanted(frozenset({MissedState.MISSED, MissedState.RESOLVED}), late=False, job_id=ONE),
            {"state": {"$in": ["missed", "resolved"]}, "late": False, "job_id": ONE},
        ),
    ],
)
def test_missed_webhooks_are_asked_for(wanted: MissedWanted, query: dict[str, Any]) -> None:
    """None is no condition."""
    assert missed_query(wanted) == query


def test_rows_are_asked_for() -> None:
    """None is no condition."""
    assert rows_query(ANY_ROW) == {}
    wanted = RowsWanted(kind=RowKind.DIFFERS, reason=Reason.NOT_STOCKED, bom_id="b")
    assert rows_query(wanted) == {"kind": "differs", "reason": "not_stocked", "bom_id": "b"}


def schedule() -> Schedule:
    """One with an address."""
    return schedule_of(
        {
            "_id": f"{SHOP}|{TWO}",
            "shop": SHOP,
            "schedule_id": TWO,
            "name": "Nightly",
            "enabled": True,
            "action": "preview",
            "direction": None,
            "selection": {"bom_ids": "all"},
            "options": {},
            "timing": {"kind": "hourly", "expression": "0 * * * *"},
            "time_zone": None,
            "missed": "run_once",
            "target": {"url": "https://hook.example/"},
            "rev": 3,
            "created_at": AT,
            "created_by": "user:42",
            "updated_at": AT,
            "updated_by": "user:42",
        }
    )


def test_runs_are_stored_as_they_were() -> None:
    """One that is noted, and one left out, whose outcome somebody is to hear of."""
    assert run_document(schedule(), ONE, AT, None, AT) == NOTED
    assert run_document(schedule(), ONE, AT, Skipped.OVERLAP, AT) == LEFT_OUT


def test_a_schedule_is_stored_as_it_was() -> None:
    """What a person wants, in the words of the documents."""
    wanted = ScheduleWanted(
        name="Nightly",
        enabled=True,
        action=Action.PREVIEW,
        direction=None,
        selection=SelectionBody(bom_ids="all"),
        options=JobOptions(),
        timing=Timing.hourly(0),
        time_zone=None,
        missed=Missed.RUN_ONCE,
    )
    assert wanted_fields(wanted) == {
        "name": "Nightly",
        "enabled": True,
        "action": "preview",
        "direction": None,
        "selection": {"bom_ids": "all"},
        "options": {},
        "timing": {"kind": "hourly", "expression": "0 * * * *"},
        "time_zone": None,
        "missed": "run_once",
        "limits": {"differences": "safe", "max_move": 1000, "max_share": 0.2},
    }
    assert (schedule().selection, schedule().options) == (wanted.selection, wanted.options)


@pytest.mark.parametrize("document", [FAILED, REFUSED])
def test_a_failure_is_stored_as_it_was(document: dict[str, Any]) -> None:
    """With a remedy where the code says none."""
    failure = preview_of(document).failure
    assert failure is not None
    assert failure_document(failure) == document["failure"]
    assert end_fields(failure, None) == {"state": "failed", "failure": document["failure"]}


def test_what_is_long_of_a_preview_is_left_out_of_lists() -> None:
    """The whole one holds the selection as its document does."""
    assert whole_preview_of(READY).held_selection == READY["selection"]
    assert not hasattr(preview_of(READY), "held_selection")
    assert not preview_of(REQUESTED).ended
    assert preview_of(READY).ended


@pytest.mark.parametrize("document", ROWS, ids=["compared", "left_out", "failed"])
def test_rows_are_stored_as_they_were(document: dict[str, Any]) -> None:
    """A row that is read and taken once more gives the same document."""
    row = preview_row_of(document)
    reason, code = None if row.reason is None else Reason(row.reason), None if row.code is None else Code(row.code)
    taken = TakenRow(row.key, row.bom_name, row.item_id, row=row.row, reason=reason, code=code, counted=row.counted)
    names = {} if row.location_name is None else {row.key.location_id: row.location_name}
    assert taken_document(SHOP, ONE, row.no, taken, names, now=AT) == document


def test_words_of_a_newer_build_make_no_row_unreadable() -> None:
    """They are shown as they are."""
    assert preview_row_of({**NOT_COMPARED, "reason": "of_a_newer_build"}).reason == "of_a_newer_build"
    assert preview_row_of({**NOT_READ, "code": "OF_A_NEWER_BUILD"}).code == "OF_A_NEWER_BUILD"


def test_what_an_export_tells_is_stored_as_it_was() -> None:
    """An item, its variant, its level, and that it is still there."""
    item = item_fields({"id": ITEM, "sku": " Mug-Red ", "tracked": True})
    variant = item_fields(
        {
            "id": "gid://shopify/ProductVariant/21",
            "displayName": "Mug - Red",
            "requiresComponents": False,
            "product": {"tags": ["red", "", "red", "cup"]},
            "__parentId": ITEM,
        }
    )
    level = level_fields(
        {
            "isActive": True,
            "updatedAt": "2026-01-02T03:04:05Z",
            "location": {"id": "gid://shopify/Location/7", "isActive": True},
            "quantities": [{"quantity": 4, "updatedAt": "2026-01-02T03:04:04Z"}],
            "__parentId": ITEM,
        }
    )
    there = level_fields({"id": ITEM, "tracked": False})
    assert {line.item_id for line in (item, variant, level, there)} == {"11"}
    assert [staged_fields(line) for line in (item, variant, level, there)] == [
        {"sku": "Mug-Red", "sku_key": "Mug-Red", "sku_likeness": "mug-red", "tracked": True},
        {"variants.21": {"name": "Mug - Red", "bundle": False, "tags": ["red", "cup"]}},
        {
            "levels.7": {
                "active": True,
                "location_active": True,
                "available": 4,
                "updated_at": "2026-01-02T03:04:04Z",
            }
        },
        {"listed": True, "tracked": False},
    ]


def test_lines_of_a_file_are_stored_as_they_were() -> None:
    """One that can be used, and one that cannot; what is read back is what was kept."""
    usable = kept_line(BomLine(3, name="N", sku="S", tags=("a", "b"), tracks=True))
    wrong = kept_line(BomLine(4, wrong="No."))
    nothing = dict.fromkeys(("name", "variant_id", "sku", "tracks", "bom_id", "item_id"))
    assert line_fields(usable) == {
        **nothing,
        "line": 3,
        "name": "N",
        "sku": "S",
        "tags": ["a", "b"],
        "tracks": True,
        "why": None,
    }
    assert line_fields(wrong) == {**nothing, "line": 4, "tags": [], "why": "WRONG_LINE", "message": "No."}
    assert [line_of(line_fields(line)) for line in (usable, wrong)] == [usable, wrong]


def test_what_a_line_is_found_to_be_is_stored_as_it_was() -> None:
    """A BOM, or why it makes none."""
    item = item_of(
        {
            "item_id": "11",
            "sku": "S",
            "sku_key": "S",
            "tracked": True,
            "variants": {"21": {"name": "", "bundle": False, "tags": ["t"]}},
        }
    )

    def matched(number: int, **said: Any) -> dict[str, Any]:
        asked: dict[str, Any] = {"name": None, "variant_id": None, "sku": "S", "tracks": None, "bom_id": "b"}
        line = ImportLine(line=3, tags=("a",), **asked | said)
        return match_fields(match(line, {}, {"S": (number, [item] * number)}, {}, tracks=True))

    bom = {"bom_id": "b", "name": "N", "tags": ["a"], "tracks": True, "line": 3}
    assert matched(1, name="N") == {"item_id": "11", "bom": bom}
    no_name = "It has no name, and Shopify has none for the variant."
    assert matched(1) == {"item_id": "11", "why": "NO_NAME", "message": no_name}
    twice = "2 items have the SKU 'S': name the variant instead, one of 21, 21."
    assert matched(2) == {"item_id": None, "why": "DUPLICATE_SKU", "message": twice, "variants": ["21", "21"]}
    unknown: dict[str, Any] = {
        "item_id": None,
        "why": "UNKNOWN_VARIANT",
        "message": "Shopify has no variant 9.",
        "variants": [],
    }
    assert matched(0, variant_id="9") == unknown
