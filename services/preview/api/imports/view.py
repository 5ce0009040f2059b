"""Imports as they are shown."""

from __future__ import annotations

from collections.abc import Mapping

from services.preview.api.imports.models import Foreseen, ImportOut, ImportProgress, ImportResult, ImportRow, Kind
from shared.mongodb.catalogue.import_records import AskedOnPage, Import, ImportItem, ImportLine, ImportState, Why

_REMEDIES: Mapping[Why, str] = {
    Why.WRONG_LINE: "Correct the line in your file.",
    Why.UNKNOWN_VARIANT: "Look the variant up in Shopify, or leave the line out.",
    Why.UNKNOWN_SKU: "Give the variant this SKU in Shopify, or correct it in your file; letters' case counts.",
    Why.DUPLICATE_SKU: "Name the variant in the column variant: a SKU that several have says nothing.",
    Why.SKU_OF_ANOTHER_VARIANT: "Leave one of the two out, or correct it.",
    Why.ITEM_TWICE: "Keep one line for each item.",
    Why.BOM_ID_TWICE: "Give each line an id of its own.",
    Why.ITEM_IN_USE: "Map that BOM to another variant, or remove it first.",
    Why.MADE_ANEW: "Open that BOM in the list and map it to the new variant.",
    Why.NO_NAME: "Write a name into the line.",
    Why.TOO_MANY: "Remove BOMs that you do not need, or ask whoever runs Trueup to raise the limit.",
}


def import_out(kept: Import) -> ImportOut:
    """One import."""
    page = _page_of(kept)
    running = kept.state is ImportState.RUNNING
    return ImportOut(
        import_id=kept.import_id,
        file_name=page.file,
        lines=page.lines,
        requested_by=page.by,
        approved_by=page.approved_by,
        started_at=kept.started_at,
        finished_at=kept.finished_at,
        state=("applying" if page.approved_by is not None else "checking") if running else kept.state.value,  # type: ignore[arg-type]  # the words of the other states
        progress=_progress(page) if running else None,
        trouble=page.trouble if running else None,
        foreseen=None if page.foreseen is None else _foreseen(page.foreseen),
        result=None if page.result is None else _result(page.result),
    )


def _page_of(kept: Import) -> AskedOnPage:
    if kept.page is None:
        raise LookupError(f"the import {kept.import_id} was not asked for on the page")
    return kept.page


def _progress(page: AskedOnPage) -> ImportProgress | None:
    return None if page.doing is None else ImportProgress(doing=page.doing, done=page.done, total=page.total)


def _foreseen(counted: Mapping[str, int]) -> Foreseen:
    return Foreseen(
        new=counted.get("new", 0),
        changed=counted.get("changed", 0),
        known=counted.get("known", 0),
        not_named=counted.get("not_named", 0),
        refused=counted.get("refused", 0),
        why={name: number for name, number in counted.items() if name in list(Why)},
    )


def _result(counted: Mapping[str, int]) -> ImportResult:
    def listed(name: str) -> int:
        return counted.get(f"list_{name}", 0)

    return ImportResult(
        new=counted.get("new", 0),
        changed=counted.get("changed", 0),
        known=counted.get("known", 0),
        refused=counted.get("refused", 0),
        without_bom=counted.get("without_bom", 0),
        untracked=listed("untracked"),
        without_sku=listed("without_sku"),
        several_variants=listed("several_variants"),
        bundles=listed("bundles"),
        places={name.removeprefix("cells_"): number for name, number in counted.items() if name.startswith("cells_")},
    )


def item_row(item: ImportItem, kind: Kind) -> ImportRow:
    """An item, and what would become of it."""
    asked = item.asked
    return ImportRow(
        kind=kind,
        line=None if asked is None else asked.line,
        bom_id=item.bom_id or (None if asked is None else asked.bom_id) or item.item_id,
        name=None if asked is None else asked.name,
        sku=item.sku,
        variant=item.own_name,
        why=None if item.refused is None else str(item.refused.why),
        message="" if item.refused is None else item.refused.message,
        remedy="" if item.refused is None else _REMEDIES[item.refused.why],
    )


def line_row(line: ImportLine) -> ImportRow:
    """A line that makes no BOM."""
    refused = line.refused
    if refused is None:
        raise LookupError(f"line {line.line} is not refused")
    return ImportRow(
        kind="refused",
        line=line.line,
        bom_id=line.bom_id,
        name=line.name,
        sku=line.sku,
        variant=line.variant_id,
        why=str(refused.why),
        message=refused.message,
        remedy=_REMEDIES[refused.why],
    )
