"""What the API takes and shows of stock-taking."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contract.messages import Quantity
from shared.contract.words import Id, LocationId, Words
from shared.importing.count_file import MAX_LINES

MAX_COUNTS = 250
MAX_FOUND = 20
LONGEST_FILE = 900_000
"""Characters of a file of counts, which comes as one text."""

Note = Annotated[str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=500)]


class CountSearch(BaseModel):
    """What to look for, and where."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    location_id: LocationId
    search: Annotated[Words, Field(min_length=1, max_length=200)] = Field(
        description="A SKU or an id, whole, as a scanner sends it; or a part of the name."
    )


class PlaceFound(BaseModel):
    """A BOM at the location."""

    bom_id: str
    bom_name: str
    sku: str | None = Field(description="As an import has seen it; none: not known.")
    exact: bool = Field(description="Its SKU, or its id, is what was looked for.")
    tracks_pre_assembled: bool
    count: int | None = Field(description="Its own count there; none: nobody has counted.")
    shopify_value: int | None = Field(description="The last value Shopify was known to hold; none: never read.")


class PlacesFound(BaseModel):
    """What was found, exact ones first."""

    items: list[PlaceFound]
    more: bool = Field(description="There are more than these.")


class CountIn(BaseModel):
    """A count that somebody has taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bom_id: Id
    location_id: LocationId
    count: Quantity
    seen: Quantity | None = Field(description="The count that was shown when it was taken; none: nobody had counted.")


class CountsIn(BaseModel):
    """Counts, each of a place of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    counts: Annotated[list[CountIn], Field(min_length=1, max_length=MAX_COUNTS)]
    note: Note | None = Field(None, description="Why, in your words; it stays with each count.")


class Counted(BaseModel):
    """What became of one count."""

    bom_id: str
    location_id: str
    outcome: Literal["counted", "unchanged", "changed_meanwhile", "refused"] = Field(
        description=(
            "counted: it is the count now; unchanged: it was the count already; changed_meanwhile: the count is not "
            "the one that was seen, and stays as it is; refused: see message."
        )
    )
    before: int | None = None
    after: int | None = None
    message: str = ""
    remedy: str = ""


class CountsDone(BaseModel):
    """What became of each, in the order they were sent."""

    items: list[Counted]


class CountFileIn(BaseModel):
    """A file of counts to be looked at; nothing is changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_FILE)] = Field(
        description=(
            "A CSV with a first line that names its columns: sku or bom_id, count, and location (a name or an id), "
            f"which may be missing where location_id is given. At most {MAX_LINES:,} lines. A line without a count is "
            "passed over."
        )
    )
    location_id: LocationId | None = Field(None, description="Where lines that name no location belong.")


class CheckedCount(BaseModel):
    """A line that can be counted."""

    line: int
    bom_id: str
    bom_name: str
    sku: str | None
    location_id: str
    location_name: str
    seen: int | None = Field(description="The count there now; none: nobody has counted.")
    count: int
    kind: Literal["first", "change", "same"]


class RefusedCount(BaseModel):
    """A line that cannot be counted."""

    line: int
    message: str
    remedy: str


class CountFileChecked(BaseModel):
    """What a file of counts would do."""

    items: list[CheckedCount]
    refused: list[RefusedCount]
    passed_over: int = Field(description="Lines without a count.")


class SheetSearch(BaseModel):
    """Of which location."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    location_id: LocationId


class SheetLine(BaseModel):
    """A line of a sheet to count with; `count` is left empty for the pen."""

    bom_id: str
    sku: str | None
    name: str
    location: str
    now: int | None
    count: None = None
