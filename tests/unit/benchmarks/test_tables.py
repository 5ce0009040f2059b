"""What the tables make of figures: ratios first, the simulator left out, what was left out with its reason."""

from __future__ import annotations

from typing import Any

from benchmarks.measuring import tables

JOB: dict[str, Any] = {
    "cells": 1000,
    "seconds": 0.5,
    "cells_per_second": 2000,
    "of_runs": [1900, 2000, 2100],
    "ms_per_cell": {"simulator": 9.0, "reconciler": 0.5, "RabbitMQ": 0.25, "MongoDB 1": 0.5},
    "ms_per_cell_total": 10.25,
    "peak_mb": {"simulator": 900, "reconciler": 80, "RabbitMQ": 100, "MongoDB 1": 200},
    "memory_growth": {"simulator": 9.0, "reconciler": 1.01, "MongoDB 1": 1.2},
    "per_cell": {"inserts": 2, "updates": 0.5, "documents inserted": 2, "documents updated": 3, "documents read": 7},
    "amqp_per_cell": {"published": 1.0},
    "points_per_cell": 0.06,
    "partitions_held": {"reconciler": 16},
}
CHORD: dict[str, Any] = {**JOB, "cells_per_second": 500, "ms_per_cell_total": 12.5, "ms_per_cell": {"worker": 12.5}}


def rows_of(text: str) -> list[dict[str, str]]:
    """A table's rows, by its heads."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[2:]]


def test_a_cell_stands_beside_the_chord() -> None:
    """Rate and processor time over the chord's; the simulator is Shopify, and none of ours."""
    ours, chord, absent = rows_of(
        tables.of_queues({"toShopify": JOB}, {tables.CHORD: CHORD, "taskiq": {"not_measured": "not installed"}})
    )
    assert (ours["rate, × chord"], ours["CPU, × chord"], ours["CPU ms"]) == ("4.00", "0.10", "1.25")
    assert (ours["least – most"], ours["statements"], ours["documents written"]) == ("1,900 – 2,100", "2.50", "5.00")
    assert (ours["programs"], ours["peak MB"]) == ("0.50", "80")
    assert chord["rate, × chord"] == "1.00"
    assert "not installed" in absent.values()


def test_a_million_cells_are_told_by_process() -> None:
    """Milliseconds of one are seconds of a thousand: 0.5 ms are 500 s, and 2,000 cells/s of a core."""
    (row,) = rows_of(tables.of_a_million({"toShopify": JOB}))
    assert (row["reconciler, CPU s"], row["MongoDB 1, CPU s"], row["core hours"]) == ("500", "500", "0.35")
    assert (row["cells/s of a core of MongoDB alone"], row["of a core with all"]) == ("2,000", "800")
    assert (row["points"], row["minutes of points, Standard"], row["Plus"]) == ("60,000", "10", "1")


def test_the_servers_figures_are_told_by_kind() -> None:
    """Of peers, too; one that was left out, or asks neither server, has none."""
    rows = rows_of(
        tables.of_servers({"toShopify": JOB}, {"row by row": {"seconds": 1}, "taskiq": {"not_measured": "no"}})
    )
    assert [row["a cell"] for row in rows] == ["toShopify"]
    assert (rows[0]["inserts"], rows[0]["documents read"], rows[0]["messages published"]) == ("2.000", "7.000", "1.000")


def test_cases_are_compared_with_the_first_of_their_step() -> None:
    """A preview with previews, a job with jobs; the process that grew most is named."""
    slower = {**JOB, "cells_per_second": 1000}
    first, second = rows_of(tables.of_cases({"one": {"toShopify": JOB}, "two": {"toShopify": slower}}))
    assert (first["× first"], second["× first"]) == ("1.00", "0.50")
    assert first["most growth"] == "× 1.20 (MongoDB 1)"
    assert first["largest process, peak MB"] == "200"
