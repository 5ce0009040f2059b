"""toShopify: make a push, send it until its outcome is known, settle its cells; again with those that are left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.reconciler.worker.cells.outcomes import Finished
from services.reconciler.worker.cells.pushes.push_maker import PushMaker
from services.reconciler.worker.cells.pushes.push_sender import PushSender
from services.reconciler.worker.cells.pushes.push_settler import PushSettler
from services.reconciler.worker.cells.task import Task
from shared.domain.batches import calls, halves
from shared.domain.cell import CellKey
from shared.mongodb.jobs.pushes import PushRecord
from shared.reading.levels import Value

_ALONE_AFTER = 2
"""A row stale this often goes in a call of its own."""


class ToShopify:
    """Pushes corrections to Shopify."""

    def __init__(self, maker: PushMaker, sender: PushSender, settler: PushSettler) -> None:
        self._maker = maker
        self._sender = sender
        self._settler = settler

    async def run(self, shop: str, tasks: Sequence[Task], values: Mapping[CellKey, Value]) -> list[Finished]:
        """Push each task from the value that Shopify is thought to hold, until each has ended.

        Raises what the Shopify adapter and the transactions raise; everything done until then is in the documents.
        """
        finished: list[Finished] = []
        groups = self._groups(shop, tasks)
        known = dict(values)
        while groups:
            made, ended = await self._maker.make(shop, groups.pop(), known)
            finished += ended
            for push in made:
                ended, again = await self._follow(shop, push.record, push.tasks)
                finished += ended
                known |= {task.key: value for task, value in again.items()}
                groups += self._groups(shop, list(again))
        return finished

    async def resume(self, shop: str, push: PushRecord, tasks: Sequence[Task]) -> list[Finished]:
        """Go on with a push that was made before, by this process or another: the push, with all its rows."""
        finished, again = await self._follow(shop, push, tasks)
        return finished + await self.run(shop, list(again), {task.key: value for task, value in again.items()})

    async def _follow(
        self, shop: str, push: PushRecord, tasks: Sequence[Task]
    ) -> tuple[list[Finished], dict[Task, Value]]:
        closed = await self._sender.send(shop, push, tasks)
        return await self._settler.settle(shop, closed, tasks)

    def _groups(self, shop: str, tasks: Sequence[Task]) -> list[list[Task]]:
        """Calls for these tasks; those of a call that was refused without naming a row go in halves."""
        split = [task for task in tasks if task.split]
        rest = [task for task in tasks if not task.split]
        size = self._sender.rows_per_call(shop)
        groups = calls(rest, pair=lambda task: task.pair, alone=lambda task: task.stale >= _ALONE_AFTER, size=size)
        for part in halves(split):
            groups += calls(part, pair=lambda task: task.pair, alone=lambda _: False, size=size)
        for task in split:
            task.split = 0
        return [group for group in groups if group]
