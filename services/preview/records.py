"""The app's own records as they come in by messages: bom.upsert, bom.remove, count.adjust."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.contract.messages import BomRemove, BomUpsert, CountAdjust, Message
from shared.domain.cell import CellKey
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.mongodb.catalogue.refusals import RecordRefused
from shared.mongodb.shops.audit import AuditLog
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.stock.adjustments import Adjustment
from shared.rabbitmq import topology
from shared.rabbitmq.consuming.delivery import Delivery, Reject
from shared.running.shop_locks import ShopLocks

M = TypeVar("M", bound=Message)

REFERENCE = "message"
"""Stands in the ledger for a change that came by a message without a key of its own."""


class RecordsConsumer:
    """Handles the queue of records. A shop's messages are done in the order in which they came."""

    def __init__(self, records: RecordStore, shops: ShopStore, audit: AuditLog) -> None:
        self._audit = audit
        self._records = records
        self._shops = shops
        # A lock hands itself on in the order of asking: an adjustment never overtakes its BOM.
        self._turns = ShopLocks()
        self._handlers: dict[str, Callable[[Delivery], Awaitable[None]]] = {
            topology.BOM_UPSERT: self._upsert,
            topology.BOM_REMOVE: self._remove,
            topology.COUNT_ADJUST: self._adjust,
        }

    async def handle(self, delivery: Delivery) -> None:
        """Do what one message asks for. Raises Reject for what can never be done."""
        handler = self._handlers.get(delivery.key)
        if handler is None:
            raise Reject(f"{delivery.key} is no message about records")
        try:
            await handler(delivery)
        except RecordRefused as error:
            raise Reject(str(error)) from None

    async def _known(self, message: M) -> M:
        if await self._shops.get(message.shop) is None:
            raise Reject(f"the shop {message.shop} is not known; add it first")
        return message

    async def _upsert(self, delivery: Delivery) -> None:
        message = delivery.read(BomUpsert)
        async with self._turns.of(message.shop):
            await self._known(message)
            wanted = WantedBom(
                message.bom_id,
                message.inventory_item_id,
                message.name,
                None if message.tags is None else tuple(message.tags),
                message.tracks_pre_assembled,
                message.externally_managed,
            )
            before = await self._records.bom(message.shop, message.bom_id)
            after, _ = await self._records.upsert(message.shop, wanted, reference=REFERENCE)
            if before is None or before.inventory_item_id != after.inventory_item_id:
                await self._audit.note_message(delivery.sender, "bom.change", message.shop, message.bom_id)

    async def _remove(self, delivery: Delivery) -> None:
        message = delivery.read(BomRemove)
        async with self._turns.of(message.shop):
            await self._known(message)
            await self._records.remove(message.shop, message.bom_id, reference=REFERENCE)
            await self._audit.note_message(delivery.sender, "bom.remove", message.shop, message.bom_id)

    async def _adjust(self, delivery: Delivery) -> None:
        message = delivery.read(CountAdjust)
        async with self._turns.of(message.shop):
            await self._known(message)
            wanted = Adjustment(
                key=CellKey(message.bom_id, message.location_id),
                idempotency_key=message.idempotency_key,
                cause=message.cause,
                actor=delivery.sender.name(message.actor),
                delta=message.delta,
            )
            await self._records.adjust(message.shop, wanted)
