"""Acts of clients that are none of Trueup's parts, in the audit log: what came by a message without our seal."""

from __future__ import annotations

from shared.contract.seal import Seals
from shared.mongodb.audit import Act, AuditLog
from shared.rabbitmq.consumer import Delivery


class ForeignActs:
    """Notes what such a message has done. Trueup's own parts note themselves who asked them."""

    def __init__(self, audit: AuditLog, seals: Seals) -> None:
        self._audit = audit
        self._seals = seals

    async def note(self, delivery: Delivery, act: str, shop: str, subject: str, said: str = "") -> None:
        """`said`: who asked, by the message's own word."""
        if not self._seals.valid(delivery.key, delivery.body, delivery.headers):
            actor = f"a client that says {said}" if said else "a client"
            await self._audit.note(Act(shop, act, actor, "message", subject))
