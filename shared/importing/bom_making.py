"""Making the BOMs of an import: new ones in batches with all their cells, known ones changed where the file says so."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.cell import CellKey
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.mongodb.catalogue.boms import Bom, BomStore, SelectedCell
from shared.mongodb.catalogue.import_lines import ImportLineStore
from shared.mongodb.catalogue.import_records import AskedBom, ImportItem, Made, MadeBom, Refused, Why
from shared.mongodb.catalogue.imports import ImportStore
from shared.mongodb.catalogue.refusals import RecordRefused, Refusal
from shared.mongodb.transactions import Session, Transactions


class BomMaking:
    """Makes BOMs; each is noted as made in the transaction that makes it, so a second time makes nothing twice."""

    def __init__(
        self,
        transactions: Transactions,
        boms: BomStore,
        records: RecordStore,
        imports: ImportStore,
        lines: ImportLineStore,
    ) -> None:
        self._transactions = transactions
        self._boms = boms
        self._records = records
        self._imports = imports
        self._lines = lines

    async def make(self, shop: str, import_id: str, items: Sequence[ImportItem], places: Sequence[str]) -> None:
        """Make the BOMs of some items, with a cell at each of the locations."""
        anew = await self._made_anew(shop, import_id, items)
        for item, old in anew.values():
            await self._note_refused(shop, import_id, item, _anew_message(item, old), Why.MADE_ANEW)
        left: list[ImportItem] = await self._transactions.in_halves(
            [item for item in items if item.item_id not in anew],
            lambda session, part: self._new(session, shop, import_id, part, places),
        )
        for item in left:
            await self._known(shop, import_id, item, places)

    async def _made_anew(
        self, shop: str, import_id: str, items: Sequence[ImportItem]
    ) -> dict[str, tuple[ImportItem, Bom]]:
        """Items that would make a second BOM of one product, which somebody has removed at Shopify and made again."""
        owners = await self._boms.of_items(shop, [item.item_id for item in items])
        by_sku = await self._boms.by_sku(
            shop, [item.sku_key for item in items if item.sku_key and item.item_id not in owners]
        )
        theirs = [bom.inventory_item_id for boms in by_sku.values() for bom in boms]
        there = await self._imports.present(shop, import_id, theirs) if theirs else set()
        anew = {}
        for item in items:
            old = [bom for bom in by_sku.get(item.sku_key or "", ()) if bom.inventory_item_id not in there]
            # A line that names the BOM maps it.
            if item.item_id not in owners and old and _asked(item).bom_id not in {bom.bom_id for bom in old}:
                anew[item.item_id] = (item, old[0])
        return anew

    async def _new(
        self, session: Session, shop: str, import_id: str, items: Sequence[ImportItem], places: Sequence[str]
    ) -> list[ImportItem]:
        """Insert those that are new in every respect; returns the others."""
        owners = await self._boms.of_items(shop, [item.item_id for item in items], session)
        taken = await self._boms.get(shop, [_bom_id(item) for item in items], session)
        new = [item for item in items if item.item_id not in owners and _bom_id(item) not in taken]
        new = new[: await self._records.bom_limit.left(session, shop, len(new))] if new else []
        if new:
            await self._boms.insert(session, shop, [_bom(item) for item in new])
            await self._boms.note_skus(shop, {_bom_id(item): item.sku_key for item in new}, session)
            if places:
                cells = {_bom_id(item): [CellKey(_bom_id(item), place) for place in places] for item in new}
                await self._boms.make_stock(session, shop, cells)
            made = [MadeBom(item.item_id, _bom_id(item)) for item in new]
            await self._imports.note_made(shop, import_id, made, Made.NEW, session)
        fresh = {item.item_id for item in new}
        return [item for item in items if item.item_id not in fresh]

    async def foresee(self, shop: str, import_id: str, items: Sequence[ImportItem]) -> dict[str, Made]:
        """What would become of each item; of one that makes no BOM its reason is noted, as when it is made."""
        anew = await self._made_anew(shop, import_id, items)
        owners = await self._boms.of_items(shop, [item.item_id for item in items])
        taken = await self._boms.get(shop, [_bom_id(item) for item in items])
        foreseen: dict[str, Made] = {}
        for item in items:
            owner, same_id = owners.get(item.item_id), taken.get(_bom_id(item))
            if item.item_id in anew:
                message = _anew_message(item, anew[item.item_id][1])
                await self._note_refused(shop, import_id, item, message, Why.MADE_ANEW)
                foreseen[item.item_id] = Made.REFUSED
            elif owner is None and same_id is None:
                foreseen[item.item_id] = Made.NEW
            elif isinstance(wanted := _wanted(item, owner, same_id), str):
                await self._note_refused(shop, import_id, item, wanted)
                foreseen[item.item_id] = Made.REFUSED
            else:
                before = owner or same_id
                foreseen[item.item_id] = Made.KNOWN if wanted.over(before) == before else Made.CHANGED
        return foreseen

    async def _known(self, shop: str, import_id: str, item: ImportItem, places: Sequence[str]) -> None:
        """An item that has a BOM, or a BOM of that id that has another item."""
        owner = (await self._boms.of_items(shop, [item.item_id])).get(item.item_id)
        same_id = (await self._boms.get(shop, [_bom_id(item)])).get(_bom_id(item))
        wanted = _wanted(item, owner, same_id)
        if isinstance(wanted, str):
            await self._note_refused(shop, import_id, item, wanted)
            return
        before, bom_id = owner or same_id, wanted.bom_id
        try:
            after, _ = await self._records.upsert(shop, wanted, reference=f"import:{import_id}")
        except RecordRefused as refused:
            why = Why.TOO_MANY if refused.kind is Refusal.TOO_MANY else Why.ITEM_IN_USE
            await self._note_refused(shop, import_id, item, f"{refused.message} {refused.remedy}", why)
            return
        await self._boms.ensure_stock(shop, [SelectedCell(CellKey(bom_id, place), after) for place in places])
        await self._boms.note_skus(shop, {bom_id: item.sku_key})
        made = Made.KNOWN if after == before else Made.CHANGED
        await self._imports.note_made(shop, import_id, [MadeBom(item.item_id, bom_id)], made)

    async def _note_refused(
        self, shop: str, import_id: str, item: ImportItem, message: str, why: Why = Why.ITEM_IN_USE
    ) -> None:
        refused, line = Refused(why, message), _asked(item).line
        if line is not None:
            await self._lines.refuse(shop, import_id, line, refused)
        await self._imports.refuse(shop, import_id, item.item_id, refused)


def _asked(item: ImportItem) -> AskedBom:
    if item.asked is None:
        raise LookupError(f"no BOM is asked for item {item.item_id}")
    return item.asked


def _anew_message(item: ImportItem, old: Bom) -> str:
    return (
        f"Its SKU {item.sku!r} is that of BOM {old.bom_id} ({old.name}), whose item {old.inventory_item_id} "
        f"Shopify no longer has. Map that BOM: trueup boms map {old.bom_id} --item {item.item_id}"
    )


def _wanted(item: ImportItem, owner: Bom | None, same_id: Bom | None) -> WantedBom | str:
    """The BOM as it should be, where the item has one (`owner`), or one has the id already; or why it makes none."""
    asked = _asked(item)
    if owner is not None and asked.bom_id not in {None, owner.bom_id}:
        return f"Its item already belongs to BOM {owner.bom_id} ({owner.name})."
    if owner is None and asked.bom_id is None and same_id is not None:
        return f"Its item's number {item.item_id} is the id of a BOM with another item."
    by_file = asked.line is not None
    return WantedBom(
        bom_id=owner.bom_id if owner is not None else _bom_id(item),
        inventory_item_id=item.item_id,
        # Without a file nobody has asked for a change: what is known stays as it is.
        name=asked.name if by_file or owner is None else owner.name,
        tags=asked.tags if by_file and asked.tags else None,
        tracks_pre_assembled=asked.tracks if by_file else None,
    )


def _bom_id(item: ImportItem) -> str:
    return _asked(item).bom_id or item.item_id


def _bom(item: ImportItem) -> Bom:
    asked = _asked(item)
    return Bom(
        bom_id=_bom_id(item),
        inventory_item_id=item.item_id,
        name=asked.name,
        tags=asked.tags,
        tracks_pre_assembled=bool(asked.tracks),
    )
