"""Sending one push until its outcome is known: the same body under the same key, dated by Shopify's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog

from shared import metrics
from shared.domain.batches import ROWS_PER_CALL, batches
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
from shared.mongodb.jobs.pushes import PushOutcome, PushRecord, PushRow, PushStore
from shared.mongodb.transactions import Session, Transactions
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.reads import Level, ShopifyReads
from shared.shopify.writes.writes import SetRow, ShopifyWrites

log = structlog.get_logger()

QUICK_RESENDS = (0.1, 0.4, 1.0)
"""Seconds between resends while this worker holds on; after them the push waits for another turn."""


_PAGE = 50
"""Levels of an item in one page, where the locations are too many to be named."""


IsOvertaken = Callable[[Session], Awaitable[bool]]
"""Whether an event since the preview has overtaken a push that was never sent."""


class Sending:
    """Sends pushes. `shopify_now` is a lower bound: an earlier date is the careful one."""

    def __init__(
        self,
        transactions: Transactions,
        pushes: PushStore,
        client: ShopifyClient,
        writes: ShopifyWrites,
        reads: ShopifyReads,
        *,
        pauses: Sequence[float] = QUICK_RESENDS,
    ) -> None:
        self._pauses = pauses
        self._transactions = transactions
        self._pushes = pushes
        self._client = client
        self._writes = writes
        self._reads = reads

    def rows_per_call(self, shop: str) -> int:
        """The most rows that one push may have."""
        return self._writes.rows_per_call(shop)

    async def to_outcome(self, shop: str, push: PushRecord, overtaken: IsOvertaken) -> PushRecord:
        """Bring an open push to its outcome; returns it closed. Raises what the Shopify adapter raises.

        `overtaken` is asked in the transaction that dates the first send: a push that an event has overtaken by then
        is withdrawn.
        """
        for pause in (*self._pauses, None):
            now = await self._reads.now(shop, [row.item_id for row in push.rows])
            policy = resend(push.first_sent_at, now)
            if policy is Resend.WAIT_FOR_EVIDENCE:
                until = (push.first_sent_at or now) + KEY_LIFE + SEND_DEADLINE + LONGEST_EXECUTION
                wait = _seconds(until, now)
                raise ShopifyThrottled(
                    "the key of a push may be forgotten; evidence comes later", wait, WaitReason.OUTCOME
                )
            by_evidence = policy is Resend.JUDGE
            if not by_evidence and push.runs > 0 and await self._would_apply_twice(shop, push):
                self._check_calm(push, now)
                by_evidence = True
            if by_evidence:
                push = await self._judge(shop, push)
                if push.state is not PushState.OPEN:
                    return push
                continue  # sent meanwhile by another worker: what was read says nothing of that send
            # What cannot be sent for want of points is not dated as sent.
            self._writes.make_room(shop, len(push.rows))
            started = self._client.time.monotonic()
            dated = await self._date(shop, push, now, overtaken)
            push = await self._pushes.get(shop, push.push_id)
            if not dated and push.state is not PushState.OPEN:
                return push
            if not dated:
                continue  # another worker has sent it meanwhile: it is too late to withdraw it
            left = SEND_DEADLINE.total_seconds() - (self._client.time.monotonic() - started)
            try:
                return await self._send(shop, push, left)
            except ShopifyUnclear as unclear:
                log.warning("push_unclear", push=push.push_id, sends=push.sends, reason=str(unclear))
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        raise ShopifyUnclear("other workers are sending this push")

    async def _date(self, shop: str, push: PushRecord, now: datetime, overtaken: IsOvertaken) -> bool:
        """Date a send; returns False where the push is closed, or was overtaken and is now withdrawn."""
        if push.runs:
            return await self._pushes.note_send(shop, push.push_id, now)

        async def first(session: Session) -> bool | None:
            if await overtaken(session):
                return None
            return await self._pushes.note_send(shop, push.push_id, now, session)

        dated = await self._transactions.run(first)
        if dated is None:
            await self._pushes.close(shop, push.push_id, PushState.WITHDRAWN, never_sent=True)
        return bool(dated)

    async def _send(self, shop: str, push: PushRecord, seconds: float) -> PushRecord:
        """Send, within the seconds left until the deadline of the send's date."""
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
        return await self._pushes.get(shop, push.push_id)

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
        return await self._pushes.get(shop, push.push_id)

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


def _seconds(until: datetime, now: datetime) -> float:
    return max(1.0, (until - now).total_seconds())
