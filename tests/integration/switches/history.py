"""One random history of a shop: drift, a preview, a job under trouble, perhaps another, and the reads that verify."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from ulid import ULID

from shared.contract.messages import JobRequest
from shared.contract.selection import SelectionBody
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.errors import ShopifyThrottled, ShopifyUnclear, ShopPaused
from shared.mongodb.catalogue.app_records import WantedBom
from shared.mongodb.catalogue.boms import SelectedCell
from shared.mongodb.jobs.cells.cell import NewCell, cell_id
from shared.mongodb.previews.preview import TakenRow
from shared.mongodb.transactions import Overtaken, WriteConflict
from simulator.faults import Fault
from tests.integration.switches.books import Books, Preview
from tests.integration.switches.shop import Ground, SwitchShop
from tests.integration.switches.street import PUNCTUAL, Street

SET = "inventorySetQuantities"
MAX_TURNS = 80
FAULTS = (
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "reset_after"},
    {"kind": "truncate"},
    {"kind": "non_json"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status_after", "status": 502},
    {"kind": "status", "status": 429, "retry_after": 0.7},
    {"kind": "status", "status": 402},
    {"kind": "throttled"},
    {"kind": "internal"},
    {"kind": "latency", "seconds": 3.0},
    {"kind": "no_extensions"},
)


class Killed(BaseException):
    """The process of a worker dies here; nothing of it runs any more."""


@dataclass
class History:
    """One shop's history, told by its seed."""

    ground: Ground
    seed: str
    domain: str
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311  # chance for tests, nothing secret
        version = self.random.choice(("2026-10", "2026-10", "2026-04", "2026-07"))
        self.shop = SwitchShop(self.ground, self.domain, version, self.meanwhile)
        self.street: Street
        self.books: Books
        self.busy = 0.0
        self.until_death: int | None = None
        self.together = False

    async def meanwhile(self, when: str, text: str) -> None:
        """The world around a call."""
        if self.until_death is not None:
            self.until_death -= 1
            if self.until_death < 0:
                self.until_death = None
                self.log.append(f"dies {when} {text[:60]}")
                raise Killed
        if self.random.random() < self.busy and not await self._is_unseen(when, text):
            await self.street.something()

    async def _is_unseen(self, when: str, text: str) -> bool:
        """Whether what happens now may come between the last read of a cell and a second send of its call.

        A read takes several calls, each of which sees some of the cells: only what comes right after a send is seen by
        all of the read that follows.
        Were a key executed twice, a sale there that takes back just the correction would let it be applied again: no
        client that may ask again can see it. Where keys are honoured it may happen at any time.
        """
        if not self.ground.simulator.open_points.repeated_key_executes:
            return False
        if not self.together and SET in text and when == "after":
            return False  # there will be a whole read before the next send
        sends = 1 if when == "before" and SET in text else 0  # this one is counted already
        condition = {"shop": self.domain, "state": "open", "sends": {"$gt": sends}}
        return await self.ground.mongo.db["pushes"].find_one(condition) is not None

    async def run(self) -> Books:
        """Play it, and answer the books, balanced."""
        self.street = await self.shop.open(self.random)
        self.books = Books(self.shop, self.street)
        await self._drift()
        self.busy = self.random.choice((0.0, 0.3, 0.6))
        await self.street.deliver(0.5)  # what is left on its way is younger than the grace period
        preview = await self._preview()
        await self._between()
        self._trouble()
        await self._job(Direction.TO_SHOPIFY, preview)
        if self.random.random() < 0.4:
            await self._second(preview)
        await self._finish()
        return self.books

    async def _drift(self) -> None:
        for key in self.street.cells:
            draw = self.random.random()
            if draw < 0.6:
                await self.street.count(key, self.random.choice((-3, -2, -1, 1, 2, 3)))
            if draw > 0.5 and draw < 0.75:
                self.street.edit(key, self.random.choice((-2, -1, 1, 2)), age=600.0, silent=True)
            if draw > 0.95:
                self.street.sell(key, 1)
        if self.random.random() < 0.1:
            item = self.street.level(self.random.choice(list(self.street.cells))).item
            item.bundle = True
        if self.random.random() < 0.1:
            self.street.level(self.random.choice(list(self.street.cells))).stocked = False

    async def _preview(self) -> Preview:
        self.street.collect()
        names = await self.shop.boms.get(self.domain, {key.bom_id for key in self.street.cells})
        locations = await self.shop.boms.locations(self.domain)
        selected = [SelectedCell(key, names[key.bom_id]) for key in self.street.cells]
        for _ in range(MAX_TURNS):
            waiting = self.books.on_the_way()
            try:
                rows = await self.shop.row_reader().take(self.domain, selected, locations)
            except ShopifyThrottled as throttled:
                self.ground.clock.step(throttled.retry_after)
            except ShopifyUnclear:
                continue
            except ShopPaused:
                await self.shop.shops.resume(self.domain)
            else:
                return Preview({row.key: row for row in rows}, waiting, self.books.life)
        raise AssertionError(f"the preview cannot be read: {self.log}")

    async def _between(self) -> None:
        for _ in range(self.random.randint(0, 3)):
            await self.street.something()
        draw = self.random.random()
        if draw < 0.3:
            await self.on_time(PUNCTUAL)
            self.ground.clock.step(self.random.randint(61, 85))
            # What has become unstocked is noticed only by the read that an older preview makes.
            if self.random.random() < 0.7:
                self.street.level(self.random.choice(list(self.street.cells))).stocked = False
        else:
            self.ground.clock.step(self.random.random() * 4)
        if self.random.random() < 0.1:
            self.street.level(self.random.choice(list(self.street.cells))).location.active = False
        if self.random.random() < 0.1:
            self.street.level(self.random.choice(list(self.street.cells))).item.bundle = True
        if self.random.random() < 0.05:
            self.street.level(self.random.choice(list(self.street.cells))).item.deleted = True
        if self.random.random() < 0.15:
            await self._another_life()

    async def _another_life(self) -> None:
        """A BOM is removed and made again, or mapped to another item and back: no row of before may be acted on."""
        bom_id = self.random.choice(sorted({key.bom_id for key in self.street.cells} - {"A"}))
        made_again = self.random.random() < 0.6
        self.log.append(f"{bom_id} is {'removed and made again' if made_again else 'mapped away and back'}")
        item = next(item for key, item in self.street.cells.items() if key.bom_id == bom_id)
        wanted = WantedBom(bom_id, item, f"BOM {bom_id}", tracks_pre_assembled=True)
        if made_again:
            await self.shop.records.remove(self.domain, bom_id, reference="tests")
        else:
            away = replace(wanted, inventory_item_id="1")
            await self.shop.records.upsert(self.domain, away, reference="tests")
        await self.shop.records.upsert(self.domain, wanted, reference="tests")
        self.books.another_life(bom_id, same_item=made_again)

    def _trouble(self) -> None:
        faults = self.ground.simulator.faults
        for _ in range(self.random.choice((0, 1, 1, 2, 3))):
            chosen = self.random.choice(FAULTS)
            operation = SET if self.random.random() < 0.8 else "nodes"
            count, after = self.random.choice((1, 1, 2, 5)), self.random.choice((0, 0, 1, 2))
            self.log.append(f"fault {chosen} {operation} ×{count} after {after}")
            faults.add(Fault(0, shop=self.domain, operation=operation, count=count, after=after, **chosen))

    async def _job(
        self,
        direction: Direction,
        preview: Preview | None,
        of: str | None = None,
        cells: Sequence[NewCell] | None = None,
    ) -> None:
        # Of this world's clock, like the request: what was quiet when a job was asked for may be overridden by it.
        job_id = str(ULID.from_datetime(self.ground.clock.now()))
        made = list(cells) if cells is not None else [self._new(key, preview) for key in self.street.cells]
        if not made:
            return
        self.books.begin(job_id, direction, preview)
        await self._plan(job_id, direction, made, of)
        ids = [cell_id(self.domain, job_id, cell.key) for cell in made]
        manner = self.random.random()
        if manner < 0.3:
            self.until_death = self.random.randint(0, 6)
            await self._drive(ids)
            self.until_death = None
            await self._drive(ids)
        elif manner < 0.5:
            self.together = True
            await asyncio.gather(self._drive(ids), self._drive(ids))
            self.together = False
        await self._drive(ids)
        await self.books.note_ends(job_id)

    def _new(self, key: CellKey, preview: Preview | None) -> NewCell:
        row = TakenRow(key, None, None) if preview is None else preview.rows[key]
        return NewCell(key, self.street.cells[key], key.bom_id, row=row.row, reason=row.reason, code=row.code)

    async def _plan(self, job_id: str, direction: Direction, cells: Sequence[NewCell], of: str | None) -> None:
        request = JobRequest(
            shop=self.domain,
            job_id=job_id,
            direction=direction,
            selection=SelectionBody.model_validate({"bom_ids": "all"}),
            source=JobSource.API if of is None else JobSource.UNDO,
            requested_by="tests",
            of_job_id=of,
        )
        await self.shop.jobs.request(request)
        asked = {"requested_at": self.ground.clock.now()}
        await self.ground.mongo.db["jobs"].update_one({"shop": self.domain, "job_id": job_id}, {"$set": asked})
        await self.ground.mongo.transactions.run(lambda s: self.shop.cells.make(s, self.domain, job_id, 0, cells))
        await self.shop.jobs.start(self.domain, job_id, len(cells))

    async def _drive(self, ids: Sequence[str]) -> None:
        """A worker's turns until the cells have ended, or it dies."""
        worker = self.shop.worker()
        for _ in range(MAX_TURNS):
            try:
                for suspect in await worker.run(self.domain, ids):
                    await worker.run_alone(self.domain, suspect)
            except Killed:
                return
            except ShopifyThrottled as throttled:
                await self._wait(throttled.retry_after)
            except ShopifyUnclear:
                await self._wait(5.0)
            except ShopPaused:
                await self.shop.shops.resume(self.domain)
            except (Overtaken, WriteConflict):
                await self._wait(0.05)
            if not await self.shop.cells.load(self.domain, ids):
                return
        raise AssertionError(f"the cells do not end: {self.log}")

    async def _wait(self, seconds: float) -> None:
        if seconds > 1:
            await self.on_time(seconds)
        self.ground.clock.step(seconds)

    async def on_time(self, seconds: float) -> None:
        """So many seconds are about to pass: what would arrive in them arrives."""
        if seconds >= PUNCTUAL / 2:
            await self.street.deliver(1.0)
        elif self.random.random() < 0.5:
            await self.street.deliver(0.5)

    async def _second(self, preview: Preview) -> None:
        draw = self.random.random()
        first = self.books.jobs[0]
        if self.random.random() < 0.15:
            await self._another_life()
        if draw < 0.3:
            self.log.append("second job on the same preview")
            await self._job(Direction.TO_SHOPIFY, preview)
        elif draw < 0.6:
            self.log.append("second job without a preview")
            await self._job(Direction.TO_SHOPIFY, None)
        elif draw < 0.8:
            self.log.append("undo")
            done = [cell async for cell in self.shop.cells.updated(self.domain, first)]
            undone = [
                NewCell(cell.key, cell.item_id, cell.bom_name, undo=cell.undone_by(Direction.TO_SHOPIFY))
                for cell in done
            ]
            await self._job(Direction.TO_SHOPIFY, None, of=first, cells=undone)
        else:
            self.log.append("new preview")
            await self.on_time(PUNCTUAL)
            await self._job(Direction.TO_SHOPIFY, await self._preview())

    async def _finish(self) -> None:
        """Calm: everything arrives, everything is stocked again, every cell is read."""
        self.busy = 0.0
        self.ground.simulator.faults.clear()
        await self.shop.shops.resume(self.domain)
        for key in self.street.cells:
            level = self.street.level(key)
            level.stocked = level.location.active = True
            level.item.bundle = level.item.deleted = False
        await self.street.deliver(1.0)
        verifier, left = self.shop.verifier(), list(self.street.cells)
        for _ in range(10):
            left = await verifier.verify(self.domain, left, cause="verify") if left else []
        assert left == []
        await self.books.balance()
        doubt = [key for key in self.street.cells if key in self.books.in_doubt]
        if doubt:
            cells = [NewCell(key, self.street.cells[key], key.bom_id) for key in doubt]
            await self._job(Direction.TO_LOCAL, None, cells=cells)
            self.books.settled(doubt)
            await self.books.balance()
