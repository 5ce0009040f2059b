"""What a new shop has done so far on its way to stock in agreement."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from shared.domain.job import UNFINISHED_JOB_STATES
from shared.mongodb.schema import Database, Document, found, ids_of


@dataclass(frozen=True, slots=True)
class StepsDone:
    """`counted`: somebody has counted, or a run has taken Shopify's values over; `ran`: a run has ended."""

    boms: int
    counted: bool
    previewed: bool
    ran: bool


class FirstStepStore:
    """Reads it from what the steps leave behind."""

    def __init__(self, database: Database) -> None:
        self._boms = database["boms"]
        self._adjustments = database["adjustments"]
        self._previews = database["previews"]
        self._jobs = database["jobs"]

    async def of(self, shop: str) -> StepsDone:
        """How far the shop is."""
        open_states = [str(state) for state in UNFINISHED_JOB_STATES]
        by_hand, preview, job, boms = await asyncio.gather(
            self._one(self._adjustments, {"_id": ids_of(shop)}),
            self._one(self._previews, {"shop": shop}),
            self._one(self._jobs, {"shop": shop, "state": {"$nin": open_states}}),
            self._boms.count_documents({"shop": shop}),
        )
        return StepsDone(boms=boms, counted=by_hand or job, previewed=preview or job, ran=job)

    async def _one(self, collection: Any, query: Document) -> bool:
        return found(await collection.find_one(query, {"_id": 1})) is not None
