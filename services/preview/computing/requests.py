"""Asking for previews: over HTTP or by message, one shop has only so many that have not ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from shared import metrics
from shared.contract.messages import PreviewReady, PreviewRequest
from shared.contract.mistakes import cut
from shared.domain.words.codes import Code
from shared.errors import BrokerUnavailable, TrueupError
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.previews.preview import PreviewFailure
from shared.mongodb.previews.previews import PreviewStore
from shared.rabbitmq import topology
from shared.rabbitmq.consuming.delivery import Delivery, Reject
from shared.rabbitmq.publishing.publisher import Publisher
from shared.running.shop_locks import ShopLocks

log = structlog.get_logger()

INTERACTIVE_CELLS = 100
"""A preview up to this size is a popover or a page that a person waits for: it goes first, and so do its calls."""


class TooManyOpen(TrueupError):
    """The shop has as many previews that have not ended as it may."""


class PreviewRequests:
    """Stores what is asked for; `wake` announces a preview whose turn may come."""

    def __init__(
        self,
        previews: PreviewStore,
        boms: BomStore,
        publisher: Publisher,
        *,
        max_open: int,
        wake: Callable[[], None],
    ) -> None:
        self._previews = previews
        self._boms = boms
        self._publisher = publisher
        self._wake = wake
        self._locks = ShopLocks()
        self._telling: set[asyncio.Task[None]] = set()
        self.max_open = max_open

    async def ask(self, request: PreviewRequest) -> None:
        """Store a preview that is not known yet. Raises TooManyOpen."""
        large = await self._is_large(request)
        # Counted and stored by one at a time: two hundred requests at once must not all find room.
        async with self._locks.of(request.shop):
            if await self._full(request.shop):
                if await self._previews.get(request.shop, request.preview_id) is not None:
                    return  # the same request, a moment earlier
                raise TooManyOpen(f"{self.max_open} previews of this shop have not ended yet, which is the most")
            await self._previews.request(request, large=large)
        self._wake()

    def tell(self, request: PreviewRequest) -> None:
        """Tell the other processes of a preview that is stored: one of them may have a free slot.

        Nobody waits for that: the document says the same, and whoever looks finds it.
        """
        task = asyncio.create_task(self._told(request))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _told(self, request: PreviewRequest) -> None:
        try:
            await self._publisher.command(topology.PREVIEW_REQUEST, request)
        except BrokerUnavailable:
            log.info("preview_request_not_published", shop=request.shop, preview=request.preview_id)

    async def take(self, request: PreviewRequest) -> bool:
        """As `ask`; but one too many is stored as what has ended, with its code. Whether there was room."""
        try:
            await self.ask(request)
        except TooManyOpen as error:
            await self._refuse(request, str(error))
            return False
        return True

    async def handle(self, delivery: Delivery) -> None:
        """Take one `preview.request`; one too many ends at once with its code. Raises Reject for a wrong body.

        The message is done with once the document is there: that says whose turn it is, and outlives a process.
        """
        if delivery.key != topology.PREVIEW_REQUEST:
            raise Reject(f"{cut(delivery.key)} is no message about previews")
        request = delivery.read(PreviewRequest)
        if not await self._previews.knows(request.shop):
            raise Reject(f"the shop {request.shop} is not known; add it first")
        request = request.model_copy(update={"requested_by": delivery.sender.name(request.requested_by)})
        with structlog.contextvars.bound_contextvars(shop=request.shop, preview=request.preview_id):
            if await self._previews.get(request.shop, request.preview_id) is None:
                await self.take(request)
            else:
                await self._known(request)

    async def _known(self, request: PreviewRequest) -> None:
        large = await self._is_large(request)
        await self._previews.sized(request.shop, request.preview_id, large=large)
        await self._previews.give_turn(request.shop, request.preview_id, large=large)
        self._wake()

    async def _full(self, shop: str) -> bool:
        return await self._previews.open(shop, self.max_open) >= self.max_open

    async def _is_large(self, request: PreviewRequest) -> bool:
        return await self._boms.size(request.shop, request.selection.to_domain()) > INTERACTIVE_CELLS

    async def _refuse(self, request: PreviewRequest, why: str) -> None:
        if not await self._previews.request(request, refused=PreviewFailure(str(Code.TOO_MANY_PREVIEWS), f"{why}.")):
            return
        # Not among the previews that failed: an alert is about those, and one shop's haste is no trouble of ours.
        metrics.REFUSED_BY_LIMIT.labels("previews").inc()
        log.info("preview_refused", reason=why)
        ended = PreviewReady(shop=request.shop, preview_id=request.preview_id, state="failed")
        try:
            await self._publisher.event(topology.PREVIEW_READY, ended)
        except BrokerUnavailable:
            log.info("preview_end_not_published")  # the document says the same
