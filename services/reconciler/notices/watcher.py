"""Notes what has happened to the shops, and closes what is settled.

Everything follows from the records of others, so no message can be lost or counted twice on the way: several processes
may watch, and one that was away takes up where the last one stood.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import structlog

from shared import metrics
from shared.contract.messages import NoticesChanged
from shared.domain.notices import OVER, Happening, Matter
from shared.domain.preview import PREVIEW_VALID
from shared.errors import BrokerUnavailable
from shared.mongodb.notices.happenings import Happenings
from shared.mongodb.notices.notice import Notice
from shared.mongodb.notices.notices import NoticeStore
from shared.mongodb.notices.watermark import Watermark
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import NOTICES_CHANGED

log = structlog.get_logger()

OVERLAP = timedelta(seconds=60)
"""So far clocks may differ, and a write may be seen late: what has ended so shortly before is looked at again."""

PATIENCE = timedelta(minutes=2)
"""A run that waits no longer than this is told of to nobody: Shopify makes every app wait a little."""


class Watcher:
    """One process's part."""

    def __init__(
        self,
        *,
        happenings: Happenings,
        notices: NoticeStore,
        watermark: Watermark,
        publisher: Publisher,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._happenings = happenings
        self._notices = notices
        self._watermark = watermark
        self._publisher = publisher
        self._patience = patience
        self._known: dict[tuple[str, Matter, str, str], datetime] = {}
        self._changed: set[str] = set()

    async def round(self) -> None:
        """Note what is new, settle what is settled, and say of which shops anything has changed."""
        now = datetime.now(UTC)
        since = await self._watermark.get(now) - OVERLAP
        async for happening in self._happenings.ended(since):
            await self._note(happening)
        await self._well_again(since)
        await self._states(now)
        await self._decisions(now)
        await self._newer_imports()
        # After the notes: what was not noted is looked at again.
        await self._watermark.put(now)
        self._known = {key: at for key, at in self._known.items() if at >= since}
        await self._tell()

    async def _note(self, happening: Happening) -> None:
        key = (happening.shop, happening.matter, happening.subject, happening.occurrence)
        if key in self._known:
            return
        if await self._notices.note(happening):
            metrics.NOTICES.labels(str(happening.matter)).inc()
            log.info("notice", shop=happening.shop, matter=str(happening.matter), subject=happening.subject)
            await self._notices.prune(happening.shop)
            self._changed.add(happening.shop)
        self._known[key] = happening.at

    async def _well_again(self, since: datetime) -> None:
        """A schedule whose run has ended well is in order again, where that was after what went wrong."""
        well: dict[tuple[str, str], datetime] = {}
        async for shop, schedule_id, at in self._happenings.schedules_well(since):
            well[shop, schedule_id] = max(at, well.get((shop, schedule_id), at))
        if not well:
            return
        for matter in (Matter.SCHEDULE_FAILED, Matter.SCHEDULE_SKIPPED):
            async for notice in self._notices.open_about(matter):
                ended = well.get((notice.shop, notice.subject))
                if ended is not None and ended > notice.at:
                    await self._settle(notice.shop, matter, notice.subject)

    async def _states(self, now: datetime) -> None:
        """What lasts: noted while it does, settled once it does not."""
        states: tuple[tuple[Matter, Callable[[], AsyncIterator[Happening]]], ...] = (
            (Matter.SHOP_PAUSED, self._happenings.paused_shops),
            (Matter.SCHEDULE_WAITS, self._happenings.waiting_schedules),
            (Matter.IMPORT_WAITS, self._happenings.waiting_imports),
            (Matter.REPAIR_STOPPED, self._happenings.stopped_repairs),
            (Matter.WEBHOOKS_SILENT, self._happenings.silent_shops),
            (Matter.RUN_WAITS, lambda: self._happenings.waiting_runs(now, self._patience)),
        )
        for matter, read in states:
            last = set()
            async for happening in read():
                last.add((happening.shop, happening.subject))
                await self._note(happening)
            async for notice in self._notices.open_about(matter):
                if (notice.shop, notice.subject) not in last:
                    await self._over(notice, now)
                    await self._settle(notice.shop, matter, notice.subject)

    async def _over(self, notice: Notice, now: datetime) -> None:
        """Tell the end of what has lasted, before it is settled: who dies in between tells it again, as the same."""
        over = OVER.get(notice.matter)
        if over is None or not await self._happenings.is_active(notice.shop):
            return
        await self._note(
            Happening(
                shop=notice.shop,
                matter=over,
                subject=notice.subject,
                occurrence=notice.occurrence,
                at=now,
                facts={},
                open=False,
            )
        )

    async def _decisions(self, now: datetime) -> None:
        """Previews that somebody has decided about, that are too old or gone; runs that were taken up again."""
        waiting: dict[str, set[str]] = defaultdict(set)
        async for notice in self._notices.open_about(Matter.PREVIEW_WAITS):
            if now - notice.at > PREVIEW_VALID:
                await self._settle(notice.shop, Matter.PREVIEW_WAITS, notice.subject)
            else:
                waiting[notice.shop].add(notice.subject)
        for shop, previews in waiting.items():
            for preview_id in await self._happenings.decided(shop, previews):
                await self._settle(shop, Matter.PREVIEW_WAITS, preview_id)
        async for notice in self._notices.open_about(Matter.PREVIEW_FAILED):
            if await self._happenings.newer_preview(notice.shop, notice.at):
                await self._settle(notice.shop, Matter.PREVIEW_FAILED, notice.subject)
        troubled: dict[str, set[str]] = defaultdict(set)
        async for notice in self._notices.open_about(Matter.RUN_TROUBLED):
            troubled[notice.shop].add(notice.subject)
        for shop, jobs in troubled.items():
            for job_id in await self._happenings.taken_up(shop, jobs):
                await self._settle(shop, Matter.RUN_TROUBLED, job_id)

    async def _newer_imports(self) -> None:
        """What an import could not use, a later one has made up for, or its author has seen."""
        async for notice in self._notices.open_about(Matter.IMPORT_TROUBLED):
            if await self._happenings.newer_import(notice.shop, notice.at):
                await self._settle(notice.shop, Matter.IMPORT_TROUBLED, notice.subject)

    async def _settle(self, shop: str, matter: Matter, subject: str) -> None:
        if await self._notices.settle(shop, matter, subject):
            self._changed.add(shop)
            # The same may come back under its name: it is then looked for anew.
            self._known = {key: at for key, at in self._known.items() if key[:3] != (shop, matter, subject)}

    async def _tell(self) -> None:
        """A courtesy to pages that are open: they read what stands in the documents anyway, only later."""
        changed, self._changed = self._changed, set()
        for shop in sorted(changed):
            try:
                await self._publisher.event(NOTICES_CHANGED, NoticesChanged(shop=shop))
            except BrokerUnavailable:
                log.info("notices_changed_not_published", shop=shop)
