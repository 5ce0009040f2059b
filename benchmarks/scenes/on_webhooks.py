"""The scene of webhooks: the front beside raw publishes, the indexer of one shop and of fifty, both in one process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any

from benchmarks.measuring import tables
from benchmarks.measuring.figures import Figures
from benchmarks.measuring.goals import Goal
from benchmarks.scenes.scene import Form, Scene
from benchmarks.stages.place import opened
from benchmarks.webhooks import rates as webhooks

CASE = "webhooks"


async def run(size: int, numbers: Iterable[int], notes: dict[str, Any]) -> AsyncGenerator[Figures, None]:
    """Every case in turn, again and again; each run has vhosts and databases of its own."""
    async with opened(notes) as place:
        for _ in numbers:
            yield {CASE: await webhooks.run_all(place.stage, place.http, size)}


def of_webhooks(cases: Figures) -> str:
    """The first column: as many a second as raw confirmed publishes of the same messages."""
    known = cases.get(webhooks.RAW, {}).get("per_second")
    rows: list[list[object]] = []
    for name, one in cases.items():
        used, stored = one["ms_per_webhook"], one["per_webhook"]
        programs = {process: value for process, value in used.items() if process not in tables.SERVERS}
        rows.append(
            [
                tables.ratio(one["per_second"], known),
                name,
                f"{one['per_second']:,.0f}",
                tables.spread(one),
                one.get("p50_ms", "–"),
                one.get("p99_ms", "–"),
                f"{sum(programs.values()):.2f}" if programs else "–",
                f"{used['RabbitMQ']:.2f}" if "RabbitMQ" in used else "–",
                f"{used['MongoDB 1']:.2f}" if "MongoDB 1" in used else "–",
                f"{sum(one['peak_mb'].get(process, 0) for process in programs):.0f}" if programs else "–",
                f"{sum(stored.get(kind, 0) for kind in tables.STATEMENTS):.2f}",
                f"{stored['documents inserted'] + stored['documents updated']:.2f}",
                f"{one['amqp_per_webhook'].get('published', 0):.2f}",
            ]
        )
    heads = [
        *("× raw", "", "a second", "least – most", "p50 ms", "p99 ms", "program, CPU ms", "RabbitMQ", "MongoDB"),
        *("peak MB", "statements", "documents written", "messages"),
    ]
    return tables.table(heads, rows)


def _tables(figures: Figures) -> Mapping[str, str]:
    return {"": of_webhooks(figures[CASE])}


def _figure(case: str, figure: str) -> Any:
    return lambda run: run[CASE][case][figure]


def _share(run: Figures) -> float:
    share: float = run[CASE][webhooks.FRONT]["per_second"] / run[CASE][webhooks.RAW]["per_second"]
    return share


WEBHOOKS = Scene(
    name="webhooks",
    about="20,000 webhooks: front beside raw publishes, indexer over one shop and fifty, both in one process",
    sizes={Form.TINY: 800, Form.QUICK: 5_000, Form.LONG: 20_000},
    run=run,
    tables=_tables,
    goals=[
        Goal("front over raw confirmed publishes", _share, at_least=0.6, unit="×"),
        Goal("front, p99", _figure(webhooks.FRONT, "p99_ms"), at_most=50, unit="ms"),
        Goal("indexer, one shop", _figure(webhooks.ONE_SHOP, "per_second"), at_least=3500, unit="a second"),
        Goal("indexer, 50 shops", _figure(webhooks.FIFTY_SHOPS, "per_second"), at_least=3500, unit="a second"),
        Goal("front and indexer in one process", _figure(webhooks.BOTH, "per_second"), at_least=1000, unit="a second"),
    ],
)
