"""A lane with a running job in the documents, and a worker that does with each batch what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from services.reconciler.worker.cells.cell_worker import CellWorker
from services.reconciler.worker.lanes.lane import Lane
from shared.domain.cell import CellKey
from shared.mongodb.connection import Mongo
from shared.mongodb.jobs.cells.cell import cell_id
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.schema import Document, key_of
from shared.rabbitmq.consuming.delivery import Delivery
from tests.integration.shop_world import SHOP, new_id
from tests.waiting import until


class Message:
    """A message, and what became of it, which is one thing."""

    def __init__(self) -> None:
        self.acked = self.back = False

    @property
    def answered(self) -> bool:
        """Whether nothing more may become of it."""
        return self.acked or self.back

    async def ack(self) -> None:
        """Acknowledged."""
        assert not self.answered
        self.acked = True

    async def nack(self, *, requeue: bool) -> None:
        """Given back."""
        assert not self.answered
        self.back = requeue


class ToldWorker(CellWorker):
    """Does with each batch what the test says, and notes which were under way together."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self.act: Callable[[Sequence[str]], Exception | list[str] | None] = lambda _: None
        self.hold: asyncio.Event | None = None
        self.begun: list[list[str]] = []
        self.now: list[list[str]] = []
        self.together: list[int] = []
        self.by_gate = False
        """Whether each batch waits for its outcome, which the test gives to its gate."""
        self.gates: list[asyncio.Future[Exception | list[str] | None]] = []

    def let_go(self) -> None:
        """Hold no batch any longer."""
        self.by_gate = False
        if self.hold is not None:
            self.hold.set()
        for gate in self.gates:
            if not gate.done():
                gate.set_result(None)

    async def run(self, shop: str, ids: Sequence[str]) -> list[str]:
        """One batch."""
        batch = list(ids)
        assert not {cell for other in self.now for cell in other} & set(batch)
        self.begun.append(batch)
        gate = asyncio.get_running_loop().create_future()
        self.gates.append(gate)
        self.now.append(batch)
        self.together.append(len(self.now))
        try:
            if self.hold is not None:
                await self.hold.wait()
            outcome = await gate if self.by_gate else self.act(batch)
            if isinstance(outcome, Exception):
                raise outcome
            suspects = outcome or []
            ended: Document = {"$set": {"state": "updated"}, "$unset": {"open": ""}}
            done = [cell for cell in batch if cell not in suspects]
            await self._mongo.db["cells"].update_many({"shop": shop, "_id": {"$in": done}}, ended)
            return suspects
        finally:
            self.now.remove(batch)

    async def run_alone(self, shop: str, suspect: str) -> None:
        """One cell; nothing else may be under way."""
        assert not self.now
        self.act = lambda _: None
        await self.run(shop, [suspect])


class Scene:
    """A running job in the documents, and the lane of its shop."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo, self.worker = mongo, ToldWorker(mongo)
        self.lane = Lane(SHOP, self.worker, CellStore(mongo.db), lambda _: None)
        self.messages: dict[str, Message] = {}

    async def deliver(self, number: int) -> list[str]:
        """A running job of that many cells, published, whose messages arrive; returns the cells' ids."""
        job_id = new_id()
        ids = [cell_id(SHOP, job_id, CellKey(f"B{n}", "1")) for n in range(number)]
        cell = {"shop": SHOP, "job_id": job_id, "location_id": "1", "state": "pending", "open": True, "push_id": None}
        job = {"_id": key_of(SHOP, job_id), "shop": SHOP, "job_id": job_id, "state": "running", "published_to": number}
        await self.mongo.db["jobs"].insert_one(job)
        await self.mongo.db["cells"].insert_many(
            {**cell, "_id": one, "bom_id": f"{job_id} {n}", "no": n} for n, one in enumerate(ids)
        )
        for one in ids:
            message = self.messages[one] = Message()
            await self.lane.add(
                one,
                Delivery("key", b"", {}, redelivered=False, queue="test", since=0.0, _message=message),  # type: ignore[arg-type]  # stands for the library's own
            )
        return ids

    async def begun(self, number: int) -> None:
        """Wait until that many batches have begun."""
        worker = self.worker
        await until(lambda: len(worker.begun) >= number, what=f"{number} batches", progress=lambda: len(worker.begun))

    async def over(self, batch: Sequence[str]) -> None:
        """Wait until this batch is no longer under way."""
        await until(lambda: batch not in self.worker.now, what="the end of a batch")

    def runs(self, cell: str) -> int:
        """How often work on a cell began."""
        return sum(cell in batch for batch in self.worker.begun)

    async def empty(self) -> None:
        """Wait until the lane has nothing left."""
        await until(lambda: not self.lane.size, what="an empty lane", progress=lambda: self.lane.size)

    async def stored(self, cell: str) -> Document:
        """A cell's document."""
        document = await self.mongo.db["cells"].find_one({"_id": cell})
        assert document is not None
        return document
