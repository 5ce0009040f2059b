"""Computes previews: reads the cells, and writes their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from time import monotonic
from typing import Literal

import structlog

from services.preview.computing.requests import INTERACTIVE_CELLS
from services.preview.computing.turns import GiveWay
from shared import metrics
from shared.contract.messages import PreviewProgress, PreviewReady
from shared.domain.batches import ROWS_PER_CALL
from shared.domain.selection import Picked, Selection
from shared.domain.words.pauses import pause_explained
from shared.errors import BrokerUnavailable, ShopifyError, ShopPaused, TrueupError
from shared.mongodb.catalogue.boms import BomStore, Location, SelectedCell
from shared.mongodb.connection import STORE_AWAY
from shared.mongodb.previews.preview import Figures, PreviewFailure, TakenRow, WholePreview
from shared.mongodb.previews.previews import PreviewStore, Run
from shared.observing import tracing
from shared.rabbitmq import topology
from shared.rabbitmq.publishing.publisher import Publisher
from shared.reading.locations import refresh_locations
from shared.reading.retrying import patiently
from shared.reading.rows import RowReader
from shared.running.side_by_side import side_by_side
from shared.shopify.calls.budget import CallRole
from shared.shopify.reads.reads import ShopifyReads

log = structlog.get_logger()

MAX_WAITING = 120.0
"""Seconds one batch of a preview waits for the call budget before the preview fails and says so."""

READS_AT_ONCE = 4
"""Parts of one preview that are read side by side: Shopify's answers take longer than writing what they say."""

CELLS_AT_ONCE = 20_000
"""The most cells in memory, of parts being read or waiting to be written: of many locations fewer parts at once."""

_BROKE = "The preview met an error of Trueup itself. Try again; if it fails again, ask for help and name preview"


class Superseded(TrueupError):
    """Another run of the same preview has begun while this one was still at it."""


