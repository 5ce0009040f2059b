"""The dead-letter queue: what only met a bad moment goes round again, the rest is kept for a person.

What can never be handled, its consumer keeps itself (`shared.kept_messages`); here comes what the broker took away: by
its limit of deliveries, or with a queue. A cell message needs neither: the cell's document says everything, so its
place in the window is freed and the next refill publishes it anew. Nothing here ends a cell; each cell counts its own
attempts.

Where a message may go follows from its key, a table, and the queue that it died in, which the broker wrote last: a key
that is none of that queue's (a client put it there by CC) leads nowhere. All other headers, those that look like the
broker's included, are the word of whoever published it: they decide nothing but how soon a message is kept.
"""

from __future__ import annotations

from dataclasses import replace

import structlog
from pydantic import ValidationError

from shared import metrics
from shared.contract.messages import CellWork
from shared.contract.mistakes import cut
from shared.contract.seal import Seals, sealed_headers
from shared.domain.cell import CellKey
from shared.kept_messages import KeptMessages
from shared.mongodb.jobs.cells.cell import cell_id
from shared.mongodb.jobs.cells.cells import CellStore
from shared.rabbitmq.consuming.delivery import Delivery
from shared.rabbitmq.consuming.frame import FOREIGN_KEY
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import CELLS, WEBHOOKS, exchange_of, queue_named

log = structlog.get_logger()

MAX_LAPS = 3
"""How often a message goes round again after the broker's delivery limit. The broker counts each lap anew."""

LAPS = "x-trueup-laps"
"""The header that counts them."""

DELIVERY_LIMIT = "delivery_limit"
"""The broker's word for a message delivered too often."""


class DeadLetters:
    """Handles `trueup.dead-letters`."""

    def __init__(self, keeper: KeptMessages, cells: CellStore, publisher: Publisher, seals: Seals) -> None:
        self._keeper = keeper
        self._cells = cells
        self._publisher = publisher
        self._seals = seals

    async def on_dead(self, delivery: Delivery) -> None:
        """Free a cell's place, send the message round again, or keep it. Raises BrokerUnavailable."""
        cause, died_in = delivery.died_of or "unknown", queue_named(delivery.died_in)
        queue = "unknown" if died_in is None else died_in.name
        if cause != "rejected":
            # Whoever rejects a message counts it; those the broker took away are counted here, under our own names.
            metrics.DEAD_LETTERS.labels(queue).inc()
        if died_in is not None and not died_in.takes(delivery.key):
            delivery = replace(delivery, key=f"{FOREIGN_KEY}{delivery.key}")
        if died_in in CELLS and await self._free(delivery):
            return
        laps = _laps(delivery)
        known = died_in is not None and cause == DELIVERY_LIMIT
        if known and laps < MAX_LAPS and self._may_go_round(delivery):
            headers = sealed_headers(delivery.headers) | {LAPS: str(laps + 1)}
            await self._publisher.again(delivery.key, delivery.body, headers)
            log.warning("dead_letter_sent_again", queue=queue, key=delivery.key, lap=laps + 1)
            return
        await self._keeper.keep(delivery, None, reason=f"{cut(cause)} by {cut(queue)}")

    def _may_go_round(self, delivery: Delivery) -> bool:
        """Commands and events go where their key belongs; a webhook is one only by the front's seal."""
        if exchange_of(delivery.key) != WEBHOOKS:
            return True
        return self._seals.valid(delivery.key, delivery.body, delivery.headers)

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


def _laps(delivery: Delivery) -> int:
    text = delivery.headers.get(LAPS, "0")
    return int(text) if len(text) == 1 and text.isascii() and text.isdigit() else MAX_LAPS
