"""How a history comes to rest, and what must be true then."""

from __future__ import annotations

from shared.domain.job import UNFINISHED_JOB_STATES
from tests.unit.world.actions import perform
from tests.unit.world.actors.shopify import EventId
from tests.unit.world.checking.oracle import GuaranteeBrokenError
from tests.unit.world.scene import Scene

ROUNDS = 400
"""Far more than any history needs; more means that something never ends."""


def finish(scene: Scene) -> None:
    """Deliver everything, let every worker end its job, verify what asks for it, then ask the oracle."""
    for _ in range(ROUNDS):
        if not _round(scene):
            break
    else:
        raise GuaranteeBrokenError("the world does not come to rest")
    scene.oracle.items_at_rest(scene.shopify.values)
    for cell, stock in enumerate(scene.docs.stock):
        item = scene.docs.items[cell]
        if item is not None:
            scene.oracle.at_rest(cell, scene.shopify.values[item], stock)
        if scene.docs.replayed(cell) != {"count": stock.count, "base": stock.base}:
            raise GuaranteeBrokenError(f"cell {cell}: the ledger does not give the present")
    for job in scene.docs.jobs.values():
        if job.state in UNFINISHED_JOB_STATES:
            raise GuaranteeBrokenError(f"job {job.id} never ended")


def _round(scene: Scene) -> bool:
    """Let everything that can happen by itself happen once; answer whether anything is left to do."""
    todo: list[tuple[str, int | EventId]] = []
    todo += [("execute", call) for call in scene.shopify.calls]
    todo += [("step", number) for number in scene.actors]
    todo += [("deliver", event) for event in scene.shopify.transit]
    if not todo:
        todo += [("work", job.id) for job in scene.docs.jobs.values() if job.state in UNFINISHED_JOB_STATES]
        todo += [("verify", cell) for cell in scene.docs.wanted]
    if not todo:
        # A lost message is found by the full sweep, which reads every cell.
        for cell in scene.lost:
            scene.docs.want(cell, scene.shopify.now)
        todo += [("verify", cell) for cell in scene.docs.wanted]
        scene.lost.clear()
    for kind, what in todo:
        perform(scene, (scene.step + 1, kind, what))
    if todo and not scene.actors and not scene.shopify.calls:
        # Perhaps only evidence is awaited now: time goes by.
        perform(scene, (scene.step + 1, "tick", 600))
    return bool(todo)
