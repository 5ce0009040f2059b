"""A running job of cells in the documents alone: what its window, its tallies and its lists are tried on."""

from __future__ import annotations

from collections.abc import Sequence

from shared.contract.messages import JobRequest
from shared.contract.selection import SelectionBody
from shared.domain.cell import CellKey, CellState
from shared.domain.comparison import Direction, Reason
from shared.domain.words.codes import Code
from shared.mongodb.connection import Mongo
from shared.mongodb.jobs.cells.cell import CellEnd, NewCell, cell_id
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.cells.places import Claim
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.jobs.totals.job_totals import JobTotals
from shared.mongodb.schema import Document, key_of
from tests.integration.shop_world import SHOP, new_id

PLACES = 4


class JobOfCells:
    """A job whose cells are numbered BOM by BOM, at `PLACES` locations each."""

    def __init__(self, mongo: Mongo) -> None:
        self.mongo, self.job_id = mongo, new_id()
        self.cells = CellStore(mongo.db)
        self.jobs = JobStore(mongo.db, mongo.transactions)
        self.totals = JobTotals(mongo.db, mongo.transactions)
        self.keys: list[CellKey] = []

    async def start(self, number: int, *, dead: Sequence[int] = ()) -> None:
        """Make so many cells, those of the numbers `dead` without a BOM, and let the job run."""
        request = JobRequest(
            shop=SHOP, job_id=self.job_id, direction=Direction.TO_LOCAL, selection=SelectionBody(bom_ids="all")
        )
        await self.jobs.request(request)
        self.keys = [CellKey(f"{self.job_id[-6:]}B{n // PLACES:05}", str(1 + n % PLACES)) for n in range(number)]
        for first in range(0, number, 500):
            part = self.keys[first : first + 500]
            new = [
                NewCell(key, None, None, code=Code.BOM_NOT_FOUND) if n in dead else NewCell(key, "1", "Oak")
                for n, key in enumerate(part, first)
            ]
            await self.mongo.transactions.run(
                lambda session, first=first, new=new: self.cells.make(session, SHOP, self.job_id, first, new)  # type: ignore[misc]  # mypy cannot infer bound defaults
            )
        assert await self.jobs.start(SHOP, self.job_id, number)

    def ids(self, keys: Sequence[CellKey]) -> list[str]:
        """Their names."""
        return [cell_id(SHOP, self.job_id, key) for key in keys]

    async def claim(self, window: int) -> Claim:
        """Claim where something can be."""
        claim = await self.cells.claim_window(SHOP, self.job_id, window)
        assert claim is not None
        return claim

    async def publish(self, window: int) -> list[CellKey]:
        """Claim and confirm; the cells."""
        claim = await self.cells.claim_window(SHOP, self.job_id, window)
        if claim is None:
            return []
        await self.cells.confirm_claim(claim)
        return list(claim.cells)

    async def end(
        self,
        keys: Sequence[CellKey],
        state: CellState = CellState.UPDATED,
        *,
        code: Code | None = None,
        reason: Reason | None = None,
    ) -> None:
        """End these cells in one transaction."""
        ends = [CellEnd(self.job_id, key, state, None, code=code, reason=reason) for key in keys]
        await self.mongo.transactions.run(lambda session: self.cells.end(session, SHOP, ends))

    async def counted(self) -> dict[str, int]:
        """The cells themselves, counted by state."""
        pipeline: list[Document] = [
            {"$match": {"job_id": self.job_id}},
            {"$group": {"_id": "$state", "n": {"$sum": 1}}},
        ]
        return {group["_id"]: group["n"] async for group in self.mongo.db["cells"].aggregate(pipeline)}

    async def tallied(self) -> dict[str, int]:
        """The job's tallies, summed by state."""
        pipeline: list[Document] = [
            {"$match": {"job_id": self.job_id}},
            {"$group": {"_id": "$state", "n": {"$sum": "$cells"}}},
        ]
        return {group["_id"]: group["n"] async for group in self.mongo.db["tallies"].aggregate(pipeline)}

    async def stored(self) -> Document:
        """The job's document."""
        document = await self.mongo.db["jobs"].find_one({"_id": key_of(SHOP, self.job_id)})
        assert document is not None
        return document

    async def change(self, change: Document) -> None:
        """Change the job's document by hand."""
        await self.mongo.db["jobs"].update_one({"_id": key_of(SHOP, self.job_id)}, change)