class Previewer:
    """Computes one preview to its end. One that was cut off goes on behind its rows; an ended one stays as it is."""

    def __init__(
        self,
        previews: PreviewStore,
        boms: BomStore,
        rows: RowReader,
        shopify: ShopifyReads,
        publisher: Publisher,
        *,
        told: Callable[[tuple[str, str]], None] = lambda _: None,
    ) -> None:
        """`told` hears of an end, by shop and preview, before the broker does: who waits here need not wait for it."""
        self._told = told
        self._previews = previews
        self._boms = boms
        self._rows = rows
        self._shopify = shopify
        self._publisher = publisher

    async def compute(self, shop: str, preview_id: str, give_way: GiveWay | None = None) -> None:
        """Compute a stored preview; `give_way` is awaited between two parts.

        Raises what stands for a server of ours that is away: another time may do.
        """
        preview = await self._previews.get(shop, preview_id)
        if preview is None:
            return
        with (
            structlog.contextvars.bound_contextvars(shop=shop, preview=preview_id),
            tracing.span("take preview", parent=preview.trace, shop=shop, preview=preview_id),
        ):
            await self._compute(preview, give_way)

    async def give_up(self, shop: str, preview_id: str) -> None:
        """End a preview that nobody can compute."""
        await self._end(shop, preview_id, None, _broke(preview_id), None)

    async def _compute(self, preview: WholePreview, give_way: GiveWay | None) -> None:
        shop, preview_id = preview.shop, preview.preview_id
        run = await self._previews.begin(shop, preview_id)
        if run is None:
            return
        started = monotonic()
        failure: PreviewFailure | None = None
        figures: Figures | None = None
        try:
            selection = (await self._previews.selection(preview)).to_domain()
            figures = await self._read(shop, preview_id, run, selection, give_way)
        except Superseded:
            log.info("preview_superseded")
            return
        except ShopPaused as pause:
            why = pause_explained(pause.reason, pause.detail)
            failure = PreviewFailure("SHOP_PAUSED", why.message, why.remedy)
        except ShopifyError as error:
            failure = PreviewFailure("READ_FAILED", f"Shopify could not be read: {error}")
        except (BrokerUnavailable, *STORE_AWAY):
            raise
        except Exception:
            # A mistake of ours comes again with every try: whoever waits for the preview hears of it instead.
            log.exception("preview_broke")
            failure = _broke(preview_id)
        if await self._end(shop, preview_id, run.run_id, failure, figures):
            metrics.PREVIEW_SECONDS.observe(monotonic() - started)

    async def _end(
        self, shop: str, preview_id: str, run: str | None, failure: PreviewFailure | None, figures: Figures | None
    ) -> bool:
        state: Literal["ready", "failed"] = "ready" if failure is None else "failed"
        if not await self._previews.end(shop, preview_id, run, failure, figures):
            return False
        metrics.PREVIEWS.labels(state).inc()
        log.info("preview_ended", state=state)
        self._told((shop, preview_id))
        try:
            ended = PreviewReady(shop=shop, preview_id=preview_id, state=state)
            await self._publisher.event(topology.PREVIEW_READY, ended)
        except BrokerUnavailable:
            log.info("preview_end_not_published")  # the document says the same
        return True

    async def _read(
        self, shop: str, preview_id: str, run: Run, selection: Selection, give_way: GiveWay | None
    ) -> Figures:
        """Write every row that is missing; returns the figures of the whole.

        Raises Superseded, and what the adapter raises.
        """
        locations = await self._locations(shop, run, selection)
        names = {location_id: location.name for location_id, location in locations.items()}
        total = await self._boms.size(shop, selection)
        if not run.knows_locations and not _few(selection):
            await self._previews.note_locations(shop, preview_id, run.run_id, total=total)
        role: CallRole = "interactive" if total <= INTERACTIVE_CELLS else "preview"

        async def take(cells: Sequence[SelectedCell]) -> list[TakenRow]:
            if give_way is not None:
                await give_way()
            read = partial(self._rows.take, shop, cells, locations, role=role, shown=True)
            return await patiently(read, max_waiting=MAX_WAITING, clock=self._shopify.time)

        size = ROWS_PER_CALL * _width(selection, len(locations))
        at_once = max(1, min(READS_AT_ONCE, CELLS_AT_ONCE // size))
        chosen = self._boms.select(shop, selection, size=size, after=run.after)
        async with aclosing(side_by_side(chosen, take, at_once)) as parts:
            async for rows in parts:
                if give_way is not None:
                    await give_way()
                went_on = await self._previews.keep(shop, preview_id, run, rows, names)
                if went_on is None:
                    raise Superseded("another process computes this preview now")
                run = went_on
                if run.done < total:  # else its end is told at once
                    await self._publish_progress(shop, preview_id, run.done, total)
        return await self._previews.counted(shop, preview_id, run)

    async def _locations(self, shop: str, run: Run, selection: Selection) -> Mapping[str, Location]:
        """The shop's locations, read anew once for each preview; a few chosen cells at known locations need no more
        than what is kept of these: whether a location is active comes with each level."""
        if run.knows_locations:
            log.info("preview_goes_on", done=run.done)
            return await self._boms.locations(shop)
        if isinstance(selection, Picked) and _few(selection):
            kept = await self._boms.locations(shop)
            if {cell.location_id for cell in selection.cells} <= kept.keys():
                return kept
        read = partial(refresh_locations, shop, self._boms, self._shopify)
        return await patiently(read, max_waiting=MAX_WAITING, clock=self._shopify.time)

    async def _publish_progress(self, shop: str, preview_id: str, done: int, total: int) -> None:
        try:
            await self._publisher.event(
                topology.PREVIEW_PROGRESS,
                PreviewProgress(shop=shop, preview_id=preview_id, done=done, total=total),
            )
        except BrokerUnavailable:
            log.info("preview_progress_not_published")  # the document says the same


def _broke(preview_id: str) -> PreviewFailure:
    return PreviewFailure("PREVIEW_BROKE", f"{_BROKE} {preview_id}.")


def _few(selection: Selection) -> bool:
    """Whether it is of some chosen cells: done at once, so that nothing is noted on the way."""
    return isinstance(selection, Picked) and len(selection.cells) <= INTERACTIVE_CELLS


def _width(selection: Selection, locations: int) -> int:
    """Cells of one BOM at the most: a part holds the BOMs of one call."""
    chosen = None if isinstance(selection, Picked) else selection.location_ids
    return max(1, locations if chosen is None else len(chosen))
