"""The oracle: Shopify's ledger against what the jobs say of their cells, and the counts that must come out of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.domain.cell import CellKey, CellState
from shared.domain.comparison import GRACE, Direction, Reason, Row
from shared.domain.words.codes import Code
from shared.mongodb.jobs.cells.cell import Cell
from shared.mongodb.jobs.cells.cell_form import cell_of
from shared.mongodb.previews.preview import TakenRow
from shared.mongodb.schema import Document
from simulator.shop.stock import LedgerEntry

if TYPE_CHECKING:
    from tests.integration.switches.shop import SwitchShop
    from tests.integration.switches.street import Street


_Body = tuple[Document, str | None]
"""A row of a push, and its outcome."""


@dataclass(frozen=True)
class Preview:
    """What was seen of each cell, which had a message on its way when the stock was read, and in which life of the
    shop's BOMs."""

    rows: dict[CellKey, TakenRow]
    waiting: frozenset[CellKey]
    life: int


@dataclass
class Books:
    """The books of one shop."""

    shop: SwitchShop
    street: Street
    jobs: list[str] = field(default_factory=list)
    direction: dict[str, Direction] = field(default_factory=dict)
    previews: dict[str, Preview | None] = field(default_factory=dict)
    inside: dict[CellKey, int] = field(default_factory=dict)
    in_doubt: set[CellKey] = field(default_factory=set)
    life: int = 0
    lives: dict[CellKey, int] = field(default_factory=dict)
    unsettled: set[CellKey] = field(default_factory=set)
    unknown: int = 0
    updated: int = 0

    def on_the_way(self) -> frozenset[CellKey]:
        """The cells with a message on its way."""
        by_pair = {(item, key.location_id): key for key, item in self.street.cells.items()}
        bodies: Any = [event.body for event in self.street.pending]
        return frozenset(by_pair[body.inventory_item_id, body.location_id] for body in bodies)

    def another_life(self, bom_id: str, *, same_item: bool) -> None:
        """A BOM was made again, or was mapped to another item meanwhile; only in the first case a doubt lasts."""
        self.life += 1
        for key in self.street.cells:
            if key.bom_id == bom_id:
                self.lives[key] = self.life
                self.unsettled.add(key)
                if not same_item:
                    self.in_doubt.discard(key)

    def begin(self, job_id: str, direction: Direction, preview: Preview | None) -> None:
        """A job starts."""
        self.jobs.append(job_id)
        self.direction[job_id] = direction
        self.previews[job_id] = preview

    async def note_ends(self, job_id: str) -> None:
        """A job has ended: check each of its cells against Shopify's ledger."""
        db = self.shop.ground.mongo.db
        pushes = [push async for push in db["pushes"].find({"shop": self.shop.domain})]
        cells = [cell_of(cell) async for cell in db["cells"].find({"shop": self.shop.domain, "job_id": job_id})]
        for cell in cells:
            key = cell.key
            made = self._api(key, job_id)
            self._check_one(job_id, cell, key, made, _bodies(pushes, job_id, key))

    def _api(self, key: CellKey, job_id: str) -> list[LedgerEntry]:
        reference = f"gid://trueup/Job/{job_id}"
        pair = self.street.cells[key], key.location_id
        ledger = self.street.tenant.stock.ledger
        return [e for e in ledger if (e.item_id, e.location_id) == pair and e.reference == reference]

    def _check_one(
        self,
        job_id: str,
        cell: Cell,
        key: CellKey,
        made: list[LedgerEntry],
        bodies: list[tuple[Document, str | None]],
    ) -> None:
        where = f"{key} of {job_id}: {cell.state} {cell.code} {cell.reason}, changes {[e.delta for e in made]}"
        if made and key in self.in_doubt:
            raise AssertionError(f"pushed while in doubt: {where}")
        row = cell.row
        if cell.code is Code.OUTCOME_UNKNOWN:
            self.unknown += 1
            self.in_doubt.add(key)
            assert len(made) <= 1, f"more than once: {where}"
            return
        if cell.state is not CellState.UPDATED or self.direction[job_id] is Direction.TO_LOCAL:
            assert made == [], f"a change that nobody owns to: {where}"
            self._settled_in_passing(cell, key, row, job_id)
            return
        self.updated += 1
        self.unsettled.discard(key)
        preview = self.previews[job_id]
        assert preview is None or preview.life >= self.lives.get(key, 0), f"by a row of an earlier life: {where}"
        applied = [body for body, outcome in bodies if outcome == "applied"]
        assert len(applied) == 1, f"applied {len(applied)} times by its own word: {where}"
        assert len(made) == 1, f"not exactly once: {where}"
        manual = applied[0]["manual_used"]
        if cell.undo is not None:
            expected = cell.undo.d
            self.inside[key] = self.inside.get(key, 0) + expected
        else:
            assert row is not None
            assert row.local is not None
            expected = row.local - row.shopify + manual - row.manual_total
            self.inside[key] = manual
            self._not_over_a_sale(job_id, key, row, where)
        assert made[0].delta == expected, f"not the approved correction {expected}: {where}"

    def _not_over_a_sale(self, job_id: str, key: CellKey, row: Row, where: str) -> None:
        """A push over a value that no message has explained: quiet, and no message was on its way."""
        if not row.overrides_shopify:
            return
        assert row.taken_at - row.shopify_time >= GRACE, f"pushed over a fresh change: {where}"
        preview = self.previews[job_id]
        assert preview is None or key not in preview.waiting, f"pushed over a message on its way: {where}"

    def _settled_in_passing(self, cell: Cell, key: CellKey, row: Row | None, job_id: str) -> None:
        """Which hand adjustments are inside what both sides agreed on, where a cell was skipped."""
        if row is None or cell.settled is None:
            return
        if row.local is not None and cell.reason is Reason.ALREADY_EQUAL:
            self.unsettled.discard(key)
            self.inside[key] = row.manual_total - (row.local - row.shopify)
        elif cell.state in {CellState.SKIPPED, CellState.UPDATED}:
            self.unsettled.discard(key)
            self.inside[key] = row.manual_total
            if self.direction[job_id] is Direction.TO_LOCAL:
                self.in_doubt.discard(key)

    def settled(self, keys: Iterable[CellKey]) -> None:
        """A person has accepted Shopify's value of these cells."""
        for key in keys:
            assert key not in self.in_doubt, f"{key} could not be settled"

    async def balance(self) -> None:
        """After the verifying reads: local = Shopify plus the hand adjustments that no push has taken along."""
        stock = await self.shop.stock.load(self.shop.domain, list(self.street.cells))
        for key, cell in stock.items():
            held = self.street.level(key).available
            assert cell.stock.base == held, f"{key}: base {cell.stock.base}, Shopify {held}"
            assert cell.stock.manual_total == self.street.hands.get(key, 0), f"{key}: hand adjustments lost"
            assert cell.stock.unknown_outcome == (key in self.in_doubt), f"{key}: doubt"
            # In another life a count waits until a run brings the sides together.
            if cell.stock.count is None or key in self.in_doubt | self.unsettled:
                continue
            later = cell.stock.manual_total - self.inside.get(key, 0)
            assert cell.stock.count == held + later, (
                f"{key}: count {cell.stock.count}, Shopify {held}, hand adjustments since {later}"
            )


def _bodies(pushes: list[Document], job_id: str, key: CellKey) -> list[_Body]:
    """The rows of one cell in all pushes, with their outcomes."""
    found = []
    for push in pushes:
        outcomes = push.get("outcomes") or []
        for number, row in enumerate(push["rows"]):
            if row["job_id"] == job_id and CellKey(row["bom_id"], row["location_id"]) == key:
                found.append((row, outcomes[number]["outcome"] if number < len(outcomes) else None))
    return found
