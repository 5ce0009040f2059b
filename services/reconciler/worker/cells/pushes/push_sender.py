"""Sending a push until its outcome is known: the same body under the same key, dated by Shopify's clock."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): key.same-body.

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog

from services.reconciler.worker.cells.task import Task
from services.reconciler.worker.cells.unit_of_work import UnitsOfWork
from shared import metrics
from shared.domain.batches import ROWS_PER_CALL, batches
from shared.domain.plan import event_since_preview
from shared.domain.push import (
    KEY_LIFE,
    LONGEST_EXECUTION,
    SEND_DEADLINE,
    PushState,
    Resend,
    RowOutcome,
    judge_push,
    resend,
    would_apply_twice,
)
from shared.domain.words.waits import WaitReason
from shared.errors import ShopifyThrottled, ShopifyUnclear, ShopPaused
from shared.mongodb.jobs.pushes import PushOutcome, PushRecord, PushRow
from shared.mongodb.transactions import Session
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.reads import Level, ShopifyReads
from shared.shopify.writes.writes import SetRow, ShopifyWrites

log = structlog.get_logger()

QUICK_RESENDS = (0.1, 0.4, 1.0)
"""Seconds between resends while this worker holds on; after them the push waits for another turn."""


_PAGE = 50
"""Levels of an item in one page, where the locations are too many to be named."""


class PushSender:
    """Sends pushes. Shopify's present time is a lower bound: an earlier date is the careful one."""

    def __init__(
        self,
        units: UnitsOfWork,
        client: ShopifyClient,
        writes: ShopifyWrites,
        reads: ShopifyReads,
        *,
        pauses: Sequence[float] = QUICK_RESENDS,
    ) -> None:
        self._pauses = pauses
        self._transactions = units.transactions
        self._stock = units.stock
        self._pushes = units.pushes
        self._client = client
        self._writes = writes
        self._reads = reads

    def rows_per_call(self, shop: str) -> int:
        """The most rows that one push may have."""
        return self._writes.rows_per_call(shop)

    async def send(self, shop: str, push: PushRecord, tasks: Sequence[Task]) -> PushRecord:
        """Bring a push to its outcome; returns it closed. Raises what the Shopify adapter raises.

        One that was never sent is withdrawn where an event has overtaken a row of these tasks, its cells, by then.
        """
        for pause in (*self._pauses, None):
            if push.state is not PushState.OPEN:
                return push
            push = await self._step(shop, push, tasks, pause)
        if push.state is PushState.OPEN:
            raise ShopifyUnclear("other workers are sending this push")
        return push

    async def _step(self, shop: str, push: PushRecord, tasks: Sequence[Task], pause: float | None) -> PushRecord:
        """Send it once more, or judge it; returns it as it stands then, open where there is to be another step.

        `pause`: seconds to wait after an unclear answer; None: raise it.
        """
        now = await self._reads.now(shop, [row.item_id for row in push.rows])
        if await self._needs_evidence(shop, push, now):
            # Open afterwards: sent meanwhile by another worker, and what was read says nothing of that send.
            return await self._judge(shop, push)
        # What cannot be sent for want of points is not dated as sent.
        self._writes.make_room(shop, len(push.rows))
        started = self._client.time.monotonic()
        dated = await self._date(shop, push, now, tasks)
        if dated is None:
            # Open all the same: another worker has sent it meanwhile, so that it is too late to withdraw it.
            return await self._pushes.again(shop, push)
        left = SEND_DEADLINE.total_seconds() - (self._client.time.monotonic() - started)
        try:
            return await self._call(shop, dated, left)
        except ShopifyUnclear as unclear:
            log.warning("push_unclear", push=dated.push_id, sends=dated.sends, reason=str(unclear))
            if pause is None:
                raise
            await asyncio.sleep(pause)
            return dated

    async def _needs_evidence(self, shop: str, push: PushRecord, now: datetime) -> bool:
        """Whether the push is to be judged, not sent. Raises ShopifyThrottled where it is too early for either."""
        policy = resend(push.first_sent_at, now)
        if policy is Resend.WAIT_FOR_EVIDENCE:
            until = (push.first_sent_at or now) + KEY_LIFE + SEND_DEADLINE + LONGEST_EXECUTION
            wait = _seconds(until, now)
            raise ShopifyThrottled("the key of a push may be forgotten; evidence comes later", wait, WaitReason.OUTCOME)
        if policy is Resend.JUDGE:
            return True
        if push.runs == 0 or not await self._would_apply_twice(shop, push):
            return False
        self._check_calm(push, now)
        return True

    async def _date(self, shop: str, push: PushRecord, now: datetime, tasks: Sequence[Task]) -> PushRecord | None:
        """Date a send; returns the push as dated, None where it is not as we know it any more: another worker has
        closed it or has dated a send, too, or it was overtaken and is now withdrawn.
        """
        watched = [] if push.runs else _overriding(tasks)
        if not watched:
            return await self._pushes.note_send(shop, push, now)

        async def first(session: Session) -> tuple[bool, PushRecord | None]:
            if await self._overtaken(session, shop, watched):
                return True, None
            return False, await self._pushes.note_send(shop, push, now, session)

        overtaken, dated = await self._transactions.run(first)
        if overtaken:
            await self._pushes.close(shop, push.push_id, PushState.WITHDRAWN, never_sent=True)
        return dated

    async def _overtaken(self, session: Session, shop: str, watched: Sequence[Task]) -> bool:
        """Whether an event has come for one of these since its preview."""
        stock = await self._stock.load(shop, [task.key for task in watched], session)
        return any(
            task.row is not None and task.key in stock and event_since_preview(stock[task.key].stock, task.row)
            for task in watched
        )

    async def _call(self, shop: str, push: PushRecord, seconds: float) -> PushRecord:
        """Send it once, within the seconds left until the deadline of the send's date; returns it closed."""
        if seconds <= 0:
            # Dated too long ago to be sent: whoever judges by evidence may be at it already.
            await self._pushes.note_not_run(shop, push.push_id)
            raise ShopifyThrottled("the send was held up past its deadline", 0.1)
        rows = [SetRow(r.item_id, r.key.location_id, r.target.quantity, r.target.change_from) for r in push.rows]
        try:
            # After this deadline nothing of this send may still be on its way out.
            async with asyncio.timeout(seconds):
                answer = await self._writes.send(shop, push.body, rows)
        except TimeoutError:
            raise ShopifyUnclear("the push was not answered before its deadline") from None
        except (ShopifyThrottled, ShopPaused):
            await self._pushes.note_not_run(shop, push.push_id)
            raise
        metrics.PUSH_ROWS.observe(len(rows))
        await self._pushes.close(
            shop,
            push.push_id,
            PushState.ANSWERED,
            outcomes=[PushOutcome(row.outcome, row.code, row.detail) for row in answer.rows],
            adjusted_at=answer.adjusted_at,
            whole=answer.whole is not None,
        )
        if answer.whole is not None:
            log.warning("push_refused_whole", push=push.push_id, rows=len(rows), reason=answer.whole)
        # How often it was sent, by others, too, is part of what its outcome means.
        return await self._pushes.again(shop, push)

    async def _would_apply_twice(self, shop: str, push: PushRecord) -> bool:
        """Whether sending again could apply a row twice, were the key not honoured: it is back where it was."""
        first_sent = push.first_sent_at
        if first_sent is None:
            return False
        return any(
            level is not None
            and level.available is not None
            and would_apply_twice(level.available, level.updated_at, row.target.change_from, first_sent)
            for row, level in await self._held(shop, push)
        )

    @staticmethod
    def _check_calm(push: PushRecord, now: datetime) -> None:
        """Raises ShopifyThrottled while something of a send may still be under way."""
        until = (push.last_sent_at or push.first_sent_at or now) + SEND_DEADLINE + LONGEST_EXECUTION
        if now < until:
            wait = _seconds(until, now)
            raise ShopifyThrottled("a push may not be sent again; evidence comes later", wait, WaitReason.OUTCOME)
        log.warning("push_not_sent_again", push=push.push_id, sends=push.sends)

    async def _judge(self, shop: str, push: PushRecord) -> PushRecord:
        """Shopify cannot be asked about the key and no sender is under way: evidence counts, row by row.

        Returns the push still open where it has been sent since it was loaded.
        """
        first_sent = push.first_sent_at
        if first_sent is None:
            raise ValueError("a push that was never sent needs no evidence")
        outcomes = [
            PushOutcome(RowOutcome.UNKNOWN if level is None else judge_push(level.updated_at, first_sent))
            for _, level in await self._held(shop, push)
        ]
        await self._pushes.close(shop, push.push_id, PushState.JUDGED, outcomes=outcomes, sends=push.sends)
        return await self._pushes.again(shop, push)

    async def _held(self, shop: str, push: PushRecord) -> list[tuple[PushRow, Level | None]]:
        """The push's rows with what Shopify holds for each now; None where it has no such level."""
        held: list[tuple[PushRow, Level | None]] = []
        for part in batches(push.rows, ROWS_PER_CALL):
            places = {row.key.location_id for row in part}
            item_ids = sorted({row.item_id for row in part})
            read = await self._reads.items(shop, item_ids, locations=max(_PAGE, len(places)), at=places)
            for row in part:
                item = read.items[row.item_id]
                held.append((row, None if item is None else item.levels.get(row.key.location_id)))
        return held


def _overriding(tasks: Sequence[Task]) -> list[Task]:
    """Those whose row overrides what Shopify did: not pushed where an event has come since."""
    return [task for task in tasks if task.row is not None and task.row.overrides_shopify]


def _seconds(until: datetime, now: datetime) -> float:
    return max(1.0, (until - now).total_seconds())
