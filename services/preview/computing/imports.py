"""Imports that were asked for on the page, taken up in turn: one of a shop at a time, by whichever process is free.

All of an import is in its documents, so one whose process died is gone on with by another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog
from ulid import ULID

from shared.domain.words.pauses import pause_explained
from shared.errors import ShopifyError, ShopPaused
from shared.importing.importing import ImportAtWork, Importing, Progress, Source
from shared.importing.report import report_of
from shared.mongodb.catalogue.import_lines import ImportLineStore
from shared.mongodb.catalogue.import_records import Import, ImportState
from shared.mongodb.catalogue.imports import ImportStore
from shared.mongodb.catalogue.page_imports import PageImports
from shared.mongodb.connection import STORE_AWAY, Mongo
from shared.running.work_pool import WorkPool

log = structlog.get_logger()

AT_ONCE = 2
"""Imports that a process works on, each of another shop."""

TICK = 1.0
NOTE_EVERY = 0.5
"""Seconds between notes of how far an import is."""

AFTER_A_FAILURE = 15.0
AFTER_ANOTHER = 2.0
LAST_TURNS = 5.0

MakeImporting = Callable[[Progress], Importing]


class _Notes:
    """Hears how far an import is, and keeps the last word of it."""

    def __init__(self, pages: PageImports, taken: Import) -> None:
        self._pages = pages
        self._taken = taken
        self._heard: tuple[str, int, int | None] | None = None

    def __call__(self, doing: str, done: int, total: int | None) -> None:
        self._heard = (doing, done, total)

    async def keep(self) -> None:
        """Note what was heard now and then, until cancelled."""
        while True:
            await asyncio.sleep(NOTE_EVERY)
            heard, self._heard = self._heard, None
            if heard is not None:
                with suppress(*STORE_AWAY):  # the next one says more
                    await self._pages.note_progress(self._taken.shop, self._taken.import_id, *heard)


class ImportTurns:
    """Takes imports up; several processes share them."""

    def __init__(self, mongo: Mongo, make: MakeImporting) -> None:
        self._imports = ImportStore(mongo.db)
        self._lines = ImportLineStore(mongo.db)
        self._pages = PageImports(mongo.db)
        self._make = make
        self._pool = WorkPool(AT_ONCE)

    def wake(self) -> None:
        """There may be an import to take up."""
        self._pool.wake()

    async def news(self, seconds: float) -> None:
        """Return when a slot has become free or `wake` was called, at the latest after so many seconds."""
        await self._pool.news(seconds)

    async def finish(self) -> None:
        """Give what is under way a moment, and the rest to others."""
        await self._pool.finish(LAST_TURNS)

    async def round(self) -> None:
        """Begin what is waiting, as far as there are slots."""
        while self._pool.free > 0:
            owner = str(ULID())
            taken = await self._pages.take_next(owner, self._pool.busy)
            if taken is None:
                return
            if await self._imports.another_at_work(taken.shop, taken.source):
                await self._pages.put_off(taken.shop, taken.import_id, AFTER_ANOTHER, None)
                await self._imports.give_back(taken.shop, taken.import_id, owner)
                continue
            self._pool.begin(taken.shop, self._see_to(taken, owner))

    async def _see_to(self, taken: Import, owner: str) -> None:
        shop, import_id, page = taken.shop, taken.import_id, taken.page
        if page is None:
            raise LookupError(f"the import {import_id} was not asked for on the page")
        notes = _Notes(self._pages, taken)
        keeping = asyncio.create_task(notes.keep())
        trouble: str | None = None
        try:
            source = Source(None, page.tracks, taken.source, kept=page.file is not None)
            ended = await self._make(notes).go_on(source, taken, owner)
            if ended.state is ImportState.DONE:
                await self._pages.note_result(shop, import_id, await self._result(ended))
            return
        except ImportAtWork:
            return  # whoever has taken it over goes on
        except ShopPaused as error:
            why = pause_explained(error.reason, error.detail)
            trouble = f"{why.message} {why.remedy}"
        except ShopifyError as error:
            log.warning("import_put_off", shop=shop, import_id=import_id, reason=str(error))
            trouble = "Shopify does not answer as it should now. The import goes on by itself."
        except STORE_AWAY as error:
            log.warning("import_put_off", shop=shop, import_id=import_id, reason=repr(error))
            return
        except Exception:
            log.exception("import_not_ended", shop=shop, import_id=import_id)
            trouble = "Something went wrong on our side. The import is tried again by itself."
        finally:
            keeping.cancel()
        with suppress(*STORE_AWAY):  # then it is tried again as soon as the lease has run out
            await self._pages.put_off(shop, import_id, AFTER_A_FAILURE, trouble)

    async def _result(self, ended: Import) -> dict[str, int]:
        report = await report_of(self._imports, self._lines, ended)
        boms = {name: number for name, number in report.boms.items() if name != "refused"}
        return {
            **boms,
            "refused": report.refused,
            "without_bom": report.without_bom,
            **{f"list_{name}": number for name, number in report.lists.items()},
            **{f"cells_{name}": number for name, number in report.cells.items()},
        }
