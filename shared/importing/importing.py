"""An import from its first read to its report. Every step may be repeated, so it goes on wherever it was killed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from ulid import ULID

from shared.errors import TrueupError
from shared.importing.bom_file import BomFile, kept_line
from shared.importing.bom_making import BomMaking
from shared.importing.catalogue import MAX_WAITING, Catalogue
from shared.importing.first_bases import ImportBases
from shared.importing.matching import SHOWN, bom_of_item, match
from shared.importing.skus import sku_key, sku_likeness
from shared.mongodb.catalogue.boms import BomStore, Location
from shared.mongodb.catalogue.import_lines import ImportLineStore
from shared.mongodb.catalogue.import_records import (
    Import,
    ImportItem,
    ImportLine,
    ImportPhase,
    ItemsWanted,
    LineMatch,
    Made,
    Why,
)
from shared.mongodb.catalogue.imports import LEASE, ImportStore
from shared.mongodb.catalogue.page_imports import PageImports
from shared.mongodb.transactions import WriteConflict
from shared.reading.locations import refresh_locations
from shared.reading.retrying import patiently
from shared.shopify.reads.reads import ShopifyReads

log = structlog.get_logger()

CELLS_AT_ONCE = 500
"""Cells made, or based, in one transaction."""

LEFT_OPEN = 120.0
"""Seconds: a transaction whose process was killed is ended by the server after 60 (`transactionLifetimeLimitSeconds`),
looked for once in half of that."""

_LINES_AT_ONCE = 500
_ITEMS_AT_ONCE = 500
_LOOK_AGAIN = 0.5

Progress = Callable[[str, int, int | None], None]
"""Hears the phase, how much of it is done, and how much there is, where that is known."""


class ImportAtWork(TrueupError):
    """Another process is importing into this shop."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is imported: a file, lines that are kept already, or (neither) every variant. `digest` tells one source from
    another."""

    file: BomFile | None
    tracks: bool | None
    digest: str
    kept: bool = False

    @property
    def by_lines(self) -> bool:
        """Whether lines say which BOMs there are."""
        return self.file is not None or self.kept

    @classmethod
    def of(cls, file: BomFile | None, *, tracks: bool | None) -> Source:
        """With the file; None: every variant."""
        digest = hashlib.sha256(b"all variants").hexdigest() if file is None else file.digest
        return cls(file, tracks, f"{digest}|{tracks}")


class Importing:
    """Runs imports."""

    def __init__(
        self,
        *,
        imports: ImportStore,
        lines: ImportLineStore,
        pages: PageImports,
        boms: BomStore,
        reads: ShopifyReads,
        catalogue: Catalogue,
        making: BomMaking,
        basing: ImportBases,
        progress: Progress,
    ) -> None:
        self._imports = imports
        self._import_lines = lines
        self._pages = pages
        self._boms = boms
        self._reads = reads
        self._catalogue = catalogue
        self._making = making
        self._basing = basing
        self._progress = progress

    async def run(self, shop: str, source: Source) -> Import:
        """Import, or go on with the unfinished import of the same source; returns it.

        Raises ImportAtWork, and what the Shopify adapter raises: the next run goes on there.
        """
        owner = str(ULID())
        return await self.go_on(source, await self._take(shop, source, owner), owner)

    async def go_on(self, source: Source, taken: Import, owner: str) -> Import:
        """Go on with an import that is this owner's; one asked for on the page ends where a person is to approve it.

        Raises as `run`.
        """
        shop, import_id = taken.shop, taken.import_id
        work = asyncio.ensure_future(self._work(shop, source, taken))
        keeping = asyncio.ensure_future(self._keep(shop, import_id, owner))
        try:
            await asyncio.wait({work, keeping}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work
                await keeping  # raises why
            return await work
        finally:
            for task in (work, keeping):
                task.cancel()
            await asyncio.gather(work, keeping, return_exceptions=True)
            await self._imports.give_back(shop, import_id, owner)

    async def _take(self, shop: str, source: Source, owner: str) -> Import:
        """Take the import. One left behind by a process that was killed is free after a moment."""
        waited = 0.0
        while True:
            if not await self._imports.another_at_work(shop, source.digest):
                taken = await self._imports.take(shop, source.digest, owner)
                if taken is not None:
                    return taken
            if waited > LEASE.lasts.total_seconds() + 1:
                raise ImportAtWork(f"another process is importing into {shop}; wait until it has ended")
            if waited == 0:
                self._progress("waiting", 0, None)
            await asyncio.sleep(_LOOK_AGAIN)
            waited += _LOOK_AGAIN

    async def _keep(self, shop: str, import_id: str, owner: str) -> None:
        while True:
            await asyncio.sleep(LEASE.lasts.total_seconds() / 5)
            if not await self._imports.renew(shop, import_id, owner):
                raise ImportAtWork(f"another process has taken over the import into {shop}")

    async def _work(self, shop: str, source: Source, taken: Import) -> Import:
        import_id = taken.import_id
        steps: dict[ImportPhase, Callable[[], Awaitable[ImportPhase]]] = {
            ImportPhase.ITEMS: lambda: self._items(shop, import_id, taken.cursor),
            ImportPhase.LINES: lambda: self._lines(shop, import_id, source),
            ImportPhase.MATCH: lambda: self._match(shop, import_id, source, approved=taken.page is None),
            ImportPhase.FORESEE: lambda: self._foresee(shop, import_id),
            ImportPhase.BOMS: lambda: self._make(shop, import_id),
            ImportPhase.LEVELS: lambda: self._levels(shop, import_id),
            ImportPhase.BASES: lambda: self._base(shop, import_id, self._basing.by_export),
            ImportPhase.READS: lambda: self._base(shop, import_id, self._basing.by_reads),
        }
        phase = taken.phase
        while phase is not ImportPhase.DONE:
            log.info("import_phase", shop=shop, import_id=import_id, phase=str(phase))
            done, phase = phase, await self._outlasting(steps[phase])
            if done is ImportPhase.FORESEE:
                return await self._pages.checked(shop, import_id, await self._foreseen(shop, import_id))
            await self._imports.reached(shop, import_id, phase)
        return await self._imports.finish(shop, import_id)

    async def _foresee(self, shop: str, import_id: str) -> ImportPhase:
        """Say of each item what would become of it, and make nothing."""
        total = await self._imports.count(shop, import_id, ItemsWanted.TO_MAKE)
        done = 0
        async for items in self._imports.items(shop, import_id, ItemsWanted.TO_MAKE, size=_ITEMS_AT_ONCE):
            await self._pages.note_foreseen(shop, import_id, await self._making.foresee(shop, import_id, items))
            done += len(items)
            self._progress("foresee", done, total)
        return ImportPhase.BOMS

    async def _foreseen(self, shop: str, import_id: str) -> dict[str, int]:
        foreseen = await self._pages.count_foreseen(shop, import_id)
        foreseen.pop(str(Made.REFUSED), None)  # of items without a line alone; lines are counted as lines
        known = foreseen.get(str(Made.KNOWN), 0) + foreseen.get(str(Made.CHANGED), 0)
        unnamed = max(0, await self._boms.count(shop) - known)
        refused = {why: number async for why, number in self._pages.refused_by_why(shop, import_id)}
        items = await self._imports.count(shop, import_id, ItemsWanted.REFUSED)
        return {**foreseen, "not_named": unnamed, "refused": sum(refused.values()) + items, **refused}

    async def _outlasting(self, step: Callable[[], Awaitable[ImportPhase]]) -> ImportPhase:
        """Do a step, again and again while a process that was killed keeps its documents locked."""
        loop = asyncio.get_running_loop()
        until: float | None = None
        while True:
            try:
                return await step()
            except WriteConflict:
                until = until or loop.time() + LEFT_OPEN
                if loop.time() > until:
                    raise
                self._progress("blocked", 0, None)
                await asyncio.sleep(_LOOK_AGAIN)

    async def _items(self, shop: str, import_id: str, cursor: str | None) -> ImportPhase:
        await patiently(
            lambda: refresh_locations(shop, self._boms, self._reads),
            max_waiting=MAX_WAITING,
            clock=self._reads.time,
        )

        async def note_seen(seen: int) -> None:
            self._progress("items", seen, None)

        await self._catalogue.read_items(shop, import_id, cursor, note_seen)
        return ImportPhase.LINES

    async def _lines(self, shop: str, import_id: str, source: Source) -> ImportPhase:
        """Keep the lines of the file, so that none of what follows needs all of them at once."""
        if source.file is not None:
            await self._import_lines.keep(shop, import_id, map(kept_line, source.file.lines()))
        return ImportPhase.MATCH

    async def _match(self, shop: str, import_id: str, source: Source, *, approved: bool) -> ImportPhase:
        """Say of each item which BOM it gets. The same lines say the same when they are asked again."""
        following = ImportPhase.BOMS if approved else ImportPhase.FORESEE
        if not source.by_lines:
            async for items in self._imports.items(shop, import_id, size=_ITEMS_AT_ONCE):
                boms = {item.item_id: bom_of_item(item, tracks=source.tracks) for item in items}
                await self._imports.ask_for(shop, import_id, boms)
            return following
        async for lines in self._import_lines.usable(shop, import_id, size=_LINES_AT_ONCE):
            await self._import_lines.note_matches(shop, import_id, await self._found(shop, import_id, lines, source))
        await self._import_lines.refuse_doubles(shop, import_id, "item_id", Why.ITEM_TWICE, "item")
        await self._import_lines.refuse_doubles(shop, import_id, "bom_id", Why.BOM_ID_TWICE, "bom_id")
        async for lines in self._import_lines.usable(shop, import_id, size=_ITEMS_AT_ONCE):
            boms = {line.item_id: line.asked for line in lines if line.item_id is not None and line.asked is not None}
            await self._imports.ask_for(shop, import_id, boms)
        return following

    async def _found(
        self, shop: str, import_id: str, lines: Sequence[ImportLine], source: Source
    ) -> dict[int, LineMatch]:
        """By the number of each line what it is to be made of."""
        variants = [line.variant_id for line in lines if line.variant_id is not None]
        skus = {line.sku for line in lines if line.variant_id is None}
        by_variant = await self._imports.by_variant(shop, import_id, variants)
        keys = [key for sku in skus if (key := sku_key(sku))]
        by_sku = await self._imports.by_sku(shop, import_id, keys, "sku_key", limit=SHOWN)
        unknown = [like for sku in skus if sku_key(sku) not in by_sku and (like := sku_likeness(sku))]
        alike = await self._imports.by_sku(shop, import_id, unknown, "sku_likeness", limit=SHOWN) if unknown else {}
        return {line.line: match(line, by_variant, by_sku, alike, tracks=source.tracks) for line in lines}

    async def _make(self, shop: str, import_id: str) -> ImportPhase:
        places = sorted(await self._boms.locations(shop))
        total = await self._imports.count(shop, import_id, ItemsWanted.WITH_BOM)
        done = total - await self._imports.count(shop, import_id, ItemsWanted.TO_MAKE)
        size = max(1, CELLS_AT_ONCE // max(1, len(places)))
        async for items in self._imports.items(shop, import_id, ItemsWanted.TO_MAKE, size=size):
            await self._making.make(shop, import_id, items, places)
            done += len(items)
            self._progress("boms", done, total)
        return ImportPhase.LEVELS

    async def _levels(self, shop: str, import_id: str) -> ImportPhase:
        places = sorted(await self._boms.locations(shop))
        size = max(1, 2 * CELLS_AT_ONCE // max(1, len(places)))
        async for boms in self._imports.to_base(shop, import_id, size=size):
            await self._basing.note_revs(shop, import_id, boms, places)

        async def note_seen(seen: int) -> None:
            self._progress("levels", seen, None)

        has_levels = await self._catalogue.read_levels(shop, import_id, note_seen)
        return ImportPhase.BASES if has_levels else ImportPhase.READS

    async def _base(
        self,
        shop: str,
        import_id: str,
        base: Callable[[str, str, Sequence[ImportItem], Mapping[str, Location]], Awaitable[None]],
    ) -> ImportPhase:
        locations = await self._boms.locations(shop)
        total = await self._imports.count(shop, import_id, ItemsWanted.MADE)
        done = total - await self._imports.count(shop, import_id, ItemsWanted.TO_BASE)
        size = max(1, CELLS_AT_ONCE // max(1, len(locations)))
        async for items in self._imports.items(shop, import_id, ItemsWanted.TO_BASE, size=size):
            await base(shop, import_id, items, locations)
            done += len(items)
            self._progress("bases", done, total)
        return ImportPhase.DONE
