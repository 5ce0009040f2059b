"""The option `activate`: a cell that Shopify does not stock is stocked there at zero, and then pushed to.

A level that is made anew has nothing to do with what was known of an earlier one. So the base is forgotten before the
call (whatever Shopify tells of the new level then sets a base and moves no count), and the row that is pushed begins
at the zero with which the level was born: a unit sold right after makes the push stale and is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ulid import ULID

from services.reconciler.work.ending import Ending, Finished, Verdict, gone
from services.reconciler.work.task import Task
from shared.domain.codes import Code
from shared.domain.comparison import Reason, Row
from shared.domain.plan import QUANTITY_LIMIT, Ended, error, skipped
from shared.domain.stock import Stock, forget_base
from shared.mongodb.collections import Document
from shared.mongodb.stock import StockWrite
from shared.mongodb.transactions import Session
from shared.shopify.activation import Activation, Stocked, StockedAnswer


class Stocking:
    """Stocks cells, one call each: Shopify offers no batch for it."""

    def __init__(self, ending: Ending, activation: Activation) -> None:
        self._ending = ending
        self._activation = activation

    async def run(self, shop: str, tasks: Sequence[Task]) -> tuple[list[Task], list[Finished]]:
        """Stock the cells; answers those that go on (with their row, or without where they were stocked already) and
        those that have ended. Raises what the adapters raise; a cell that was stocked goes on from its row.
        """
        onward: list[Task] = []
        finished: list[Finished] = []
        for task in tasks:
            prepared = await self._prepare(shop, task)
            if isinstance(prepared, Ended):
                finished += await self._ending.end_each(shop, [(task, Verdict(prepared))])
                continue
            answer = await self._activation.stock(shop, task.item_id, task.key.location_id, key=prepared["key"])
            if answer.outcome is Stocked.REFUSED:
                finished += await self._ending.end_each(
                    shop, [(task, Verdict(error(Code.NOT_STOCKED), detail=answer.detail))]
                )
                continue
            if answer.outcome is Stocked.NOW:
                await self._keep_row(shop, task, _row(prepared, answer))
            onward.append(task)
        return onward, finished

    async def _keep_row(self, shop: str, task: Task, row: Row) -> None:
        kept = await self._ending.cells.keep_rows(shop, {task.cell_id: row})
        task.row = kept.get(task.cell_id, row)

    async def _prepare(self, shop: str, task: Task) -> Document | Ended:
        """What the push will be from, with the call's key, written before the call; or why there is none."""

        async def body(session: Session) -> Document | Ended:
            cell = (await self._ending.stock.load(shop, [task.key], session)).get(task.key)
            verdict = gone(task, cell)
            if cell is None or verdict is not None:
                return error(Code.BOM_NOT_FOUND) if verdict is None else verdict.ended
            known = await self._ending.cells.activation(session, shop, task.cell_id)
            if known is not None:
                return known
            refused = _not_pushable(cell.stock, task)
            if refused is not None:
                return refused
            stock = cell.stock
            if stock.index is not None:
                write = StockWrite(task.key, stock, forget_base(stock), "stocked_anew", task.reference)
                await self._ending.stock.write(session, shop, [write])
            prepared: Document = {
                "key": str(ULID()),
                "local": stock.local,
                "manual_total": stock.manual_total,
                "settle_no": stock.settle_no,
                "events_no": stock.events_no,
                "tracks_rev": stock.tracks_rev,
            }
            await self._ending.cells.note_activation(session, shop, task.cell_id, prepared)
            return prepared

        return await self._ending.transactions.run(body)


def _not_pushable(stock: Stock, task: Task) -> Ended | None:
    """Why nothing could be pushed once the cell is stocked: then it is not stocked at all."""
    if stock.unknown_outcome:
        return error(Code.OUTCOME_UNKNOWN)
    if stock.uncounted:
        return skipped(Reason.NEVER_COUNTED)
    if stock.local is None:
        return error(Code.NO_LOCAL_VALUE)
    if abs(stock.local) > QUANTITY_LIMIT:
        return error(Code.QUANTITY_OUT_OF_RANGE)
    if stock.local < 0 and not task.allow_negative:
        return error(Code.NEGATIVE_TARGET)
    return None


def _row(prepared: Document, answer: StockedAnswer) -> Row:
    counters: dict[str, Any] = {name: prepared[name] for name in prepared if name != "key"}
    return Row(
        shopify=0, shopify_time=answer.available_at or answer.taken_at, taken_at=answer.taken_at, base=0, **counters
    )
