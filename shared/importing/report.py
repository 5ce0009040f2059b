"""What an import has done and what it has left alone, from its own documents: the same however often it was killed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from shared.mongodb.catalogue.import_lines import ImportLineStore
from shared.mongodb.catalogue.import_records import Import, ImportItem, ItemsWanted, Made, Refused
from shared.mongodb.catalogue.imports import ImportStore

_AT_ONCE = 500

LISTS: dict[str, str] = {
    "untracked": "Shopify does not track their quantity: there is nothing to compare until it does",
    "without_sku": "they have no SKU: a file can name them by their variant only",
    "several_variants": "one item belongs to several variants: it is one BOM",
    "bundles": "Shopify computes their stock from components: nothing can be pushed to them",
}
"""What is listed of items one by one, and why."""


@dataclass(slots=True)
class ImportReport:
    """The figures of an import. `lists` has the number of items under each heading."""

    shop: str
    import_id: str
    seconds: float
    items: int = 0
    variants: int = 0
    boms: dict[str, int] = field(default_factory=dict)
    without_bom: int = 0
    cells: dict[str, int] = field(default_factory=dict)
    lists: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    """Lines of the file, or items, that made no BOM."""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """What made no BOM: a line of the file by its number, or an item that no line asked for."""

    line: int | None
    item_id: str | None
    refused: Refused


def headings(item: ImportItem) -> list[str]:
    """Under which headings an item is listed."""
    found = []
    if not item.tracked:
        found.append("untracked")
    if not item.sku:
        found.append("without_sku")
    if len(item.variants) > 1:
        found.append("several_variants")
    if any(variant.bundle for variant in item.variants):
        found.append("bundles")
    return found


def shown(item: ImportItem) -> dict[str, Any]:
    """An item as the report names it."""
    return {
        "inventory_item_id": item.item_id,
        "sku": item.sku,
        "bom_id": item.bom_id,
        "variants": [{"id": variant.variant_id, "name": variant.name} for variant in item.variants],
    }


def shown_refused(refused: RefusedLine) -> dict[str, Any]:
    """A refused line as the report names it."""
    return {
        "line": refused.line,
        "why": str(refused.refused.why),
        "message": refused.refused.message,
        "variants": list(refused.refused.variants or ()),
        "inventory_item_id": refused.item_id,
    }


async def report_of(imports: ImportStore, lines: ImportLineStore, ended: Import) -> ImportReport:
    """The report of an import that has ended."""
    shop, import_id = ended.shop, ended.import_id
    report = ImportReport(shop, import_id, ended.seconds, lists=dict.fromkeys(LISTS, 0))
    report.refused = await lines.count_refused(shop, import_id)
    report.boms = {str(made): 0 for made in Made}
    async for item in items_of(imports, shop, import_id):
        report.items += 1
        report.variants += len(item.variants)
        if item.asked is None:
            report.without_bom += 1
        elif item.made is not None:
            report.boms[str(item.made)] += 1
            report.refused += item.made is Made.REFUSED and item.asked.line is None
        for heading in headings(item):
            report.lists[heading] += 1
    report.cells = dict(sorted((await imports.tallies(shop, import_id)).items()))
    return report


async def refused_of(
    imports: ImportStore, lines: ImportLineStore, shop: str, import_id: str
) -> AsyncIterator[RefusedLine]:
    """What made no BOM, and why: lines in the order of the file; without a file, items."""
    async for some in lines.refused(shop, import_id, size=_AT_ONCE):
        for line in some:
            if line.refused is not None:
                yield RefusedLine(line.line, line.item_id, line.refused)
    async for items in imports.items(shop, import_id, ItemsWanted.REFUSED, size=_AT_ONCE):
        for item in items:
            if item.refused is not None:
                yield RefusedLine(None, item.item_id, item.refused)


async def items_of(
    imports: ImportStore, shop: str, import_id: str, heading: str | None = None
) -> AsyncIterator[ImportItem]:
    """The items of an import, those under one heading or all."""
    async for items in imports.items(shop, import_id, size=_AT_ONCE):
        for item in items:
            if heading is None or heading in headings(item):
                yield item
