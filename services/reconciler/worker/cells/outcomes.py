"""How cells end: what is decided for each, what it means for its document, and what is told of it once it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from services.reconciler.worker.cells.task import Task
from shared import metrics
from shared.contract.messages import FinishedCell
from shared.domain.cell import CellState
from shared.domain.plan import Ended, Target, error, pushed
from shared.domain.push import RowOutcome
from shared.domain.stock import Stock, mark_unknown
from shared.domain.undo import undone_push
from shared.domain.words.codes import Code
from shared.mongodb.jobs.cells.cell import CellEnd, Settled
from shared.mongodb.jobs.pushes import PushOutcome, PushRow
from shared.mongodb.stock.stock import CellStock


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """How a task ends; `shopify` is (before, after) where known; `detail` is Shopify's own words."""

    ended: Ended
    shopify: tuple[int | None, int | None] = (None, None)
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """A cell that has ended, with what metrics and events say of it."""

    task: Task
    ended: Ended

    def message(self) -> FinishedCell:
        """The cell in `cells.finished`."""
        code = None if self.ended.code is None else str(self.ended.code)
        return FinishedCell(
            bom_id=self.task.key.bom_id, location_id=self.task.key.location_id, state=self.ended.state, code=code
        )


def gone(task: Task, cell: CellStock | None) -> CellOutcome | None:
    """Why a task cannot go on: its BOM was removed, or mapped to another item."""
    if cell is None:
        return CellOutcome(error(Code.BOM_NOT_FOUND))
    if cell.item_id != task.item_id:
        return CellOutcome(error(Code.BOM_REMAPPED))
    return None


def of_push(task: Task, stock: Stock, row: PushRow, outcome: PushOutcome, adjusted_at: datetime | None) -> CellOutcome:
    """How a cell ends by what became of its row in a closed push."""
    if outcome.outcome is RowOutcome.APPLIED and adjusted_at is not None:
        if task.undo is not None:
            ended = undone_push(stock, task.undo, row.target, adjusted_at)
        else:
            ended = pushed(stock, row.target, adjusted_at)
        return CellOutcome(ended, _values_of(row.target))
    if outcome.outcome is RowOutcome.REFUSED:
        return CellOutcome(error(outcome.code or Code.PUSH_REFUSED, verify=True), detail=outcome.detail)
    return unknown(stock, row.target.change_from)


def unknown(stock: Stock, before: int | None) -> CellOutcome:
    """The end of a cell whose push has no known outcome: marked, so that a person looks."""
    return CellOutcome(Ended(CellState.ERROR, code=Code.OUTCOME_UNKNOWN, change=mark_unknown(stock)), (before, None))


def _values_of(target: Target) -> tuple[int, int]:
    """Shopify's value before and after a push."""
    return target.change_from, target.quantity


def end_of(task: Task, cell: CellStock | None, outcome: CellOutcome) -> CellEnd:
    """What the cell's document is to say."""
    ended = outcome.ended
    local: tuple[int | None, int | None] | None = None
    settled: Settled | None = None
    if cell is not None and ended.change is not None:
        after = ended.change.stock
        local = cell.stock.local, after.local
        settled = Settled(after.settle_no, after.tracks_rev, first=cell.stock.never_agreed)
    elif task.row is not None:
        local = task.row.local, task.row.local
    return CellEnd(
        job_id=task.job_id,
        key=task.key,
        state=ended.state,
        push_id=task.push_id,
        reason=ended.reason,
        code=ended.code,
        detail=outcome.detail,
        shopify=outcome.shopify,
        local=local,
        settled=settled,
    )


def count_finished(finished: Iterable[Finished]) -> None:
    """Count in the metrics, once the transaction has committed."""
    now = datetime.now(UTC)
    for one in finished:
        direction = str(one.task.direction)
        code = str(one.ended.code or one.ended.reason or "")
        metrics.CELLS.labels(direction, str(one.ended.state), code).inc()
        metrics.CELL_SECONDS.labels(direction).observe((now - one.task.cell.created_at).total_seconds())
        if one.ended.change is not None:
            metrics.BASE_UPDATES.labels("settle", "applied").inc()


def count_refused(finished: Iterable[Finished]) -> None:
    """Count the rows that Shopify refused, or of which nobody knows."""
    for one in finished:
        if one.ended.code is not None:
            kind = "unknown" if one.ended.code is Code.OUTCOME_UNKNOWN else "refused"
            metrics.PUSH_CONFLICTS.labels(kind).inc()
