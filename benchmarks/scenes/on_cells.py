"""Scenes of cells: as many as go, with Shopify's latency, and few of them as a merchant meets them."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import cells
from benchmarks.measuring import tables
from benchmarks.measuring.figures import Figures
from benchmarks.measuring.goals import Goal, programs
from benchmarks.peers import row_by_row, running
from benchmarks.scenes.scene import Form, Scene
from benchmarks.stages.place import Place, opened
from shared.domain.comparison import Direction

OURS, PEERS = "Trueup", "peers"
_WARM = 20
"""BOMs of the job that goes before: pages, plans and connections are there when it counts."""


@dataclass(frozen=True, slots=True)
class WithPeers:
    """Cells, and the peers of the same run."""

    cells: cells.Size
    peers: bool = True


async def beside_peers(size: WithPeers, numbers: Iterable[int], notes: dict[str, Any]) -> AsyncGenerator[Figures, None]:
    """Trueup's steps, then each peer, all on the same servers; again and again."""
    async with opened(notes) as place:
        await _warm_up(place, size.cells)
        for number in numbers:
            figures: Figures = {OURS: await cells.measure(place, size.cells, name=str(number))}
            if size.peers:
                figures[PEERS] = await _peers(place, size.cells)
            yield figures


async def _warm_up(place: Place, size: cells.Size) -> None:
    few = min(size.boms, _WARM)
    await cells.measure(place, cells.Size(few, size.locations, directions=size.directions), name="first")


async def _peers(place: Place, size: cells.Size) -> Figures:
    """Every peer; one that fails is left out with its reason, the others go on."""
    figures: Figures = {}
    for way in row_by_row.WAYS:
        figures[f"row by row, {way}"] = await _told(
            running.run_rows(way, place.stage, place.mongo, place.http, boms=size.boms, places=size.locations)
        )
    for queue in running.QUEUES:
        number = size.boms * size.locations
        figures[queue.name] = await _told(running.run_queue(queue, place.stage, place.http, number))
    return figures


async def _told(measured: Any) -> Figures:
    try:
        figures: Figures = await measured
        return figures
    except SystemExit as error:
        # So a peer ends whose result is not as it should be.
        sys.stderr.write(f"bench: left out: {error}\n")
        return {"not_measured": str(error)}


def _tables_of_cells(figures: Figures) -> Mapping[str, str]:
    ours, peers = figures[OURS], figures.get(PEERS, {})
    made = {"A cell": tables.of_queues(ours, peers)}
    if peers:
        made["Shopify's points"] = tables.of_api(ours, peers)
    return made | {
        "What the servers were asked for": tables.of_servers(ours, peers),
        "Processor time by process": tables.of_processor(ours),
        "Memory": tables.of_memory(ours),
        "A million cells, on paper": tables.of_a_million(ours),
    }


def _ours(step: str, figure: str) -> Any:
    return lambda run: run[OURS][step][figure]


def _process(step: str, process: str) -> Any:
    return lambda run: run[OURS][step]["ms_per_cell"][process]


def _programs(step: str) -> Any:
    return lambda run: programs(run[OURS][step])


def _times_chord(step: str) -> Any:
    """Over the faster one of those that were measured."""

    def times(run: Figures) -> float:
        chords = [one for name, one in run[PEERS].items() if "chord" in name and "not_measured" not in one]
        if not chords:
            raise KeyError(tables.CHORD)
        ours: float = run[OURS][step]["cells_per_second"]
        fastest: float = max(one["cells_per_second"] for one in chords)
        return ours / fastest

    return times


def _goals_of_cells() -> Sequence[Goal]:
    goals: list[Goal] = []
    for step in map(str, Direction):
        goals += [
            Goal(f"{step}, cells/s", _ours(step, "cells_per_second"), at_least=1300),
            Goal(f"{step}, × Celery's faster chord", _times_chord(step), at_least=4),
            Goal(f"{step}, CPU of all", _programs(step), at_most=1.4, unit="ms a cell"),
            Goal(f"{step}, CPU of MongoDB", _process(step, "MongoDB 1"), at_most=0.45, unit="ms a cell"),
            Goal(f"{step}, CPU of the reconciler", _process(step, "reconciler"), at_most=0.6, unit="ms a cell"),
            Goal(f"{step}, CPU of RabbitMQ", _process(step, "RabbitMQ"), at_most=0.3, unit="ms a cell"),
        ]
    return [*goals, *(_preview_goal(step, 6000) for step in map(str, Direction))]


def _preview_goal(step: str, least: int) -> Goal:
    return Goal(f"preview before {step}, cells/s", _ours(f"preview before {step}", "cells_per_second"), at_least=least)


CELLS = Scene(
    name="cells",
    about="10,000 cells both ways, no throttle, no latency; every peer in the same run",
    sizes={
        Form.TINY: WithPeers(cells.Size(boms=10, locations=4), peers=False),
        Form.QUICK: WithPeers(cells.Size(boms=400)),
        Form.LONG: WithPeers(cells.Size(boms=2_000)),
    },
    run=beside_peers,
    tables=_tables_of_cells,
    goals=_goals_of_cells(),
)

_LATENCY = 0.3


def _tables_of_steps(figures: Figures) -> Mapping[str, str]:
    return {"": tables.of_cases(figures)}


LATENCY = Scene(
    name="latency",
    about="10,000 cells both ways, no throttle, 300 ms a call: what a real call takes",
    sizes={
        Form.TINY: WithPeers(cells.Size(boms=10, locations=4, latency=0.05), peers=False),
        Form.QUICK: WithPeers(cells.Size(boms=400, latency=_LATENCY), peers=False),
        Form.LONG: WithPeers(cells.Size(boms=2_000, latency=_LATENCY), peers=False),
    },
    run=beside_peers,
    tables=_tables_of_steps,
    goals=[
        *(Goal(f"{step}, cells/s", _ours(step, "cells_per_second"), at_least=1000) for step in map(str, Direction)),
        *(_preview_goal(step, 2500) for step in map(str, Direction)),
    ],
)


SMALL = Scene(
    name="small",
    about="400 cells on the Standard plan, 80 ms a call: from request to ended",
    sizes={
        Form.TINY: WithPeers(cells.Size(boms=10, locations=4, latency=0.08, plan="standard"), peers=False),
        Form.QUICK: WithPeers(cells.Size(boms=100, locations=4, latency=0.08, plan="standard"), peers=False),
        Form.LONG: WithPeers(cells.Size(boms=100, locations=4, latency=0.08, plan="standard"), peers=False),
    },
    run=beside_peers,
    tables=_tables_of_steps,
    goals=[
        goal
        for step in map(str, Direction)
        for goal in (
            Goal(f"preview before {step}", _ours(f"preview before {step}", "seconds"), at_most=0.5, unit="s"),
            Goal(f"job {step}", _ours(step, "seconds"), at_most=1.0, unit="s"),
        )
    ],
)
