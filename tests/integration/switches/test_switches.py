"""Under every combination of what nobody has shown of Shopify, every approved correction arrives exactly once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.fernet import Fernet
from pymongo import MongoClient

from shared.mongodb.connection import Mongo
from simulator.http.server import Simulator, start
from simulator.settings import OpenPoints, read_open_points
from tests.integration.story_replay import replayed
from tests.integration.switches.history import History
from tests.integration.switches.shop import Ground
from tests.integration.switches.step_clock import StepClock

SWITCHES = (
    "nodes_cost_per_id",
    "unstocked_set_adds",
    "stale_lists_all",
    "stale_paths",
    "mixed_batch_partial",
    "repeated_key_executes",
)
COMBINATIONS = list(product((False, True), repeat=len(SWITCHES)))
"""All 64."""


def covers(combination: tuple[bool, ...]) -> bool:
    """Whether it is one of the 16 in which each combination of any three switches is met twice."""
    a, b, c, d, e, f = combination
    return e == a ^ b ^ c and f == b ^ c ^ d


def settled(file: Path) -> tuple[int, dict[str, Any]]:
    """The number of the combination that a certification has settled, and all that it has settled."""
    values = read_open_points(file)
    as_believed = OpenPoints()
    chosen = tuple(bool(values.get(name, getattr(as_believed, name))) for name in SWITCHES)
    return COMBINATIONS.index(chosen), values


FILE = os.environ.get("TRUEUP_OPEN_POINTS")
ONE, BESIDES = settled(Path(FILE)) if FILE else (None, {})
SEEDS = int(os.environ.get("TRUEUP_SWITCH_SEEDS", "1"))
FIRST = int(os.environ.get("TRUEUP_SWITCH_FIRST_SEED", "0"))


@pytest.fixture(scope="module")
async def ground(mongodb_uri: str, mongodb_for_clean_up: MongoClient[dict[str, object]]) -> AsyncIterator[Ground]:
    """One simulator and one database for all histories, on a clock that nobody waits for."""
    name = f"trueup_switches_{os.getpid()}"
    clock = StepClock()
    running = await start(Simulator(client_id="id", client_secret="secret", clock=clock))
    mongo = Mongo(mongodb_uri, name)
    await mongo.prepare()
    async with aiohttp.ClientSession() as http:
        yield Ground(mongo, http, running.simulator, running.url, clock, [Fernet.generate_key().decode()])
    await running.close()
    mongo.close()
    mongodb_for_clean_up.drop_database(name)


@pytest.mark.parametrize(
    "combination",
    [
        pytest.param(number, marks=() if covers(combination) else pytest.mark.full)
        for number, combination in enumerate(COMBINATIONS)
        if ONE is None or number == ONE
    ],
)
async def test_exactly_once_under_every_combination(ground: Ground, combination: int) -> None:
    """Sales, counts, lost answers, dead workers: each correction once or in doubt, no sale lost, local agrees."""
    values = dict(zip(SWITCHES, COMBINATIONS[combination], strict=True))
    ground.simulator.open_points.update(BESIDES | values)
    for seed in range(FIRST, FIRST + SEEDS):
        history = History(ground, f"{combination}:{seed}", f"s{combination}-{seed}.myshopify.com")
        try:
            await history.run()
            await _is_explained(history)
        except AssertionError as broken:
            raise AssertionError(f"seed {seed} under {values}: {broken}; {history.log}") from broken
        finally:
            ground.simulator.faults.clear()
            await ground.simulator.tenants.pop(history.domain).close()


async def _is_explained(history: History) -> None:
    """The life of each cell, replayed from where the shop was opened, ends at the present."""
    stock = await history.shop.stock.load(history.domain, list(history.street.cells))
    for key, cell in stock.items():
        await replayed(history.ground.mongo.db, history.domain, key, cell.stock)
