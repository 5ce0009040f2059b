"""Acts of clients that are none of Trueup's parts, in the audit log: what came by a message without our seal."""

from __future__ import annotations

from shared.mongodb.shops.audit import Act, AuditLog
from shared.rabbitmq.consumer import Delivery


class ForeignActs:
    """Notes what such a message has done. Trueup's own parts note themselves who asked them."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    async def note(self, delivery: Delivery, act: str, shop: str, subject: str, said: str = "") -> None:
        """`said`: who asked, by the message's own word, which is marked as such."""
        if not delivery.sender.own:
            await self._audit.note(Act(shop, act, delivery.sender.name(said), "message", subject))
