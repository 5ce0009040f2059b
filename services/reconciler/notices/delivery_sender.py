"""Sends the deliveries of outgoing webhooks, again and again ever more slowly; what fails for days is switched off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from shared import metrics
from shared.domain.notices import Happening, Matter
from shared.mongodb.connection import STORE_AWAY
from shared.mongodb.notices.deliveries import DeliveryStore
from shared.mongodb.notices.notices import NoticeStore
from shared.mongodb.notices.recipients import Delivery, SendState, Target
from shared.mongodb.notices.targets import TargetStore
from shared.running.work_pool import WorkPool
from shared.schedules.outgoing_webhooks import NotDelivered, OutgoingWebhooks

log = structlog.get_logger()

PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Before each further try; after the last one it is given up, and may be sent by hand."""

AT_ONCE = 32
"""Deliveries a process sends at once."""

FRESH = 16
"""Slots among these that a receiver which has failed already cannot have."""


class DeliverySender:
    """Takes what is due, several at once; several processes share it."""

    def __init__(
        self,
        *,
        targets: TargetStore,
        deliveries: DeliveryStore,
        notices: NoticeStore,
        outgoing: OutgoingWebhooks,
        per_shop: int,
        pauses: tuple[timedelta, ...] = PAUSES,
    ) -> None:
        self._targets = targets
        self._deliveries = deliveries
        self._notices = notices
        self._outgoing = outgoing
        self._pauses = pauses
        self._pool = WorkPool(AT_ONCE, per_shop)

    async def round(self) -> None:
        """Begin to send all that is due, as far as there are slots."""
        while self._pool.free > 0:
            only_new = self._pool.free <= FRESH
            due = await self._deliveries.take_due(datetime.now(UTC), passing_by=self._pool.busy, only_new=only_new)
            if due is None:
                return
            self._pool.begin(due.shop, self._see_to(due))

    async def news(self, seconds: float) -> None:
        """Return when a slot has become free, at the latest after so many seconds."""
        await self._pool.news(seconds)

    async def finish(self) -> None:
        """Cancel what is under way: another process sends it."""
        await self._pool.finish()

    async def _see_to(self, delivery: Delivery) -> None:
        try:
            await self._send(delivery)
        except STORE_AWAY:
            log.exception("delivery_put_off", shop=delivery.shop, delivery=delivery.delivery_id)
        except Exception as error:  # a secret under a key that is gone
            log.exception("delivery_not_made", shop=delivery.shop, delivery=delivery.delivery_id)
            await self._again(delivery, f"it could not be put together: {type(error).__name__}")

    async def _send(self, delivery: Delivery) -> None:
        target = await self._targets.get(delivery.shop, delivery.target_id, secrets=True)
        if target is None or not target.enabled or not target.secrets:
            why = "the address was removed" if target is None else "the address is switched off"
            await self._deliveries.note(delivery, SendState.DROPPED, why)
            return
        try:
            status = await self._outgoing.send(target.url, target.secrets, delivery.body.encode(), delivery.delivery_id)
        except NotDelivered as why:
            await self._again(delivery, str(why))
            if await self._targets.note_refused(target):
                await self._note_disabled(target)
        else:
            metrics.OUTGOING_WEBHOOKS.labels("sent").inc()
            await self._deliveries.note(delivery, SendState.SENT, f"answered with status {status}")
            await self._targets.note_taken(target)

    async def _again(self, delivery: Delivery, why: str) -> None:
        if delivery.tries > len(self._pauses):
            metrics.OUTGOING_WEBHOOKS.labels("failed").inc()
            log.warning("not_delivered", shop=delivery.shop, delivery=delivery.delivery_id, reason=why)
            await self._deliveries.note(delivery, SendState.FAILED, why)
            return
        metrics.OUTGOING_WEBHOOKS.labels("retried").inc()
        again_at = datetime.now(UTC) + self._pauses[delivery.tries - 1]
        await self._deliveries.note(delivery, SendState.DUE, why, again_at=again_at)

    async def _note_disabled(self, target: Target) -> None:
        now = datetime.now(UTC)
        log.warning("target_disabled", shop=target.shop, target=target.target_id)
        await self._notices.note(
            Happening(
                shop=target.shop,
                matter=Matter.TARGET_DISABLED,
                subject=target.target_id,
                occurrence=now.isoformat(),
                at=now,
                facts={"url": target.url},
                open=True,
            )
        )
