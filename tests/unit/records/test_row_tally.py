"""The figures of a preview, counted as its rows are written."""

import random
from collections import Counter
from copy import deepcopy
from datetime import UTC, datetime

from shared.domain.cell import CellKey
from shared.domain.comparison import Reason, Row
from shared.domain.words.codes import Code
from shared.mongodb.previews.preview import BomBadges, TakenRow
from shared.mongodb.previews.preview_form import taken_document
from shared.mongodb.previews.tally import RowTally
from shared.mongodb.schema import Document

AT = datetime(2026, 1, 1, tzinfo=UTC)


def some_row(chance: random.Random, key: CellKey) -> TakenRow:
    """Compared, left out, or failed."""
    die = chance.random()
    if die < 0.1:
        return TakenRow(key, "n", "1", reason=chance.choice([Reason.NOT_STOCKED, Reason.UNTRACKED]))
    if die < 0.15:
        return TakenRow(key, "n", "1", code=chance.choice([Code.ITEM_NOT_FOUND, Code.BOM_NOT_FOUND]))
    base, local = chance.choice([None, 3, 5]), chance.choice([None, -1, 3, 5, 9])
    row = Row(chance.choice([3, 5, 9]), AT, AT, base, local, 0, 0, 0, 0)
    return TakenRow(key, "n", "1", row=row)


def some_rows(seed: int) -> list[Document]:
    """Rows of a few BOMs at a few locations, as they are stored."""
    chance = random.Random(seed)  # noqa: S311  # chance for a test, nothing secret
    cells = [
        CellKey(f"b{bom}", str(place)) for bom in range(chance.randint(1, 9)) for place in range(chance.randint(1, 4))
    ]
    rows = [some_row(chance, key) for key in sorted(cells)]
    return [taken_document("s", "p", no, row, {"0": "Here"}, now=AT) for no, row in enumerate(rows)]


def test_in_whatever_parts_rows_come_the_figures_are_those_of_all() -> None:
    """Cut anywhere, in the midst of a BOM too, and taken up again from the stored form, nothing is counted twice."""
    for seed in range(200):
        rows = some_rows(seed)
        chance, tally, rest = random.Random(seed), RowTally(), rows  # noqa: S311  # the same
        while rest:
            size = chance.randint(1, 5)
            before = deepcopy(tally)
            after, rest = tally.with_rows(rest[:size]), rest[size:]
            assert tally == before, "a part that could not be written is counted again"
            tally = RowTally(deepcopy(after.stored))
        assert tally == RowTally().with_rows(rows)
        assert tally.kinds == Counter(row["kind"] for row in rows)
        assert tally.classes == Counter(row["cell_class"] for row in rows if row["cell_class"])
        assert tally.not_compared == Counter(row["reason"] for row in rows if row["reason"])
        assert tally.codes == Counter(row["code"] for row in rows if row["code"])
        assert tally.bom_badges == badges(rows)
        for move in tally.moves:
            of_class = [row for row in rows if row["cell_class"] == str(move.cell_class)]
            assert (move.cells, move.boms) == (len(of_class), len({row["bom_id"] for row in of_class}))
            assert move.not_pushed == Counter(row["not_pushed"] for row in of_class if row["not_pushed"])
            known = [row for row in of_class if row["difference"] is not None]
            if not known:
                assert (move.highest, move.lowest) == (None, None)
                continue
            highest, lowest = (choose(known, key=lambda row: row["difference"]) for choose in (max, min))
            for shown, row in ((move.highest, highest), (move.lowest, lowest)):
                assert shown is not None
                assert (shown.difference, shown.bom_id, shown.location_id) == (
                    row["difference"],
                    row["bom_id"],
                    row["location_id"],
                )
        assert sum(move.cells for move in tally.moves) == tally.kinds.get("differs", 0)


def badges(rows: list[Document]) -> BomBadges:
    """BOMs by their worst cell, from all rows at once."""
    number: Counter[str] = Counter()
    for bom_id in {row["bom_id"] for row in rows}:
        own = [row for row in rows if row["bom_id"] == bom_id]
        if any(row["cell_class"] not in {None, "in_sync"} for row in own):
            number["with_discrepancies"] += 1
        elif any(row["code"] for row in own) or not any(row["cell_class"] for row in own):
            number["not_compared"] += 1
        else:
            number["in_sync"] += 1
    return BomBadges(number["with_discrepancies"], number["in_sync"], number["not_compared"])
