"""What people do in the shop while Trueup works: they buy, bring back, edit, count; and messages arrive or do not."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from services.webhook_ingest.envelope import Envelope
from services.webhook_ingest.indexer.bodies import LevelBody
from services.webhook_ingest.indexer.event import Event
from services.webhook_ingest.indexer.levels import LevelIndexer
from services.webhook_ingest.topics import Effect
from shared.contract.messages import parse_time
from shared.domain.cell import CellKey
from shared.domain.stock import adjust
from shared.mongodb.connection import Mongo
from shared.mongodb.stock.stock import StockStore, StockWrite
from shared.mongodb.transactions import Session
from simulator.shop.shop import Level
from simulator.shop.stock import Cause, LedgerEntry
from simulator.simulation import Tenant
from tests.integration.switches.step_clock import StepClock

TOPIC = "inventory_levels/update"
PUNCTUAL = 90.0
"""Seconds within which every message arrives: less than the grace period."""


@dataclass
class Street:
    """One shop's customers and staff."""

    shop: str
    tenant: Tenant
    mongo: Mongo
    stock: StockStore
    indexer: LevelIndexer
    random: Random
    cells: dict[CellKey, str]  # with their items
    tracked: set[str]
    clock: StepClock
    hands: dict[CellKey, int] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    pending: list[Event] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    _seen: int = 0

    def level(self, key: CellKey) -> Level:
        """The cell's level in the simulator."""
        level = self.tenant.shop.level(self.cells[key], key.location_id)
        assert level is not None
        return level

    def cause(self, kind: str, *, age: float = 0.0, silent: bool = False) -> Cause:
        """A cause at the simulator's present, or earlier."""
        return Cause(kind, self.clock.now() - timedelta(seconds=age), str(uuid.uuid4()), silent=silent)

    def collect(self) -> None:
        """Turn new ledger entries into messages on their way."""
        entries = self.tenant.stock.ledger
        for entry in entries[self._seen :]:
            if entry.cause != "seed" and entry.seq not in self.silent:
                self.pending.append(self._event(entry))
        self._seen = len(entries)

    def _event(self, entry: LedgerEntry) -> Event:
        at = parse_time(entry.at)
        body = LevelBody.model_validate(
            {
                "inventory_item_id": int(entry.item_id),
                "location_id": int(entry.location_id),
                "available": entry.after,
                "updated_at": entry.at,
            }
        )
        envelope = Envelope(TOPIC, self.shop, str(uuid.uuid4()), at, str(uuid.uuid4()), at)
        return Event(envelope, Effect.LEVEL, body)

    def sell(self, key: CellKey, units: int) -> None:
        """An order (or, with negative units, goods brought back)."""
        level = self.level(key)
        if units > 0:
            self.tenant.stock.sell(level, units, self.cause("order"))
        else:
            self.tenant.stock.set_available(level, level.available - units, self.cause("restock"))

    def edit(self, key: CellKey, by: int, *, age: float, silent: bool) -> None:
        """Somebody edits the level at Shopify; silent: its message is lost."""
        level = self.level(key)
        self.collect()
        entry = self.tenant.stock.set_available(level, level.available + by, self.cause("edit", age=age, silent=silent))
        if silent and entry is not None:
            self.silent.add(entry.seq)

    async def count(self, key: CellKey, by: int) -> None:
        """A hand adjustment of the tracked count."""
        if key.bom_id not in self.tracked:
            return
        self.hands[key] = self.hands.get(key, 0) + by

        async def write(session: Session) -> None:
            cell = (await self.stock.load(self.shop, [key], session))[key]
            change = adjust(cell.stock, by)
            await self.stock.write(session, self.shop, [StockWrite(key, cell.stock, change, "corrected", "test")])

        await self.mongo.transactions.run(write)

    async def deliver(self, share: float) -> None:
        """Deliver some of the messages on their way, in any order, some twice."""
        self.collect()
        self.random.shuffle(self.pending)
        due = [event for event in self.pending if self.random.random() < share]
        self.pending = [event for event in self.pending if event not in due]
        if self.told and self.random.random() < 0.2:
            due.append(self.random.choice(self.told))
        for event in due:
            await self.indexer.apply(self.shop, [event])
        self.told += due

    async def something(self) -> None:
        """One thing that happens."""
        key = self.random.choice(list(self.cells))
        match self.random.randrange(10):
            case 0 | 1 | 2:
                self.sell(key, self.random.randint(1, 3))
            case 3:
                self.sell(key, -self.random.randint(1, 3))
            case 4:
                await self.count(key, self.random.choice((-2, -1, 1, 2)))
            case 5 | 6:
                await self.deliver(0.5)
            case 7:
                self.level(key).item.deleted |= self.random.random() < 0.3  # nobody undeletes
            case 8:
                self.level(key).item.bundle = self.random.random() < 0.4
            case _:
                self.edit(key, self.random.choice((-2, -1, 1, 2)), age=0.0, silent=False)
