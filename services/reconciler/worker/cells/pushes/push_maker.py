"""Making a push: how much, in the transaction that reads the stock, writes the body and moves the cells to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ulid import ULID

from services.reconciler.worker.cells.outcomes import CellOutcome, Finished
from services.reconciler.worker.cells.task import Task
from services.reconciler.worker.cells.unit_of_work import MadePush, UnitOfWork, UnitsOfWork
from shared.domain.cell import CellKey
from shared.domain.plan import Ended, Target, push_target
from shared.domain.stock import Stock
from shared.domain.undo import undo_target
from shared.mongodb.jobs.pushes import PushRow
from shared.reading.levels import Value
from shared.shopify.writes.writes import SetRow, set_body


class PushMaker:
    """Makes pushes."""

    def __init__(self, units: UnitsOfWork) -> None:
        self._units = units

    async def make(
        self, shop: str, tasks: Sequence[Task], values: Mapping[CellKey, Value]
    ) -> tuple[list[MadePush], list[Finished]]:
        """Make a push of these tasks, from the value that Shopify is thought to hold for each, and move each cell from
        its old push to it; returns what was made, in several parts where others write the same cells, and which cells
        have nothing to push and ended. Raises Overtaken, WriteConflict.
        """
        made: list[MadePush] = []
        finished: list[Finished] = []
        async for unit in self._units.over(shop, tasks):
            async with unit:
                targets: list[tuple[Task, Target]] = []
                for task, cell in await unit.present():
                    value = values[task.key]
                    target = _target(task, cell.stock, value)
                    if isinstance(target, Target):
                        targets.append((task, target))
                    else:
                        unit.end(task, CellOutcome(target, (value.quantity, value.quantity)), cell)
                if targets:
                    _push(unit, targets)
            made += unit.pushes
            finished += unit.finished
        for push in made:
            for task in push.tasks:
                task.push_id = push.record.push_id
                task.pushes_made += 1
        return made, finished


def _target(task: Task, stock: Stock, value: Value) -> Target | Ended:
    if task.undo is not None:
        return undo_target(stock, task.undo, value.quantity, allow_negative=task.allow_negative)
    if task.row is None:
        raise ValueError("a push needs the row that was approved")
    return push_target(stock, task.row, value.quantity, value.time, allow_negative=task.allow_negative)


def _push(unit: UnitOfWork, targets: Sequence[tuple[Task, Target]]) -> None:
    push_id = str(ULID())
    body = set_body(
        [SetRow(task.item_id, task.key.location_id, t.quantity, t.change_from) for task, t in targets],
        key=push_id,
        reference=f"gid://trueup/Job/{min(task.job_id for task, _ in targets)}",
    )
    rows = [PushRow(task.job_id, task.key, task.item_id, target) for task, target in targets]
    unit.push(push_id, body, rows, [task for task, _ in targets])
