"""What the outcome of a push means for each of its cells."""

from __future__ import annotations

from datetime import datetime

from services.reconciler.worker.ending import CellOutcome, pushed_values
from services.reconciler.worker.task import Task
from shared.domain.cell import CellState
from shared.domain.plan import Ended, error, pushed
from shared.domain.push import RowOutcome
from shared.domain.stock import Stock, mark_unknown
from shared.domain.undo import undone_push
from shared.domain.words.codes import Code
from shared.mongodb.jobs.pushes import PushOutcome, PushRow


def verdict_of(
    task: Task, stock: Stock, row: PushRow, outcome: PushOutcome, adjusted_at: datetime | None
) -> CellOutcome:
    """How a cell ends by what became of its row in a closed push."""
    if outcome.outcome is RowOutcome.APPLIED and adjusted_at is not None:
        if task.undo is not None:
            ended = undone_push(stock, task.undo, row.target, adjusted_at)
        else:
            ended = pushed(stock, row.target, adjusted_at)
        return CellOutcome(ended, pushed_values(row.target))
    if outcome.outcome is RowOutcome.REFUSED:
        return CellOutcome(error(outcome.code or Code.PUSH_REFUSED, verify=True), detail=outcome.detail)
    return unknown_outcome(stock, row.target.change_from)


def unknown_outcome(stock: Stock, before: int | None) -> CellOutcome:
    """The end of a cell whose push has no known outcome: marked, so that a person looks."""
    return CellOutcome(Ended(CellState.ERROR, code=Code.OUTCOME_UNKNOWN, change=mark_unknown(stock)), (before, None))
