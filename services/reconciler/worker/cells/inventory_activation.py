"""The option `activate`: a cell that Shopify does not stock is stocked there, and then pushed to.

A level that is stocked again has nothing to do with what was known of it before. So the base is forgotten before the
call (whatever Shopify tells of the level then sets a base and moves no count), and the row that is pushed begins at
what Shopify says that the level was stocked with: what it held before, zero where it is new. A unit sold right after
makes the push stale and is kept.

What it held is read and kept before the call: the answer to a call that is sent again may tell of sales since.
"""

# Relies on what is believed of Shopify (docs/shopify-facts.md): activate.replaces.

from __future__ import annotations

from collections.abc import Sequence

from ulid import ULID

from services.reconciler.worker.cells.outcomes import CellOutcome, Finished, gone
from services.reconciler.worker.cells.task import Task
from services.reconciler.worker.cells.unit_of_work import UnitsOfWork
from shared.domain.batches import ROWS_PER_CALL, batches
from shared.domain.comparison import Reason, Row
from shared.domain.plan import QUANTITY_LIMIT, Ended, error, skipped
from shared.domain.stock import Stock, forget_base
from shared.domain.words.codes import Code
from shared.mongodb.jobs.cells.cell import Stocking
from shared.mongodb.stock.stock import StockWrite
from shared.mongodb.transactions import Session
from shared.shopify.reads.reads import Level, ShopifyReads
from shared.shopify.writes.activation import Activation, Stocked, StockedAnswer

_PAGE = 50
"""Levels of an item in one page, where the locations are too many to be named."""


class InventoryActivation:
    """Stocks cells, one call each: Shopify offers no batch for it."""

    def __init__(self, units: UnitsOfWork, activation: Activation, reads: ShopifyReads) -> None:
        self._units = units
        self._activation = activation
        self._reads = reads

    async def run(self, shop: str, tasks: Sequence[Task]) -> tuple[list[Task], list[Finished]]:
        """Stock the cells; returns those that go on (with their row, or without where they were stocked already) and
        those that have ended. Raises what the adapters raise; a cell that was stocked goes on from its row.
        """
        onward: list[Task] = []
        finished: list[Finished] = []
        levels = await self._levels(shop, [task for task in tasks if task.cell.stocking is None])
        for task in tasks:
            level = levels.get(task.pair)
            prepared, first = await self._prepare(shop, task, 0 if level is None else level.available or 0)
            if isinstance(prepared, Ended):
                finished += await self._units.end(shop, [(task, CellOutcome(prepared))])
                continue
            answer = await self._activation.stock(
                shop, task.item_id, task.key.location_id, held=prepared.held, key=prepared.key
            )
            if answer.outcome is Stocked.REFUSED:
                finished += await self._units.end(
                    shop, [(task, CellOutcome(error(Code.NOT_STOCKED), detail=answer.detail))]
                )
                continue
            if answer.outcome is Stocked.NOW and answer.available is not None:
                await self._keep_row(shop, task, _row(prepared, answer, first=first))
            onward.append(task)
        return onward, finished

    async def _keep_row(self, shop: str, task: Task, row: Row) -> None:
        kept = await self._units.cells.keep_rows(shop, {task.cell_id: row})
        task.row = kept.get(task.cell_id, row)

    async def _levels(self, shop: str, tasks: Sequence[Task]) -> dict[tuple[str, str], Level]:
        """What Shopify holds at these cells, where it has a level that is not stocked any more."""
        levels: dict[tuple[str, str], Level] = {}
        for item_ids in batches(sorted({task.item_id for task in tasks}), ROWS_PER_CALL):
            places = {task.key.location_id for task in tasks if task.item_id in set(item_ids)}
            read = await self._reads.items(shop, item_ids, locations=max(_PAGE, len(places)), at=places)
            for item in read.items.values():
                if item is not None:
                    levels |= {(item.item_id, place): level for place, level in item.levels.items()}
        return levels

    async def _prepare(self, shop: str, task: Task, held: int) -> tuple[Stocking | Ended, bool]:
        """What the push will be from, with the call's key, written before the call; or why there is none. And whether
        it is the first call.
        """

        async def body(session: Session) -> tuple[Stocking | Ended, bool]:
            cell = (await self._units.stock.load(shop, [task.key], session)).get(task.key)
            verdict = gone(task, cell)
            if cell is None or verdict is not None:
                return (error(Code.BOM_NOT_FOUND) if verdict is None else verdict.ended), True
            known = await self._units.cells.stocking(session, shop, task.cell_id)
            if known is not None:
                return known, False
            refused = _not_pushable(cell.stock, task)
            if refused is not None:
                return refused, True
            stock = cell.stock
            if stock.base is not None:
                write = StockWrite(task.key, stock, forget_base(stock), "stocked_anew", task.reference)
                await self._units.stock.write(session, shop, [write])
            prepared = Stocking(
                key=str(ULID()),
                held=held,
                local=stock.local,
                manual_total=stock.manual_total,
                settle_no=stock.settle_no,
                events_no=stock.events_no,
                tracks_rev=stock.tracks_rev,
            )
            await self._units.cells.note_stocking(session, shop, task.cell_id, prepared)
            return prepared, True

        return await self._units.transactions.run(body)


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


def _row(prepared: Stocking, answer: StockedAnswer, *, first: bool) -> Row:
    """The row from what the level was stocked with: as the first answer tells; one to a repeated call may be newer."""
    stocked_with = answer.available if first and answer.available is not None else prepared.held
    return Row(
        shopify=stocked_with,
        shopify_time=answer.available_at or answer.taken_at,
        taken_at=answer.taken_at,
        base=stocked_with,
        local=prepared.local,
        manual_total=prepared.manual_total,
        settle_no=prepared.settle_no,
        events_no=prepared.events_no,
        tracks_rev=prepared.tracks_rev,
    )
