"""Computes previews: takes requests from the queue, reads the cells, and writes their rows."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from time import monotonic

import structlog
from pydantic import ValidationError

from shared import metrics
from shared.contract.messages import PreviewProgress, PreviewReady, PreviewRequest
from shared.contract.mistakes import cut, mistakes_of
from shared.contract.selection import SelectionBody
from shared.domain.batches import ROWS_PER_CALL
from shared.domain.selection import Selection
from shared.errors import BrokerUnavailable, ShopifyError, ShopPaused, TrueupError
from shared.mongodb.boms import BomStore
from shared.mongodb.connection import STORE_AWAY
from shared.mongodb.previews import PreviewStore
from shared.rabbitmq import topology
from shared.rabbitmq.consumer import Delivery, Reject
from shared.rabbitmq.publisher import Publisher
from shared.reading.locations import refresh_locations
from shared.reading.patience import patiently
from shared.reading.rows import RowReader
from shared.shopify.budget import Role
from shared.shopify.reads import ShopifyReads

log = structlog.get_logger()

MOST_WAITING = 120.0
"""Seconds one batch of a preview waits for the call budget before the preview fails and says so."""

INTERACTIVE_CELLS = 100
"""A preview up to this size is a popover or a page that a person waits for: its calls go first."""

_BROKE = "The preview met an error of Trueup itself. Try again; if it fails again, ask for help and name preview"


class Superseded(TrueupError):
    """Another run of the same preview has begun: the message came again while this one was still at it."""


class Previewer:
    """Handles `preview.request`. A repeated request finishes what a crash left; an ended preview stays as it is."""

    def __init__(
        self, previews: PreviewStore, boms: BomStore, rows: RowReader, shopify: ShopifyReads, publisher: Publisher
    ) -> None:
        self._previews = previews
        self._boms = boms
        self._rows = rows
        self._shopify = shopify
        self._publisher = publisher

    async def handle(self, delivery: Delivery) -> None:
        """Compute the preview of one message. Raises Reject for a body that can never be understood."""
        if delivery.key != topology.PREVIEW_REQUEST:
            raise Reject(f"{cut(delivery.key)} is no message about previews")
        try:
            request = PreviewRequest.model_validate_json(delivery.body)
        except ValidationError as error:
            raise Reject(str(mistakes_of(error))) from None
        said = {"requested_by": delivery.sender.name(request.requested_by)}
        await self._previews.request(request.model_copy(update=said))
        with structlog.contextvars.bound_contextvars(shop=request.shop, preview=request.preview_id):
            await self._compute(request.shop, request.preview_id)

    async def _compute(self, shop: str, preview_id: str) -> None:
        document = await self._previews.get(shop, preview_id)
        run = await self._previews.begin(shop, preview_id)
        if document is None or run is None:
            return
        started = monotonic()
        failure: dict[str, str] | None = None
        figures: dict[str, object] = {}
        try:
            selection = SelectionBody(**document["selection"]).to_domain()
            figures = await self._read(shop, preview_id, run, selection)
        except Superseded:
            log.info("preview_superseded")
            return
        except ShopPaused as pause:
            failure = {"code": "SHOP_PAUSED", "message": f"Shopify takes no calls for this shop now ({pause.reason})."}
        except ShopifyError as error:
            failure = {"code": "READ_FAILED", "message": f"Shopify could not be read: {error}"}
        except (BrokerUnavailable, *STORE_AWAY):
            raise  # the message comes again
        except Exception:
            # A mistake of ours comes again with every delivery: whoever waits for the preview is told instead.
            log.exception("preview_broke")
            failure = {"code": "PREVIEW_BROKE", "message": f"{_BROKE} {preview_id}."}
        state = "ready" if failure is None else "failed"
        ending = {"state": state, "failure": failure, "finished_at": datetime.now(UTC), **figures}
        if not await self._previews.update(shop, preview_id, run, ending):
            return
        metrics.PREVIEWS.labels(state).inc()
        metrics.PREVIEW_SECONDS.observe(monotonic() - started)
        log.info("preview_ended", state=state, seconds=round(monotonic() - started, 3))
        await self._publisher.event(
            topology.PREVIEW_READY,
            PreviewReady(shop=shop, preview_id=preview_id, state="ready" if failure is None else "failed"),
        )

    async def _read(self, shop: str, preview_id: str, run: str, selection: Selection) -> dict[str, object]:
        """Write every row; answers the figures of the whole. Raises Superseded, and what the adapter raises."""
        read = partial(refresh_locations, shop, self._boms, self._shopify)
        locations = await patiently(read, most_waiting=MOST_WAITING, clock=self._shopify.time)
        names = {location_id: location.name for location_id, location in locations.items()}
        total = await self._boms.size(shop, selection)
        await self._previews.update(shop, preview_id, run, {"total": total})
        done = 0
        role: Role = "interactive" if total <= INTERACTIVE_CELLS else "preview"
        size = ROWS_PER_CALL * max(1, len(locations))
        async for cells in self._boms.select(shop, selection, size=size):
            take = partial(self._rows.take, shop, cells, locations, role=role)
            rows = await patiently(take, most_waiting=MOST_WAITING, clock=self._shopify.time)
            if not await self._previews.keep(shop, preview_id, run=run, first_no=done, rows=rows, location_names=names):
                raise Superseded("another process computes this preview now")
            done += len(rows)
            await self._tell(shop, preview_id, done, total)
        classes, left_out, codes = await self._previews.tally(shop, preview_id)
        badges = await self._previews.bom_badges(shop, preview_id)
        moves = await self._previews.figures.moves(shop, preview_id)
        tallies = {"classes": classes, "left_out": left_out, "codes": codes}
        pages = await self._previews.figures.for_pages(shop, preview_id)
        return {"total": done, "badges": badges, "moves": moves, **tallies, **pages}

    async def _tell(self, shop: str, preview_id: str, done: int, total: int) -> None:
        try:
            await self._publisher.event(
                topology.PREVIEW_PROGRESS,
                PreviewProgress(shop=shop, preview_id=preview_id, done=done, total=total),
            )
        except BrokerUnavailable:
            log.info("preview_progress_not_told")  # the document says the same
