"""What the roles of a reconciler work with: opened once by `bootstrap`, handed to each `role.py`."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp

from shared.contract.seal import Seals
from shared.kept_messages import KeptMessages
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.connection import Mongo
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.stock.stock import StockStore
from shared.rabbitmq.consuming.consumer import Consumer
from shared.rabbitmq.publishing.publisher import Publisher
from shared.running.clock import Clock
from shared.running.rounds import Rounds
from shared.settings import ReconcilerSettings


@dataclass(frozen=True, slots=True)
class Resources:
    """`owner`: this process's name in leases. `later`: what a role opens itself is closed with it."""

    settings: ReconcilerSettings
    owner: str
    clock: Clock
    mongo: Mongo
    publisher: Publisher
    consumer: Consumer
    keeper: KeptMessages
    seals: Seals
    session: aiohttp.ClientSession
    rounds: Rounds
    later: AsyncExitStack

    @property
    def shops(self) -> ShopStore:
        """Shops, without the keys of their tokens."""
        return ShopStore(self.mongo.db, [])

    @property
    def boms(self) -> BomStore:
        """BOMs and locations."""
        return BomStore(self.mongo.db, self.mongo.transactions)

    @property
    def stock(self) -> StockStore:
        """Stock and ledger."""
        return StockStore(self.mongo.db)

    @property
    def jobs(self) -> JobStore:
        """Jobs."""
        return JobStore(self.mongo.db, self.mongo.transactions)

    @property
    def cells(self) -> CellStore:
        """Cells of jobs."""
        return CellStore(self.mongo.db)

    @property
    def previews(self) -> PreviewStore:
        """Previews and their rows."""
        return PreviewStore(self.mongo.db, self.mongo.transactions)
