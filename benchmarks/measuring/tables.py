"""The figures of a run as tables, the ratio first: Markdown, for a terminal and for `docs/performance.md` alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]

CHORD = "Celery, chord"
TWO_CALLS = "row by row, two calls"
STATEMENTS = ("inserts", "querys", "updates", "deletes", "getmores", "commands")
SERVERS = ("RabbitMQ", "MongoDB 1")


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table whose columns stand below each other."""
    cells = [list(heads), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def of_machine(machine: Figures) -> str:
    """On what it ran."""
    return table(["", ""], list(machine.items()))


def of_queues(cells: Figures, peers: Figures) -> str:
    """What a cell costs: Trueup's steps beside task queues.

    The first columns: cells a second, and processor time of a cell, over those of Celery's chord.
    """
    steps = {f"Trueup, {name}": one for name, one in cells.items() if isinstance(one, dict) and "seconds" in one}
    queues = {name: one for name, one in peers.items() if not name.startswith("row by row")}
    known = peers.get(CHORD, {})
    heads = [
        *("rate, × chord", "CPU, × chord", "", "cells/s", "least – most", "CPU ms", "programs", "RabbitMQ", "MongoDB"),
        *("peak MB", "statements", "documents written", "read", "messages", "points"),
    ]
    return table(heads, [_row(name, one, known) for name, one in (steps | queues).items()])


def _row(name: str, one: Figures, known: Figures) -> list[object]:
    if "not_measured" in one:
        return ["–", "–", name, one["not_measured"], *[""] * 11]
    used, stored = one["ms_per_cell"], one["per_cell"]
    programs = sum(value for process, value in used.items() if process not in SERVERS and process != "simulator")
    return [
        ratio(one["cells_per_second"], known.get("cells_per_second")),
        ratio(one["ms_per_cell_total"] - used.get("simulator", 0), known.get("ms_per_cell_total")),
        name,
        f"{one['cells_per_second']:,.0f}",
        spread(one),
        f"{one['ms_per_cell_total'] - used.get('simulator', 0):.2f}",
        f"{programs:.2f}",
        f"{used.get('RabbitMQ', 0):.2f}",
        f"{used.get('MongoDB 1', 0):.2f}",
        f"{_own_peak(one):.0f}",
        f"{sum(stored.get(kind, 0) for kind in STATEMENTS):.2f}",
        f"{stored['documents inserted'] + stored['documents updated']:.2f}",
        f"{stored['documents read']:.2f}",
        f"{one['amqp_per_cell'].get('published', 0):.2f}",
        one.get("points_per_cell", "–"),
    ]


def of_api(cells: Figures, peers: Figures) -> str:
    """What Shopify is asked for: a job to Shopify beside clients that set row by row. First: points over two calls."""
    ways = {"Trueup, toShopify": cells["toShopify"]}
    ways |= {name: one for name, one in peers.items() if name.startswith("row by row") and "not_measured" not in one}
    known = ways.get(TWO_CALLS, {}).get("points_per_cell")
    rows = [
        [
            ratio(one["points_per_cell"], known, digits=4),
            name,
            one["points_per_cell"],
            one["calls_per_1000_cells"],
            f"{one['cells_per_second']:,.0f}",
            f"{one['ms_per_cell_total'] - one['ms_per_cell'].get('simulator', 0):.2f}",
            f"{100 / one['points_per_cell']:,.1f}",
            f"{_own_peak(one):.0f}",
        ]
        for name, one in ways.items()
    ]
    heads = [
        *("× points", "", "points a cell", "calls per 1,000", "cells/s, no throttle", "CPU ms"),
        *("cells/s that 100 points/s allow", "peak MB"),
    ]
    return table(heads, rows)


def of_memory(cells: Figures) -> str:
    """Peak memory in megabytes by process and step."""
    return _by_process(cells, "peak_mb", "peak MB", digits=0)


def _by_process(cells: Figures, figure: str, head: str, *, digits: int) -> str:
    steps = {name: one for name, one in cells.items() if isinstance(one, dict) and figure in one}
    processes = list(dict.fromkeys(process for one in steps.values() for process in one[figure]))
    rows = [
        [name, *(f"{one[figure].get(process, 0):.{digits}f}" for process in processes)] for name, one in steps.items()
    ]
    return table([head, *processes], rows)


def of_servers(cells: Figures, peers: Figures) -> str:
    """What both servers were asked for, by step and peer, a cell: MongoDB's operations, RabbitMQ's messages."""
    measured = {name: one for name, one in (dict(cells) | dict(peers)).items() if "per_cell" in one}
    stored = list(dict.fromkeys(kind for one in measured.values() for kind in one["per_cell"]))
    carried = list(dict.fromkeys(kind for one in measured.values() for kind in one["amqp_per_cell"]))
    rows = [
        [
            name,
            *(f"{one['per_cell'].get(kind, 0):.3f}" for kind in stored),
            *(f"{one['amqp_per_cell'].get(kind, 0):.3f}" for kind in carried),
        ]
        for name, one in measured.items()
    ]
    return table(["a cell", *stored, *(f"messages {kind}" for kind in carried)], rows)


def of_processor(cells: Figures) -> str:
    """Processor time of each process and step, in milliseconds a cell."""
    return _by_process(cells, "ms_per_cell", "CPU ms a cell", digits=3)


def of_cases(figures: Figures) -> str:
    """Cases by step. The first column: the rate over that of the first case with this step."""
    rows: list[list[object]] = []
    first: dict[str, float] = {}
    for case, steps in figures.items():
        if "not_measured" in steps:
            rows.append(["–", case, steps["not_measured"], *[""] * 9])
            continue
        for step, one in steps.items():
            known = first.setdefault(step, one["cells_per_second"])
            rows.append(
                [
                    ratio(one["cells_per_second"], known),
                    case,
                    step,
                    f"{one['seconds']:,.2f}",
                    f"{one['cells_per_second']:,.0f}",
                    spread(one),
                    f"{one['ms_per_cell_total'] - one['ms_per_cell'].get('simulator', 0):.2f}",
                    one["points_per_cell"],
                    one.get("throttled", "–"),
                    f"{max(value for process, value in one['peak_mb'].items() if process != 'simulator'):.0f}",
                    _largest_growth(one),
                    "/".join(f"{number:.0f}" for number in one.get("partitions_held", {}).values()),
                ]
            )
    heads = [
        *("× first", "case", "step", "seconds", "cells/s", "least – most", "CPU ms a cell", "points a cell"),
        *("throttled", "largest process, peak MB", "most growth", "partitions"),
    ]
    return table(heads, rows)


def spread(one: Figures) -> str:
    """How far apart the runs lie."""
    values = one.get("of_runs")
    return f"{values[0]:,} – {values[-1]:,}" if values else "–"


def _largest_growth(one: Figures) -> str:
    grown = {name: value for name, value in one.get("memory_growth", {}).items() if name != "simulator"}
    if not grown:
        return "–"
    name = max(grown, key=lambda process: grown[process])
    return f"× {grown[name]:.2f} ({name})"


def of_a_million(cells: Figures) -> str:
    """On paper: what a million cells take of each process's cores, and of a shop's points.

    The last columns of processor time: what one core gives where MongoDB has it to itself, and with all on it.
    """
    steps = {name: one for name, one in cells.items() if isinstance(one, dict) and "ms_per_cell" in one}
    processes = list(dict.fromkeys(process for one in steps.values() for process in one["ms_per_cell"]))
    processes = [process for process in processes if process != "simulator"]
    rows: list[list[object]] = []
    for name, one in steps.items():
        used: Mapping[str, float] = one["ms_per_cell"]
        total = sum(used.get(process, 0) for process in processes)
        points = one["points_per_cell"] * 1e6
        rows.append(
            [
                *(name, f"{total / 3.6:.2f}", *(f"{1000 * used.get(process, 0):,.0f}" for process in processes)),
                *(_cells_a_second(used.get("MongoDB 1", 0)), _cells_a_second(total)),
                f"{one['per_cell']['documents inserted']:.1f}",
                f"{one['amqp_per_cell'].get('published', 0):.1f}",
                *(f"{points:,.0f}", f"{points / 100 / 60:.0f}", f"{points / 1000 / 60:.0f}"),
            ]
        )
    heads = [
        *("per million cells", "core hours", *(f"{process}, CPU s" for process in processes)),
        *("cells/s of a core of MongoDB alone", "of a core with all", "million documents inserted"),
        *("million messages", "points", "minutes of points, Standard", "Plus"),
    ]
    return table(heads, rows)


def _cells_a_second(milliseconds: float) -> str:
    return f"{1000 / milliseconds:,.0f}" if milliseconds else "–"


def ratio(value: float, known: float | None, digits: int = 2) -> str:
    """How many times the known one."""
    return f"{value / known:.{digits}f}" if known else "–"


def _own_peak(one: Figures) -> float:
    peaks: Mapping[str, float] = one["peak_mb"]
    return sum(value for process, value in peaks.items() if process not in SERVERS and process != "simulator")
