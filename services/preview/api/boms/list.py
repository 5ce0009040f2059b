"""GET /api/boms and /api/facets: the list a merchant works from, and what it can be narrowed by."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.preview.api.boms.models import BomOut
from services.preview.api.http.pages import Anywhere, QueryBool, write_cursor
from services.preview.api.http.routes import Answer, AnyRoute, Call, NoParameters, Route
from shared.contract.words import LocationId, Words
from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, Reason
from shared.domain.selection import Filtered
from shared.mongodb.catalogue.boms import Bom, Location
from shared.mongodb.stock.known_drift import KnownCell

_KNOWN = (
    "As known without asking Shopify: the app's count against the last value Shopify was known to hold, and the "
    "missed webhooks that a sweep has found. A preview asks."
)


class BomCell(BaseModel):
    """What is known of a BOM at a location."""

    location_id: str
    location_name: str | None
    local_value: int | None
    shopify_value: int | None = Field(description="The last value Shopify was seen to hold; none: never read.")
    difference: int | None = Field(description="Shopify value − local value.")
    cell_class: CellClass
    reason: Reason | None = Field(description="Why it cannot be compared, with the class not_compared.")
    unknown_outcome: bool = Field(description="A push may or may not have reached Shopify; count the shelf.")

    @classmethod
    def of(cls, known: KnownCell, location: Location | None) -> BomCell:
        """From what is stored."""
        return cls(
            location_id=known.cell.key.location_id,
            location_name=None if location is None else location.name,
            local_value=known.cell.stock.local,
            shopify_value=known.shopify,
            difference=known.difference,
            cell_class=known.cell_class,
            reason=known.reason,
            unknown_outcome=known.cell.stock.unknown_outcome,
        )


class BomListed(BomOut):
    """A BOM of the list."""

    cells: list[BomCell] | None = Field(description="By location name; none where they were not asked for.")


class BomPage(BaseModel):
    """BOMs in the order asked for."""

    items: list[BomListed]
    next_cursor: str | None
    total: int = Field(description="How many BOMs the search finds in all.")
    total_cells: int = Field(description="How many cells these have at the location, or at all of them.")


class BomSearch(Anywhere):
    """Which BOMs."""

    search: Annotated[Words, Field(max_length=200)] | None = Field(None, description="Part of the name, or an id.")
    tag: Annotated[Words, Field(max_length=200)] | None = None
    tracks: QueryBool | None = Field(None, description="Only BOMs that track (or do not track) pre-assembled stock.")
    location_id: LocationId | None = Field(None, description="Class, difference and cells at this location only.")
    cell_class: CellClass | None = Field(
        None,
        alias="class",
        description=(
            "Only BOMs with a cell of this class; in_sync: none of whose cells differs and one at least can be "
            f"compared; not_compared: with a cell that cannot be. {_KNOWN}"
        ),
    )
    differs: QueryBool | None = Field(None, description="Only BOMs with a cell that differs (or without one).")
    sort: Literal["name", "-name", "bom_id", "-bom_id"] = "name"
    with_cells: QueryBool = Field(False, description="Also what is known of each BOM's cells.")

    def wanted(self) -> Filtered:
        """As a filter."""
        return Filtered(
            text=self.search,
            tag=self.tag,
            tracks_pre_assembled=self.tracks,
            location_ids=None if self.location_id is None else frozenset({self.location_id}),
            cell_class=self.cell_class,
            differs=self.differs,
        )


class TagCount(BaseModel):
    """A tag and how many BOMs have it."""

    tag: str
    count: int


class ClassCount(BaseModel):
    """A class and how many BOMs have a cell of it; `in_sync`: none of whose cells differs, and one can be compared."""

    cell_class: CellClass
    boms: int


class BomFacetsOut(BaseModel):
    """By what the list can be narrowed."""

    total: int
    tracking: int
    not_tracking: int
    tags: list[TagCount] = Field(description="The most frequent ones first, 200 at most.")
    more_tags: int = Field(description="How many tags there are beside these.")
    classes: list[ClassCount]


async def list_boms(call: Call[BomSearch, None]) -> Answer:
    """GET /api/boms."""
    asked = call.params
    wanted, listings = asked.wanted(), call.deps.listings
    by_name = asked.sort.removeprefix("-") == "name"
    start = asked.start(*([str, str] if by_name else [str]))
    (page, total), known = await asyncio.gather(
        listings.boms(call.shop, wanted, start, asked.limit, sort=asked.sort),
        call.deps.boms.locations(call.shop),
    )
    found = page.items
    cells = await _cells(call, found, known) if asked.with_cells else None
    width = len(known) if asked.location_id is None else 1
    items = [
        BomListed(**BomOut.of(bom).model_dump(), cells=None if cells is None else cells.get(bom.bom_id, []))
        for bom in found
    ]
    return Answer(
        BomPage(items=items, next_cursor=write_cursor(page.after), total=total, total_cells=total * width),
    )


async def _cells(
    call: Call[BomSearch, None], boms: Sequence[Bom], locations: Mapping[str, Location]
) -> dict[str, list[BomCell]]:
    """What is known of these BOMs' cells, by location name."""
    only = call.params.location_id
    places = sorted(locations.values(), key=lambda place: (place.name.lower(), place.location_id))
    keys = [
        CellKey(bom.bom_id, place.location_id) for bom in boms for place in places if only in {None, place.location_id}
    ]
    known = await call.deps.known.of(call.shop, keys)
    cells: dict[str, list[BomCell]] = {bom.bom_id: [] for bom in boms}
    for key in keys:
        if key in known:
            cells[key.bom_id].append(BomCell.of(known[key], locations.get(key.location_id)))
    return cells


async def get_facets(call: Call[NoParameters, None]) -> Answer:
    """GET /api/facets."""
    facets = await call.deps.facets.of(call.shop)
    return Answer(
        BomFacetsOut(
            total=facets.total,
            tracking=facets.tracking,
            not_tracking=facets.total - facets.tracking,
            tags=[TagCount(tag=tag, count=count) for tag, count in facets.tags],
            more_tags=facets.more_tags,
            classes=[ClassCount(cell_class=name, boms=number) for name, number in facets.classes.items()],
        )
    )


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/boms",
        name="listBoms",
        tag="records",
        summary="BOMs by name, searched and filtered",
        params=BomSearch,
        handler=list_boms,
        answers={HTTPStatus.OK: BomPage},
    ),
    Route(
        method="GET",
        path="/api/facets",
        name="getBomFacets",
        tag="records",
        summary="How many BOMs there are by tag, tracking and class",
        description=_KNOWN,
        params=NoParameters,
        handler=get_facets,
        answers={HTTPStatus.OK: BomFacetsOut},
    ),
)
