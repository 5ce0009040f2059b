"""The scene of servers: what one that asks 100 times a second for a shop costs the server of another."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any

from benchmarks import servers
from benchmarks.measuring import tables
from benchmarks.measuring.figures import Figures
from benchmarks.measuring.goals import Goal
from benchmarks.scenes.scene import Form, Scene


async def _run(size: servers.Size, numbers: Iterable[int], notes: dict[str, Any]) -> AsyncGenerator[Figures, None]:
    for _ in numbers:
        yield await servers.measure(size, notes)


def _tables(figures: Figures) -> Mapping[str, str]:
    rows = [
        [ratio, case, figures[case]["p50_ms"], figures[case]["p95_ms"], figures[case]["asks"]]
        for case, ratio in ((servers.ALONE, 1), (servers.BESIDE, figures["ratio_p95"]))
    ]
    flood = figures[servers.FLOOD]
    told = f"The flood: {flood['answered']:,.0f} requests answered, {flood['refused']:,.0f} refused with 429."
    heads = ["× alone, p95", "the other server", "p50, ms", "p95, ms", "requests"]
    return {"": f"{tables.table(heads, rows)}\n\n{told}"}


SERVERS = Scene(
    name="servers",
    about="one shop's server asks 100 times a second, another's for its list meanwhile, a key each",
    sizes={Form.TINY: servers.Size(turns=1, asks=5, requests=100, boms=2), Form.LONG: servers.WHOLE},
    run=_run,
    tables=_tables,
    goals=[Goal("another server's answer beside, p95, × alone", lambda run: run["ratio_p95"], at_most=1.1, unit="×")],
    runs=5,
    minutes=5,
)
