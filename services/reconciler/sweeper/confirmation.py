"""The second look at a watched cell, a grace period after the first: was its webhook missed?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from services.reconciler.sweeper.markers import Markers
from shared import metrics
from shared.contract.messages import DriftDetected
from shared.domain.batches import ROWS_PER_CALL
from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, Row
from shared.domain.drift import Verdict, judge_divergence
from shared.errors import BrokerUnavailable
from shared.mongodb.catalogue.boms import BomStore, SelectedCell
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.drift.missed import MissedState, MissedWebhook
from shared.mongodb.stock.stock import CellStock, StockStore
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import DRIFT_DETECTED
from shared.reading.rows import RowReader

log = structlog.get_logger()


class Confirmation:
    """Judges the watched cells of one shop that are due, up to 250 in one call."""

    def __init__(
        self,
        *,
        drift: DriftStore,
        boms: BomStore,
        stock: StockStore,
        rows: RowReader,
        markers: Markers,
        publisher: Publisher,
        grace: timedelta,
    ) -> None:
        self._drift = drift
        self._boms = boms
        self._stock = stock
        self._rows = rows
        self._markers = markers
        self._publisher = publisher
        self._grace = grace

    async def confirm(self, shop: str) -> int:
        """Judge all that are due; returns how many missed webhooks were recorded.

        Raises what the Shopify adapter raises: what could not be read stays watched.
        """
        recorded = 0
        started = datetime.now(UTC)
        while watched := await self._drift.due(shop, MissedState.WATCHED, started, ROWS_PER_CALL):
            recorded += await self._batch(shop, watched)
        return recorded

    async def _batch(self, shop: str, watched: Sequence[MissedWebhook]) -> int:
        stock = await self._stock.load(shop, [watch.key for watch in watched])
        doubtful = [watch for watch in watched if not _explained(watch, stock.get(watch.key))]
        await self._drift.forget(shop, [watch.drift_id for watch in watched if watch not in doubtful])
        busy = await self._drift.busy(shop, [watch.key for watch in doubtful])
        await self._wait(shop, [watch for watch in doubtful if watch.key in busy])
        free = [watch for watch in doubtful if watch.key not in busy]
        rows = await self._read(shop, free)
        suspects = await self._sort(shop, [(watch, rows.get(watch.key)) for watch in free])
        return await self._accuse(shop, suspects)

    async def _read(self, shop: str, watched: Sequence[MissedWebhook]) -> Mapping[CellKey, Row]:
        """The second read, of Shopify itself and not of its search; the stock documents before it."""
        if not watched:
            return {}
        boms = await self._boms.get(shop, {watch.key.bom_id for watch in watched})
        cells = [SelectedCell(watch.key, boms.get(watch.key.bom_id)) for watch in watched if watch.key.bom_id in boms]
        taken = await self._rows.take(shop, cells, await self._boms.locations(shop))
        return {row.key: row.row for row in taken if row.row is not None}

    async def _sort(
        self, shop: str, read: Sequence[tuple[MissedWebhook, Row | None]]
    ) -> list[tuple[MissedWebhook, Row]]:
        """Act on what is clear already; returns what looks like a missed webhook."""
        suspects: list[tuple[MissedWebhook, Row]] = []
        for watch, row in read:
            # Without a row the cell cannot be compared any more: another reason than a webhook.
            verdict = Verdict.EXPLAINED if row is None else self._judge(watch, row)
            if row is not None and verdict is Verdict.MISSED:
                suspects.append((watch, row))
            else:
                await self._act(shop, watch, row, verdict)
        return suspects

    async def _accuse(self, shop: str, suspects: Sequence[tuple[MissedWebhook, Row]]) -> int:
        """Once the events older than the read are processed: what still has no explanation was missed."""
        if not suspects:
            return 0
        if not await self._markers.passed(shop):
            log.info("webhooks_still_in_the_queue", shop=shop, cells=len(suspects))
            await self._wait(shop, [watch for watch, _ in suspects])
            return 0
        keys = [watch.key for watch, _ in suspects]
        busy = await self._drift.busy(shop, keys)
        stock = await self._stock.load(shop, keys)
        recorded = 0
        for watch, read in suspects:
            key = watch.key
            cell = stock.get(key)
            row = None if cell is None else Row.of(cell.stock, read.shopify, read.shopify_time, read.taken_at)
            verdict = Verdict.EXPLAINED if row is None else self._judge(watch, row, open_job=key in busy)
            if cell is not None and row is not None and verdict is Verdict.MISSED:
                recorded += await self._record(shop, watch, row, cell.stock.base_time)
            else:
                await self._act(shop, watch, row, verdict)
        return recorded

    def _judge(self, watch: MissedWebhook, row: Row, *, open_job: bool = False) -> Verdict:
        return judge_divergence(watch.since, watch.events_no, row, grace=self._grace, open_job=open_job)

    async def _act(self, shop: str, watch: MissedWebhook, row: Row | None, verdict: Verdict) -> None:
        now = datetime.now(UTC)
        if row is None or verdict is Verdict.EXPLAINED:
            await self._drift.forget(shop, [watch.drift_id])
        elif verdict is Verdict.AGAIN:
            await self._drift.watch_again(shop, watch.drift_id, row, now=now, due_at=now + self._grace)
        else:
            await self._wait(shop, [watch])

    async def _wait(self, shop: str, watched: Sequence[MissedWebhook]) -> None:
        """Look again soon: a whole grace period has passed already."""
        later = datetime.now(UTC) + max(self._grace / 8, timedelta(milliseconds=100))
        await self._drift.look_again(shop, [watch.drift_id for watch in watched], later)

    async def _record(self, shop: str, watch: MissedWebhook, row: Row, base_time: datetime | None) -> bool:
        now = datetime.now(UTC)
        if not await self._drift.record(watch, row, base_time=base_time, now=now):
            await self._act(shop, watch, row, Verdict.AGAIN)
            return False
        cell_class = CellClass(row.cell_class)
        metrics.DRIFT_DETECTED.labels(str(cell_class), "recorded").inc()
        key = watch.key
        log.warning(
            "webhook_missed",
            shop=shop,
            bom=key.bom_id,
            location=key.location_id,
            base=row.base,
            shopify_value=row.shopify,
            shopify_time=row.shopify_time.isoformat(),
            cell_class=str(cell_class),
        )
        detected = DriftDetected(
            shop=shop,
            bom_id=key.bom_id,
            location_id=key.location_id,
            base=row.base,
            shopify_value=row.shopify,
            cell_class=cell_class,
            since=watch.since,
        )
        try:
            await self._publisher.event(DRIFT_DETECTED, detected)
        except BrokerUnavailable:
            log.info("drift_not_published", shop=shop)  # a courtesy: the document says the same
        return True


def _explained(watch: MissedWebhook, cell: CellStock | None) -> bool:
    """Without a read: the cell is gone, or its base has reached the value that was seen."""
    return cell is None or cell.stock.base == watch.shopify
