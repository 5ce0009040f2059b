"""Hands each new notice to the ways by which its shop is told: once each, also where a process dies in between."""

from __future__ import annotations

import structlog

from services.reconciler.notices.bodies import notification_body
from shared.domain.notices import EVENTS
from shared.mongodb.notices.deliveries import DeliveryStore
from shared.mongodb.notices.mail import MailStore
from shared.mongodb.notices.notice import Notice
from shared.mongodb.notices.notices import NoticeStore
from shared.mongodb.notices.targets import TargetStore

log = structlog.get_logger()


class Spreader:
    """One process's part."""

    def __init__(
        self, *, notices: NoticeStore, targets: TargetStore, deliveries: DeliveryStore, mail: MailStore
    ) -> None:
        self._notices = notices
        self._targets = targets
        self._deliveries = deliveries
        self._mail = mail

    async def round(self) -> None:
        """See to all notices that are new; one that fails must not keep the others waiting."""
        for notice in await self._notices.to_spread():
            try:
                await self._spread(notice)
            except Exception:  # the next round tries again
                log.exception("notice_not_spread", shop=notice.shop, notice=notice.notice_id)

    async def _spread(self, notice: Notice) -> None:
        body: str | None = None
        for target in await self._targets.all(notice.shop):
            if target.wants(notice.matter):
                body = body or notification_body(notice)
                await self._deliveries.make(
                    target, f"{notice.notice_id}:{notice.occurrence}", EVENTS[notice.matter], body
                )
        wanted = await self._mail.get(notice.shop)
        await self._notices.spread(notice, mail=bool(wanted.confirmed) and notice.matter in wanted.matters)
