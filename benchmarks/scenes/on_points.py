"""The scene of points: what a changed cell costs of Shopify's budget, for both prices of `nodes`, beside a peer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any

from benchmarks import points
from benchmarks.measuring import tables
from benchmarks.measuring.figures import Figures
from benchmarks.measuring.goals import Goal
from benchmarks.scenes.scene import Form, Scene

_FLAT, _PER_ID, _PEER = "nodes flat", "nodes per id", "peer"
_PARTS = {"preview": "preview", "writes": "writes", "verifying_read": "verifying read", "with_verifying_read": "job"}


async def run(_: None, numbers: Iterable[int], notes: dict[str, Any]) -> AsyncGenerator[Figures, None]:
    """Counts, the same each time."""
    for _number in numbers:
        yield await points.run(notes)


def _tables(figures: Figures) -> Mapping[str, str]:
    peer = figures[_PEER]["points_per_cell"]
    measured = {(price, name): figures[price][part] for price in (_FLAT, _PER_ID) for part, name in _PARTS.items()}
    measured["–", "peer, two calls a row"] = figures[_PEER]
    rows = [
        [
            *(tables.ratio(one["points_per_cell"], peer, digits=4), price, name, one["points"], one["points_per_cell"]),
            ", ".join(f"{number:.0f} {call}" for call, number in one["calls"].items()),
        ]
        for (price, name), one in measured.items()
    ]
    return {"": tables.table(["× peer", "price", "of 400 cells", "points", "a cell", "calls"], rows)}


def _points(price: str, part: str) -> Any:
    return lambda run: run[price][part]["points_per_cell"]


POINTS = Scene(
    name="points",
    about="points of 400 changed cells, for both prices of `nodes`, beside two calls a row",
    sizes={Form.QUICK: None, Form.LONG: None},
    run=run,
    tables=_tables,
    goals=[
        Goal(f"{what}, {price}", _points(price, part), at_most=most, unit="points")
        for what, price, part, most in (
            ("a changed cell", _FLAT, "with_verifying_read", 0.085),
            ("a changed cell", _PER_ID, "with_verifying_read", 0.0925),
            ("a cell of a preview", _FLAT, "preview", 0.035),
            ("a cell of a preview", _PER_ID, "preview", 0.0425),
        )
    ],
    runs=1,
)
