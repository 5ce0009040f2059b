"""The scene of fairness: fifty small shops and a popover, alone, and while one shop has 200,000 cells under way.

No throttle and no latency: nothing but Trueup itself keeps the large shop from taking everything. The small ones ask at
the very moment at which the large one does, and then again and again until it has ended. What a crowd that wants
everything at once costs others, page and outgoing webhooks too: `python -m benchmarks.fairness`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from ulid import ULID

from benchmarks.cells import EVERYTHING, JOB_ENDS
from benchmarks.fairness import session_token
from benchmarks.measuring import tables
from benchmarks.measuring.figures import Figures, median, percentile
from benchmarks.measuring.goals import Goal
from benchmarks.scenes.scene import Form, Scene
from benchmarks.stages.drifted_shops import DriftedShops
from benchmarks.stages.place import Place, opened
from shared.contract.messages import JobRequest
from shared.contract.seal import Seals
from shared.domain.comparison import Direction
from shared.mongodb.schema import key_of
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import JOB_REQUEST
from tests.integration.shop_world import new_id

ALONE, BESIDE, LARGE = "alone", "beside the large shop", "the large shop"
_LARGE_SHOP, _LOOKED_AT = "large.myshopify.com", "looked-at.myshopify.com"
_EVERY = 0.2
"""Seconds between two popovers."""
_PAUSE = 0.5
"""Seconds between two rounds of the small shops."""
_PLACES = 4
"""Of small shops."""


@dataclass(frozen=True, slots=True)
class Shops:
    """`large`: BOMs at five locations; `small`: shops, with ten BOMs at four; `rounds`: of those alone."""

    large: int
    small: int
    rounds: int = 5
    boms: int = 10


@dataclass(slots=True)
class Seen:
    """What was measured of the small shops and of the popover."""

    jobs: list[float] = field(default_factory=list)
    """Seconds of each shop's job."""
    rounds: list[float] = field(default_factory=list)
    """Seconds until the last of a round's jobs had ended."""
    popovers: list[float] = field(default_factory=list)

    def figures(self) -> Figures:
        """As they are kept."""
        return {
            "rounds": len(self.rounds),
            "job_s": round(median(self.jobs), 3),
            "round_s": round(median(self.rounds), 3),
            "first_round_s": round(self.rounds[0], 3),
            "slowest_s": round(max(self.jobs), 3),
            "popovers": len(self.popovers),
            "popover_p50_ms": round(1000 * percentile(self.popovers, 0.5), 1),
            "popover_p99_ms": round(1000 * percentile(self.popovers, 0.99), 1),
        }


class SmallShops:
    """Fifty that ask at once, and whoever looks at a cell meanwhile."""

    def __init__(self, place: Place, publisher: Publisher, size: Shops) -> None:
        self._place = place
        self._publisher = publisher
        self._size = size
        self._names = [f"small-{number}.myshopify.com" for number in range(size.small)]
        self._drifted = DriftedShops(place.stage, place.mongo, place.http)
        self._bom = "BOM-00000"
        self._location = ""

    async def make(self) -> None:
        """All of them, in agreement once their first round has ended."""
        for shop in [*self._names, _LOOKED_AT]:
            cells = await self._drifted.make(shop, Direction.TO_SHOPIFY, self._size.boms, _PLACES)
            self._location = cells[0][1]

    async def round(self, seen: Seen) -> None:
        """A job of each, all asked for at once, until all have ended. Raises SystemExit where a cell was left."""
        in_drift = {"$inc": {"count": 1, "manual_total": 1, "rev": 1}}
        await self._place.mongo.db["stock"].update_many({"shop": {"$in": self._names}}, in_drift)
        jobs = {shop: new_id() for shop in self._names}
        asked = datetime.now(UTC)
        await asyncio.gather(*(ask(self._publisher, shop, job) for shop, job in jobs.items()))
        ended = await all_ended(self._place, jobs)
        for one in ended:
            if one["totals"]["updated"] != self._size.boms * _PLACES:
                raise SystemExit(f"{one['shop']}: not all cells were updated: {one['totals']} {one['codes']}")
        taken = [(one["finished_at"] - asked).total_seconds() for one in ended]
        seen.jobs += taken
        seen.rounds.append(max(taken))
        await asyncio.sleep(_PAUSE)

    async def look_on(self, seen: Seen) -> None:
        """A popover now and then, until cancelled."""
        while True:
            began = time.perf_counter()
            await self._popover()
            seen.popovers.append(time.perf_counter() - began)
            await asyncio.sleep(max(0.0, _EVERY - seen.popovers[-1]))

    async def _popover(self) -> None:
        """What the page does: a preview of this one cell, followed to its end, and its row."""
        headers = {"Authorization": f"Bearer {session_token(_LOOKED_AT)}"}
        api = f"http://127.0.0.1:{self._place.stage.ports['preview']}/api/previews"
        cells = [{"bom_id": self._bom, "location_id": self._location}]
        body = {"preview_id": str(ULID()), "selection": {"cells": cells}}
        async with self._place.http.post(api, json=body, headers=headers) as response:
            if response.status != HTTPStatus.ACCEPTED:
                raise SystemExit(f"a popover was refused: {response.status} {await response.text()}")
        async with self._place.http.get(f"{api}/{body['preview_id']}/events", headers=headers) as stream:
            states = [line async for line in stream.content if line.startswith(b"data: ")]
        if json.loads(states[-1].removeprefix(b"data: "))["state"] != "ready":
            raise SystemExit(f"a popover's preview failed: {states[-1]!r}")
        async with self._place.http.get(f"{api}/{body['preview_id']}/rows?limit=1", headers=headers) as response:
            if len((await response.json())["items"]) != 1:
                raise SystemExit("a popover has no row")


