"""Running `trueup boms import`, in this process or in one that is killed, and looking at all that it wrote."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.settings import Settings
from tests.integration.command_line.command_line_runs import environment_of, settings_as_environment
from tests.integration.command_line.commands_in_process import run_here
from tests.integration.shop_world import SHOP, ShopWorld
from tests.waiting import ended

ROOT = Path(__file__).parents[3]
CATALOGUES = ROOT.parent / "shared" / "catalogue"
_IMPORT = ("boms", "import", "--shop", SHOP, "--json")


@dataclass(frozen=True)
class Ran:
    """How a run ended, and its progress."""

    code: int
    output: str
    progress: list[str]

    @property
    def report(self) -> Any:
        """The JSON document it printed."""
        return json.loads(self.output)


async def run_import(settings: Settings, *arguments: str) -> Ran:
    """`trueup boms import --shop … --json` to its end, in this process."""
    done = await run_here([*_IMPORT, *arguments], settings_as_environment(settings))
    return Ran(done.code, done.output, done.errors.splitlines())


async def killed_import(settings: Settings, *arguments: str, kill_at: str) -> Ran:
    """The same in a process of its own: kill -9 within its first line of progress with the words `kill_at`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.importer.dying_command", *_IMPORT, *arguments),
        cwd=ROOT,
        env=environment_of(settings, TRUEUP_TEST_DIE_AT=kill_at),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, progress = await ended(process, what="the end of a killed import")
    assert process.returncode == -signal.SIGKILL, progress.decode()
    return Ran(process.returncode, output.decode(), progress.decode().splitlines())


async def everything(world: ShopWorld) -> dict[str, Any]:
    """What an import leaves behind: BOMs, stock without times, ledger without times and references."""
    database = world.mongo.db
    boms = {bom["bom_id"]: bom async for bom in database["boms"].find({"shop": SHOP}, {"_id": 0, "cells_no": 0})}
    stock = {
        (cell["bom_id"], cell["location_id"]): cell async for cell in database["stock"].find({"shop": SHOP}, {"_id": 0})
    }
    ledger = sorted(
        [
            (e["bom_id"], e["location_id"], e["seq"], e["field"], e["before"], e["after"])
            async for e in database["ledger"].find({"shop": SHOP})
        ]
    )
    return {"boms": boms, "stock": stock, "ledger": ledger}


async def levels(world: ShopWorld) -> dict[tuple[str, str], dict[str, Any]]:
    """The simulator's levels by item and location."""
    listed = (await world.control("levels", method="GET"))["levels"]
    return {(level["item_id"], level["location_id"]): level for level in listed}


def many_items(world: ShopWorld, number: int) -> Iterator[list[dict[str, Any]]]:
    """Items with a level at every location, in lists for the control API; every 50th is untracked."""
    for start in range(0, number, 500):
        yield [
            {
                "sku": f"SKU-{n:05}",
                "tracked": n % 50 != 0,
                "levels": [
                    {"location_id": place, "available": n % 97 + offset, "age_seconds": 600}
                    for offset, place in enumerate(world.locations)
                ],
            }
            for n in range(start, min(number, start + 500))
        ]


async def add_many(world: ShopWorld, number: int) -> None:
    """Put that many items into the simulator."""
    for items in many_items(world, number):
        await world.control("items", {"items": items})


async def complete(world: ShopWorld, number: int) -> None:
    """One BOM per item, a cell per location, each tracked one based once on what Shopify holds, and nothing twice."""
    left = await everything(world)
    held = await levels(world)
    assert len(left["boms"]) == number
    assert len(left["stock"]) == number * len(world.locations)
    based = {key: level for key, level in held.items() if level["tracked"]}
    for (bom_id, place), cell in left["stock"].items():
        level = held[bom_id, place]
        assert cell["item_id"] == bom_id
        assert cell["index"] == (level["available"] if level["tracked"] else None), (bom_id, place)
    assert len(left["ledger"]) == len(based)
    assert {(bom, place) for bom, place, *_ in left["ledger"]} == set(based)


async def make_items(world: ShopWorld, *items: dict[str, Any]) -> list[dict[str, Any]]:
    """Items with levels 5 and 6."""
    held = [{"location_id": place, "available": 5 + n, "age_seconds": 600} for n, place in enumerate(world.locations)]
    body = [{"levels": held, **item} for item in items]
    made: list[dict[str, Any]] = (await world.control("items", {"items": body}))["items"]
    return made
