"""Stock-taking as it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.preview.api.counts.models import CheckedCount, CountFileChecked, PlaceFound, RefusedCount
from shared.domain.cell import CellKey
from shared.importing.count_matching import CountsRead, PlacedCount
from shared.mongodb.catalogue.boms import Bom, Location
from shared.mongodb.stock.stock import CellStock


def place_found(bom: Bom, cell: CellStock | None, sku: str | None, *, exact: bool) -> PlaceFound:
    """A BOM at a location; without a stock document nobody has counted it."""
    return PlaceFound(
        bom_id=bom.bom_id,
        bom_name=bom.name,
        sku=sku,
        exact=exact,
        tracks_pre_assembled=bom.tracks_pre_assembled,
        count=None if cell is None else cell.stock.count,
        shopify_value=None if cell is None else cell.stock.base,
    )


def checked(
    read: CountsRead, present: Mapping[CellKey, CellStock], skus: Mapping[str, str], places: Mapping[str, Location]
) -> CountFileChecked:
    """What a file of counts would do."""
    return CountFileChecked(
        items=_checked(read.placed, present, skus, places),
        refused=[RefusedCount(line=one.line, message=one.message, remedy=one.remedy) for one in read.refused],
        passed_over=read.passed_over,
    )


def _checked(
    placed: Sequence[PlacedCount],
    present: Mapping[CellKey, CellStock],
    skus: Mapping[str, str],
    places: Mapping[str, Location],
) -> list[CheckedCount]:
    shown = []
    for one in placed:
        cell = present.get(one.key)
        seen = None if cell is None else cell.stock.count
        shown.append(
            CheckedCount(
                line=one.line,
                bom_id=one.key.bom_id,
                bom_name=one.bom.name,
                sku=skus.get(one.key.bom_id),
                location_id=one.key.location_id,
                location_name=places[one.key.location_id].name,
                seen=seen,
                count=one.count,
                kind="first" if seen is None else "same" if seen == one.count else "change",
            )
        )
    return shown
