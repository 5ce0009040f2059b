"""Ten times the cells cost ten times as much, counted: nothing goes through all of a preview or job again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from benchmarks.points import verified
from services.reconciler.bootstrap import ALL_ROLES
from shared.domain.comparison import Direction
from tests.integration.counted_cost import Cost, Counts, counted
from tests.integration.shop_world import ShopWorld, previewer, reconciler, shop_world

LOCATIONS = 4
FEW, MANY, TIMES = 50, 500, 10
"""BOMs of the smaller job: 200 cells beside 2,000, and, in the full form, 2,000 beside 20,000."""
MORE = 1.5
"""So many times as much as ten times: a job's first and last batches find less to look through than the others, and of
the smaller one they are a larger part. What goes through all of it for each batch is ten times as much or more."""
BESIDES = 80
"""What a count may be above that: looks at what is due go by the clock, and a longer run has more of them."""

OF_CELLS = ("cells", "stock", "ledger", "preview_rows", "boms")


@pytest.fixture
async def world(
    vhost_url: str, mongodb_uri: str, database_name: str, monkeypatch: pytest.MonkeyPatch, few: int
) -> AsyncIterator[ShopWorld]:
    """Cells in drift; services running, but for the sweeper. A window that even the smaller job is larger than: what is
    done for a window at a time grows until one is full."""
    monkeypatch.setattr("services.reconciler.jobs.window.WINDOW", 100)
    async with shop_world(vhost_url, mongodb_uri, database_name, plan="plus", locations=LOCATIONS) as made:
        names = [f"B{number:04}" for number in range(few * (TIMES + 1))]
        for first in range(0, len(names), 250):
            part = names[first : first + 250]
            await made.add_boms({name: [7 + place for place in range(LOCATIONS)] for name in part}, tracks=True)
        await made.agree()
        await made.mongo.db["stock"].update_many({}, {"$inc": {"count": 2, "manual_total": 2, "rev": 1}})
        async with reconciler(made, roles=ALL_ROLES - {"sweeper"}), previewer(made):
            yield made


@pytest.mark.parametrize(
    ("few", "direction"),
    [
        (FEW, None),
        *(pytest.param(FEW, one, marks=pytest.mark.full) for one in Direction),
        pytest.param(MANY, Direction.TO_SHOPIFY, marks=pytest.mark.full),
    ],
)
async def test_ten_times_the_cells_cost_ten_times_as_much(
    world: ShopWorld, few: int, direction: Direction | None
) -> None:
    """A preview, and a job of it: statements, documents read and written, index entries, messages and transactions."""
    costs: list[tuple[Cost, Cost]] = []
    names = sorted(world.items)
    for part in (names[:few], names[few:]):
        async with counted(world, OF_CELLS) as of_preview:
            preview_id = await world.preview({"bom_ids": part})
        async with counted(world, OF_CELLS) as of_job:
            if direction is not None:
                job = await world.run(direction, {"bom_ids": part}, preview_id=preview_id)
                await verified(world)
                assert job["totals"]["updated"] == len(part) * LOCATIONS, job["totals"]
        costs.append((of_preview, of_job))
    dearer = [
        f"{name}: {few} and {many}"
        for small, large in zip(*costs, strict=True)
        for name, few, many in _dearer(small.counts, large.counts)
    ]
    assert not dearer, "\n".join(dearer)


def _dearer(small: Counts, large: Counts) -> list[tuple[str, int, int]]:
    most = {name: TIMES * MORE * small[name] + BESIDES for name in large}
    return [(name, small[name], number) for name, number in large.items() if number > most[name]]
