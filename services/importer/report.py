"""What an import has done and what it has left alone, from its own documents: the same however often it was killed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.importer.matching import variants_of
from shared.mongodb.catalogue.import_lines import ImportLineStore
from shared.mongodb.catalogue.imports import ImportStore
from shared.mongodb.schema import Document

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


def headings(item: Mapping[str, Any]) -> list[str]:
    """Under which headings an item is listed."""
    variants = variants_of(item)
    found = []
    if not item["tracked"]:
        found.append("untracked")
    if not item["sku"]:
        found.append("without_sku")
    if len(variants) > 1:
        found.append("several_variants")
    if any(variant["bundle"] for variant in variants.values()):
        found.append("bundles")
    return found


def shown(item: Mapping[str, Any]) -> Document:
    """An item as the report names it."""
    return {
        "inventory_item_id": item["item_id"],
        "sku": item["sku"],
        "bom_id": item.get("bom_id"),
        "variants": [{"id": variant, "name": fields["name"]} for variant, fields in variants_of(item).items()],
    }


async def report_of(imports: ImportStore, lines: ImportLineStore, document: Mapping[str, Any]) -> ImportReport:
    """The report of an import."""
    shop, import_id = document["shop"], document["import_id"]
    report = ImportReport(
        shop,
        import_id,
        (document["finished_at"] - document["started_at"]).total_seconds(),
        lists=dict.fromkeys(LISTS, 0),
    )
    report.refused = await lines.count_refused(shop, import_id)
    report.boms = dict.fromkeys(("new", "changed", "known", "refused"), 0)
    async for item in items_of(imports, shop, import_id):
        report.items += 1
        report.variants += len(variants_of(item))
        if item["bom"] is None:
            report.without_bom += 1
        else:
            report.boms[item["made"]] += 1
        report.refused += item["made"] == "refused" and item["bom"]["line"] is None
        for heading in headings(item):
            report.lists[heading] += 1
    report.cells = dict(sorted((await imports.tallies(shop, import_id)).items()))
    return report


async def refused_of(
    imports: ImportStore, lines: ImportLineStore, shop: str, import_id: str
) -> AsyncIterator[Document]:
    """What made no BOM, and why: lines in the order of the file; without a file, items."""
    async for some in lines.lines(shop, import_id, {"why": {"$ne": None}}, size=_AT_ONCE):
        for line in some:
            yield _refusal(line["line"], line, line["item_id"])
    async for items in imports.items(shop, import_id, {"made": "refused", "bom.line": None}, size=_AT_ONCE):
        for item in items:
            yield _refusal(None, item["refusal"], item["item_id"])


def _refusal(line: int | None, why: Mapping[str, Any], item_id: str | None) -> Document:
    return {
        "line": line,
        "why": why["why"],
        "message": why["message"],
        "variants": why.get("variants", []),
        "inventory_item_id": item_id,
    }


async def items_of(
    imports: ImportStore, shop: str, import_id: str, heading: str | None = None
) -> AsyncIterator[Document]:
    """The items of an import, those under one heading or all."""
    async for items in imports.items(shop, import_id, {}, size=_AT_ONCE):
        for item in items:
            if heading is None or heading in headings(item):
                yield item
