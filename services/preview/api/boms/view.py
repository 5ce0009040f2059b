"""BOMs, what is known of their cells, locations and facets as they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from services.preview.api.boms.models import (
    BomCell,
    BomFacetsOut,
    BomListed,
    BomOut,
    ClassCount,
    LocationOut,
    TagCount,
)
from services.preview.api.http.dependencies import Dependencies
from shared.domain.cell import CellKey
from shared.mongodb.catalogue.boms import Bom, Location
from shared.mongodb.catalogue.facets import Facets
from shared.mongodb.stock.known_drift import KnownCell


def bom_out(bom: Bom) -> BomOut:
    """A BOM."""
    return BomOut(
        bom_id=bom.bom_id,
        inventory_item_id=bom.inventory_item_id,
        name=bom.name,
        tags=list(bom.tags),
        tracks_pre_assembled=bom.tracks_pre_assembled,
        externally_managed=bom.externally_managed,
    )


def bom_listed(bom: Bom, cells: Mapping[str, list[BomCell]] | None) -> BomListed:
    """A BOM of the list; `cells` by BOM, None where they were not asked for."""
    mine = None if cells is None else cells.get(bom.bom_id, [])
    apart = [cell.difference for cell in mine or () if cell.differs and cell.difference is not None]
    return BomListed(**bom_out(bom).model_dump(), cells=mine, difference=sum(apart) if apart else None)


async def bom_cells(
    deps: Dependencies, shop: str, boms: Sequence[Bom], locations: Mapping[str, Location], *, only: str | None
) -> dict[str, list[BomCell]]:
    """What is known of these BOMs' cells, by location name; `only` at one location."""
    places = in_order(locations.values())
    keys = [
        CellKey(bom.bom_id, place.location_id) for bom in boms for place in places if only in {None, place.location_id}
    ]
    read = {
        CellKey(bom.bom_id, place): at for bom in boms for place, at in bom.read_at.items() if only in {None, place}
    }
    known = await deps.known.of(shop, keys, read)
    cells: dict[str, list[BomCell]] = {bom.bom_id: [] for bom in boms}
    for key in keys:
        if key in known:
            cells[key.bom_id].append(_bom_cell(known[key], locations.get(key.location_id)))
    return cells


def in_order(locations: Iterable[Location]) -> list[Location]:
    """By name as a person would: without regard to case, and numbers in it by their size."""
    return sorted(locations, key=lambda place: (_natural(place.name), place.location_id))


def _natural(name: str) -> list[tuple[int, str]]:
    """Texts and numbers of a name in turn: "Shelf 10" comes after "Shelf 9"."""
    parts = re.split(r"([0-9]+)", name.lower())
    return [(int(part), "") if number % 2 else (-1, part) for number, part in enumerate(parts)]


def _bom_cell(known: KnownCell, location: Location | None) -> BomCell:
    return BomCell(
        location_id=known.cell.key.location_id,
        location_name=None if location is None else location.name,
        local_value=known.cell.stock.local,
        shopify_value=known.shopify,
        difference=known.difference,
        cell_class=known.cell_class,
        reason=known.reason,
        differs=known.differs,
        seen_at=known.seen_at,
        unknown_outcome=known.cell.stock.unknown_outcome,
    )


def facets_out(facets: Facets) -> BomFacetsOut:
    """By what the list can be narrowed."""
    return BomFacetsOut(
        total=facets.total,
        tracking=facets.tracking,
        not_tracking=facets.total - facets.tracking,
        tags=[TagCount(tag=tag, count=count) for tag, count in facets.tags],
        more_tags=facets.more_tags,
        classes=[ClassCount(cell_class=name, boms=number) for name, number in facets.classes.items()],
        differ=facets.differ,
    )


def location_out(location: Location) -> LocationOut:
    """A location as last read."""
    return LocationOut(
        location_id=location.location_id,
        name=location.name,
        active=location.active,
        fulfillment_service=location.fulfillment_service,
    )
