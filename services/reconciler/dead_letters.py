"""The dead-letter queue: what only met a bad moment goes round again, the rest is kept for a person.

A cell message needs neither: the cell's document says everything, so its place in the window is freed and the next
refill publishes it anew. Nothing here ends a cell; each cell counts its own attempts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import structlog
from pydantic import ValidationError

from shared import metrics
from shared.contract.messages import CellWork
from shared.contract.mistakes import mistakes_of
from shared.domain.cell import CellKey
from shared.mongodb.cells import CellStore, cell_id
from shared.mongodb.dead_letters import DeadLetterStore
from shared.mongodb.shops import ShopStore
from shared.rabbitmq import topology
from shared.rabbitmq.consumer import Delivery
from shared.rabbitmq.described import MODELS
from shared.rabbitmq.publisher import Publisher

log = structlog.get_logger()

MOST_LAPS = 3
"""How often a message goes round again after the broker's delivery limit. The broker counts each lap anew."""

LAPS = "x-trueup-laps"
"""The header that counts them."""

DELIVERY_LIMIT = "delivery_limit"
"""The broker's word for a message delivered too often."""

_DEATH = "x-first-death-"
_SHOP_HEADER = "x-shopify-shop-domain"


class DeadLetters:
    """Handles `trueup.dead-letters`."""

    def __init__(self, letters: DeadLetterStore, cells: CellStore, shops: ShopStore, publisher: Publisher) -> None:
        self._letters = letters
        self._shops = shops
        self._cells = cells
        self._publisher = publisher

    async def on_dead(self, delivery: Delivery) -> None:
        """Free a cell's place, send the message round again, or keep it. Raises BrokerUnavailable."""
        reason = delivery.headers.get(f"{_DEATH}reason", "unknown")
        queue = delivery.headers.get(f"{_DEATH}queue", "unknown")
        if reason != "rejected":
            # Whoever rejects a message counts it; those the broker took away are counted here.
            metrics.DEAD_LETTERS.labels(queue).inc()
        if delivery.key.startswith("cell.") and await self._free(delivery):
            return
        exchange = delivery.headers.get(f"{_DEATH}exchange") or _exchange_of(delivery.key)
        laps = _laps(delivery.headers)
        headers = {name: value for name, value in delivery.headers.items() if not _is_brokers(name)}
        if reason == DELIVERY_LIMIT and laps < MOST_LAPS:
            await self._publisher.again(exchange, delivery.key, delivery.body, headers | {LAPS: str(laps + 1)})
            log.warning("dead_letter_sent_again", queue=queue, key=delivery.key, lap=laps + 1)
            return
        headers.pop(LAPS, None)
        letter_id = await self._letters.keep(
            shop=_shop_of(delivery),
            exchange=exchange,
            key=delivery.key,
            body=delivery.body,
            headers=headers,
            reason=f"{reason} by {queue}",
            cause=await self._cause(delivery) if reason == "rejected" else None,
        )
        log.error("dead_letter_kept", letter=letter_id, queue=queue, key=delivery.key, reason=reason)

    async def _cause(self, delivery: Delivery) -> str | None:
        """What is wrong with a message that was rejected. The broker tells who rejected it, never why."""
        model = MODELS.get(delivery.key)
        if model is None:
            return None
        try:
            message = model.model_validate_json(delivery.body)
        except ValidationError as error:
            return str(mistakes_of(error))
        if await self._shops.get(message.shop) is None:
            return f"the shop {message.shop} is not known; add it first"
        return None

    async def _free(self, delivery: Delivery) -> bool:
        """Free the place of the message's cell; False where the message is none of a cell."""
        try:
            work = CellWork.model_validate_json(delivery.body)
        except ValidationError:
            return False
        cell = cell_id(work.shop, work.job_id, CellKey(work.bom_id, work.location_id))
        await self._cells.free_places(work.shop, [cell])
        log.warning("cell_message_dropped", shop=work.shop, job=work.job_id, cell=f"{work.bom_id}/{work.location_id}")
        return True


def _exchange_of(key: str) -> str:
    """Where a key is published, for a broker that does not say."""
    for queue in topology.QUEUES:
        if key in queue.keys:
            return queue.exchange
    return topology.WEBHOOKS


def _laps(headers: Mapping[str, str]) -> int:
    text = headers.get(LAPS, "0")
    return int(text) if text.isascii() and text.isdigit() else 0


def _is_brokers(name: str) -> bool:
    """What the broker wrote: sent along, it would be taken for this lap's."""
    return name.startswith((_DEATH, "x-last-death-", "x-death", "x-delivery-count"))


def _shop_of(delivery: Delivery) -> str | None:
    """The shop the message names, in its body or, for a webhook, in its headers."""
    if named := delivery.headers.get(_SHOP_HEADER):
        return named
    try:
        shop = json.loads(delivery.body).get("shop")
    except (ValueError, AttributeError):
        return None
    return shop if isinstance(shop, str) else None
