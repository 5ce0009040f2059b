"""Settling a push: what Shopify's answer, or a read after it, says of each row becomes the end of its cell."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): set.stale-rows, set.stale-paths, set.all-or-nothing,
# key.same-body, time.of-the-group.

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.reconciler.worker.cells.outcomes import CellOutcome, Finished, count_refused, of_push, unknown
from services.reconciler.worker.cells.shopify_values import ShopifyValues
from services.reconciler.worker.cells.task import Task
from services.reconciler.worker.cells.unit_of_work import UnitsOfWork
from shared import metrics
from shared.domain.cell import CellKey
from shared.domain.plan import error
from shared.domain.push import PushState, RowOutcome, may_have_been_applied
from shared.domain.words.codes import Code
from shared.mongodb.jobs.pushes import PushOutcome, PushRecord, PushRow
from shared.reading.levels import Value

MAX_PUSHES = 14
"""Bodies made for one cell before it ends as CONFLICT: enough to halve 250 rows to one and be stale a few times."""


class PushSettler:
    """Ends the cells of closed pushes."""

    def __init__(self, units: UnitsOfWork, values: ShopifyValues) -> None:
        self._units = units
        self._values = values

    async def settle(
        self, shop: str, push: PushRecord, tasks: Sequence[Task]
    ) -> tuple[list[Finished], dict[Task, Value]]:
        """End what the push has settled; returns with it what goes in another body, each with what Shopify holds now.

        Raises what the adapters raise; what has ended until then is in the documents.
        """
        finished: list[Finished] = []
        left = list(tasks)
        # Of one withdrawn, an event came between the body and its first send: all of it goes in a new body.
        if push.state is not PushState.WITHDRAWN:
            finished, left = await self._apply(shop, push, tasks)
        if not left:
            return finished, {}
        ended, again = await self._read_again(shop, left, push)
        return finished + ended, again

    async def _apply(self, shop: str, push: PushRecord, tasks: Sequence[Task]) -> tuple[list[Finished], list[Task]]:
        outcomes = _by_task(push)
        settled: list[Task] = []
        left: list[Task] = []
        for task in tasks:
            (left if _goes_on(task, push, outcomes[task.job_id, task.key][1]) else settled).append(task)
        finished: list[Finished] = []
        async for unit in self._units.over(shop, settled):
            async with unit:
                for task, cell in await unit.present():
                    row, outcome = outcomes[task.job_id, task.key]
                    unit.end(task, of_push(task, cell.stock, row, outcome, push.adjusted_at), cell)
            finished += unit.finished
        count_refused(finished)
        return finished, left

    async def _read_again(
        self, shop: str, tasks: Sequence[Task], closed: PushRecord
    ) -> tuple[list[Finished], dict[Task, Value]]:
        """Read what Shopify holds before the rest is sent again; what was pushed too often ends here.

        A row that the refusal did not name, and that may have been applied all the same, ends as unknown.
        """
        values, unreadable = await self._values.read(shop, tasks)
        ends: list[tuple[Task, CellOutcome]] = []
        in_doubt: list[Task] = []
        again: dict[Task, Value] = {}
        outcomes = _by_task(closed) if closed.state is PushState.ANSWERED else {}
        for task, outcome in unreadable:
            if _may_have_been_applied_unseen(closed, outcomes.get((task.job_id, task.key))):
                in_doubt.append(task)
            else:
                ends.append((task, outcome))
        for task in tasks:
            held = values.get(task.key)
            if held is None:
                continue
            found = outcomes.get((task.job_id, task.key))
            refusal = None if found is None else _refusal(found[1])
            if found is not None and _is_doubtful(closed, found, held):
                in_doubt.append(task)
            elif refusal is not None:
                ends.append((task, refusal))
            elif task.pushes_made >= MAX_PUSHES:
                ends.append((task, CellOutcome(error(Code.CONFLICT, verify=True))))
            else:
                again[task] = held
        finished = await self._units.end(shop, ends)
        finished += await self._end_unknown(shop, in_doubt, values)
        count_refused(finished)
        return finished, again

    async def _end_unknown(self, shop: str, tasks: Sequence[Task], values: Mapping[CellKey, Value]) -> list[Finished]:
        finished: list[Finished] = []
        async for unit in self._units.over(shop, tasks):
            async with unit:
                for task, cell in await unit.present():
                    held = values.get(task.key)
                    unit.end(task, unknown(cell.stock, None if held is None else held.quantity), cell)
            finished += unit.finished
        return finished


def _by_task(push: PushRecord) -> dict[tuple[str, CellKey], tuple[PushRow, PushOutcome]]:
    """The rows of a closed push with their outcomes, by job and cell."""
    return {(row.job_id, row.key): (row, outcome) for row, outcome in zip(push.rows, push.outcomes, strict=True)}


def _goes_on(task: Task, push: PushRecord, outcome: PushOutcome) -> bool:
    """Whether the answer leaves the task to be read, and perhaps pushed, again; how its row fared is noted in it."""
    if outcome.outcome is RowOutcome.STALE:
        task.stale += 1
        metrics.PUSH_CONFLICTS.labels("stale").inc()
        return True
    if outcome.outcome is RowOutcome.NOT_APPLIED:
        task.split = int(push.whole and len(push.rows) > 1)
        return True
    # A refusal may be that of a second execution.
    return outcome.outcome is RowOutcome.REFUSED and push.runs > 1


def _is_doubtful(closed: PushRecord, found: tuple[PushRow, PushOutcome], held: Value) -> bool:
    """Whether a row that the answer calls not applied may have been applied all the same.

    A row named as stale or refused is believed where the call can have been executed only once.
    """
    row, outcome = found
    if closed.first_sent_at is None or (outcome.outcome is not RowOutcome.NOT_APPLIED and closed.runs <= 1):
        return False
    vague = closed.runs > 1 or closed.adjusted_at is not None
    return may_have_been_applied(held.quantity, held.time, row.target.quantity, closed.first_sent_at, vague=vague)


def _may_have_been_applied_unseen(closed: PushRecord, found: tuple[PushRow, PushOutcome] | None) -> bool:
    """Of a row that cannot be read any more: the call may have run twice, or was applied in part without naming it."""
    if found is None:
        return False
    in_part = closed.adjusted_at is not None and found[1].outcome is RowOutcome.NOT_APPLIED
    return closed.runs > 1 or in_part


def _refusal(outcome: PushOutcome) -> CellOutcome | None:
    """The end of a row that Shopify refused by name, once it is known not to have been applied before."""
    if outcome.outcome is not RowOutcome.REFUSED:
        return None
    return CellOutcome(error(outcome.code or Code.PUSH_REFUSED, verify=True), detail=outcome.detail)