async def ask(publisher: Publisher, shop: str, job: str) -> None:
    """For a job of everything, without a preview."""
    message = JobRequest(shop=shop, job_id=job, direction=Direction.TO_SHOPIFY, selection=EVERYTHING)
    await publisher.command(JOB_REQUEST, message)


async def all_ended(place: Place, jobs: Mapping[str, str]) -> Sequence[dict[str, Any]]:
    """Wait for the end of these jobs, by shop; returns their documents."""
    names = [key_of(shop, job) for shop, job in jobs.items()]
    which = {"_id": {"$in": names}, "state": {"$in": list(JOB_ENDS)}}

    async def ended() -> bool:
        return await place.mongo.db["jobs"].count_documents(which) == len(names)

    await place.until(ended, f"the end of {len(names)} jobs")
    return [one async for one in place.mongo.db["jobs"].find(which)]


async def run(size: Shops, numbers: Iterable[int], notes: dict[str, Any]) -> AsyncGenerator[Figures, None]:
    """Alone and beside, on fresh servers each time."""
    for _ in numbers:
        async with opened(notes) as place:
            settings = place.stage.settings
            url, seals = settings.amqp_url.get_secret_value(), Seals(settings.client_secrets)
            publisher = await Publisher.open(url, "benchmark", seals)
            try:
                yield await _once(place, publisher, size)
            finally:
                await publisher.close()


async def _once(place: Place, publisher: Publisher, size: Shops) -> Figures:
    drifted, places = DriftedShops(place.stage, place.mongo, place.http), 5
    await drifted.make(_LARGE_SHOP, Direction.TO_SHOPIFY, size.large, places)
    shops = SmallShops(place, publisher, size)
    await shops.make()
    # The first one loads what every later one has: plans, pages, connections.
    await shops.round(Seen())

    alone = Seen()
    async with _looking(shops, alone):
        for _ in range(size.rounds):
            await shops.round(alone)

    beside, job, began = Seen(), new_id(), time.perf_counter()
    async with _looking(shops, beside):
        large = asyncio.create_task(_large(place, publisher, job))
        try:
            while not large.done() or not beside.rounds:
                await shops.round(beside)
            ended = await large
        finally:
            large.cancel()
    seconds = time.perf_counter() - began
    if ended["totals"]["updated"] != size.large * places:
        raise SystemExit(f"the large shop: not all cells were updated: {ended['totals']} {ended['codes']}")
    rate = round(size.large * places / seconds)
    return {
        ALONE: alone.figures(),
        BESIDE: beside.figures(),
        LARGE: {"cells": size.large * places, "seconds": round(seconds, 2), "cells_per_second": rate},
    }


async def _large(place: Place, publisher: Publisher, job: str) -> Mapping[str, Any]:
    await ask(publisher, _LARGE_SHOP, job)
    return (await all_ended(place, {_LARGE_SHOP: job}))[0]


class _looking:  # noqa: N801  # used as a function
    """Popovers while the block runs; one that was refused ends it."""

    def __init__(self, shops: SmallShops, seen: Seen) -> None:
        self._shops = shops
        self._seen = seen
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._shops.look_on(self._seen))

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            results = await asyncio.gather(self._task, return_exceptions=True)
            if isinstance(results[0], SystemExit | Exception):
                raise results[0]


def _tables(figures: Figures) -> Mapping[str, str]:
    rows = []
    known = figures[ALONE]["job_s"]
    for case in (ALONE, BESIDE):
        one = figures[case]
        rows.append(
            [
                *(tables.ratio(one["job_s"], known), case, one["job_s"], one["round_s"], one["first_round_s"]),
                *(one["slowest_s"], one["rounds"], one["popover_p50_ms"], one["popover_p99_ms"], one["popovers"]),
            ]
        )
    heads = [
        *("× alone", "fifty small shops", "a job, s", "all of them, s", "first round, s", "slowest job, s", "rounds"),
        *("popover p50, ms", "p99, ms", "popovers"),
    ]
    large = figures[LARGE]
    rate = f"{large['cells_per_second']:,.0f} a second"
    told = f"The large shop: {large['cells']:,} cells in {large['seconds']:,} s, {rate}."
    return {"": f"{tables.table(heads, rows)}\n\n{told}"}


def _times(figure: str) -> Any:
    return lambda run: run[BESIDE][figure] / run[ALONE][figure]


def _first_round(run: Figures) -> float:
    first: float = run[BESIDE]["first_round_s"] / run[ALONE]["round_s"]
    return first


FAIRNESS = Scene(
    name="fairness",
    about="one shop with 200,000 cells and fifty with 40 at once; a popover meanwhile",
    sizes={
        Form.TINY: Shops(large=40, small=3, rounds=1, boms=2),
        Form.LONG: Shops(large=40_000, small=50),
    },
    run=run,
    tables=_tables,
    goals=[
        Goal("a small shop's job beside, × alone", _times("job_s"), at_most=2, unit="×"),
        Goal("all fifty beside, × alone", _times("round_s"), at_most=2, unit="×"),
        Goal("all fifty, asked for in the same moment, × alone", _first_round, at_most=2, unit="×"),
        Goal("popover beside, p50", lambda run: run[BESIDE]["popover_p50_ms"], at_most=100, unit="ms"),
        Goal("popover beside, p99", lambda run: run[BESIDE]["popover_p99_ms"], at_most=500, unit="ms"),
    ],
    runs=3,
    minutes=30,
)
