"""What the API takes and shows of BOMs, and of the locations and facets beside them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Discriminator, Field
from pydantic import Tag as Branch

from services.preview.api.http.responses.pages import Anywhere, QueryBool
from shared.contract.words import BomFields, Id, LocationId, Words
from shared.domain.comparison import CellClass, Reason
from shared.domain.selection import Filtered
from shared.mongodb.catalogue.app_records import WantedBom

MAX_BOMS = 250

KNOWN = (
    "As known without asking Shopify: the app's count against the last value Shopify was known to hold, and the "
    "missed webhooks that a sweep has found. A preview asks."
)
"""In which sense a list or a count knows of a class."""


class BomIn(BomFields):
    """A BOM to create or change. What is not given stays as it is."""

    def wanted(self) -> WantedBom:
        """As the record store takes it."""
        tags = None if self.tags is None else tuple(self.tags)
        return WantedBom(
            self.bom_id, self.inventory_item_id, self.name, tags, self.tracks_pre_assembled, self.externally_managed
        )


def _one_or_many(value: Any) -> str:
    return "(many)" if isinstance(value, list) else "(one)"


BomsIn = Annotated[
    Annotated[BomIn, Branch("(one)")]
    | Annotated[list[BomIn], Field(min_length=1, max_length=MAX_BOMS), Branch("(many)")],
    Discriminator(_one_or_many),
]
"""One BOM or a list. Told apart by their form, so that a mistake in one is not told as a mistake in both."""


class BomOut(BaseModel):
    """A BOM."""

    bom_id: str
    inventory_item_id: str
    name: str
    tags: list[str]
    tracks_pre_assembled: bool
    externally_managed: bool


class BomWritten(BaseModel):
    """A BOM as it is now, and whether it is new."""

    bom: BomOut
    created: bool


class BomsWritten(BaseModel):
    """The BOMs in the order they were sent."""

    items: list[BomWritten]


class BomPath(BaseModel):
    """One BOM."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bom_id: Id


class BomCell(BaseModel):
    """What is known of a BOM at a location."""

    location_id: str
    location_name: str | None
    local_value: int | None
    shopify_value: int | None = Field(description="The last value Shopify was seen to hold; none: never read.")
    difference: int | None = Field(description="Shopify value − local value.")
    cell_class: CellClass
    reason: Reason | None = Field(description="Why it cannot be compared, with the class not_compared.")
    differs: bool = Field(description="The two sides can be compared, and are not the same.")
    seen_at: AwareDatetime | None = Field(
        description="A preview or a sweep read Shopify's value then, or Shopify told of it since; none: neither has."
    )
    unknown_outcome: bool = Field(description="A push may or may not have reached Shopify; count the shelf.")


class BomListed(BomOut):
    """A BOM of the list."""

    cells: list[BomCell] | None = Field(
        description="By location name, numbers in it by their size; none where they were not asked for."
    )
    difference: int | None = Field(
        description="The sum of the differences of these cells; none where none differs, or they were not asked for."
    )


class BomPage(BaseModel):
    """BOMs in the order asked for."""

    items: list[BomListed]
    next_cursor: str | None
    total: int = Field(description="How many BOMs the search finds in all.")
    total_cells: int = Field(description="How many cells these have at the location, or at all of them.")


class BomsNamed(BaseModel):
    """BOMs whose values are read again, such as those of a page while a run goes on."""

    model_config = ConfigDict(extra="forbid")

    bom_ids: list[Id] = Field(fail_fast=True, min_length=1, max_length=MAX_BOMS)
    location_id: LocationId | None = Field(None, description="Cells at this location only.")


class BomsRead(BaseModel):
    """Those of the BOMs that exist, in the order they were named."""

    items: list[BomListed]


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
            f"compared; not_compared: with a cell that cannot be. {KNOWN}"
        ),
    )
    differs: QueryBool | None = Field(
        None, description="Only BOMs with a cell that differs (or without one): comparable, and not the same."
    )
    sort: Literal["name", "-name", "bom_id", "-bom_id", "-difference"] = Field(
        "name", description="-difference: the greatest difference in one cell first; those that do not differ, by name."
    )
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
    differ: int = Field(description="BOMs with a cell that differs, as the filter `differs` finds them.")


class LocationPath(BaseModel):
    """One location."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    location_id: LocationId


class LocationOut(BaseModel):
    """A Shopify location as last read."""

    location_id: str
    name: str
    active: bool
    fulfillment_service: bool = Field(description="A third party keeps its stock; its cells are not compared.")


class LocationList(BaseModel):
    """All locations of the shop."""

    items: list[LocationOut]
