"""What the API takes and shows of previews and their rows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.preview.api.http.reference.explained import (
    CodeCount,
    Failure,
    ReasonCount,
)
from services.preview.api.http.responses.pages import Anywhere
from shared.contract.messages import JobOptions, Ulid
from shared.contract.selection import LeaveOut, SelectionBody
from shared.contract.words import Id, LocationId, Words
from shared.domain.comparison import CellClass, Direction, Reason
from shared.domain.words.codes import Code
from shared.mongodb.previews.preview import RowKind, RowsWanted
from shared.mongodb.previews.row_pages import RowSort


class PreviewIn(BaseModel):
    """A preview to compute."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    selection: SelectionBody
    preview_id: Ulid | None = Field(None, description="Your own ULID: a repeated request has no second effect.")


class Badges(BaseModel):
    """BOMs by what the preview found; the three add up to the selection."""

    with_discrepancies: int
    in_sync: int
    not_compared: int


class MoveRow(BaseModel):
    """The row with an extreme difference."""

    difference: int
    shopify_value: int
    local_value: int
    bom_id: str
    bom_name: str | None
    location_id: str
    location_name: str | None


class Moves(BaseModel):
    """The rows of one class: what a reconcile of them would move. Towards Shopify, each by minus its difference."""

    cell_class: CellClass
    cells: int
    boms: int = Field(description="BOMs with a row of this class; one may have rows of several.")
    highest: MoveRow | None = Field(description="The greatest difference; none: no row has a local value.")
    lowest: MoveRow | None = Field(description="The least difference.")
    not_pushed: list[CodeCount] = Field(description="Rows that a run towards Shopify would not push as they stand.")


_State = Literal["requested", "reading", "ready", "failed"]


class PreviewOut(BaseModel):
    """A preview."""

    preview_id: str
    state: _State
    requested_by: str
    requested_at: AwareDatetime
    taken_from: AwareDatetime | None = Field(description="When the first value was read.")
    finished_at: AwareDatetime | None
    expires_at: AwareDatetime | None = Field(description="After this it starts no job.")
    total: int | None = Field(description="Cells; none while that is not known yet.")
    done: int = Field(description="Cells read so far.")
    badges: Badges | None
    classes: dict[str, int] = Field(description="Compared cells by class.")
    not_compared: list[ReasonCount] = Field(description="Cells that cannot be compared, by reason.")
    codes: list[CodeCount] = Field(description="Cells that failed, by code.")
    moves: list[Moves] = Field(description="What differs, class by class, the largest first; empty until it is ready.")
    failure: Failure | None

    @property
    def ended(self) -> bool:
        """Whether it changes no more."""
        return self.state in {"ready", "failed"}


class RowOut(BaseModel):
    """One cell of a preview: compared, not comparable for a reason, or failed with a code."""

    no: int
    bom_id: str
    bom_name: str | None
    location_id: str
    location_name: str | None
    inventory_item_id: str | None
    shopify_value: int | None
    local_value: int | None
    local_is: Literal["count", "last_known"] | None = Field(
        description="What the local value is: a count of the app's own, or what Shopify was last known to hold."
    )
    base: int | None = Field(description="The last value both sides agreed on.")
    difference: int | None = Field(description="Shopify value − local value.")
    shopify_becomes: int | None = Field(
        description="What Shopify holds after a run towards Shopify, sales meanwhile aside; none: it stays as it is."
    )
    local_becomes: int | None = Field(
        description="The local value after a run towards the local records; none: it stays as it is."
    )
    not_pushed: str | None = Field(description="The code or reason for which a run towards Shopify leaves it as it is.")
    not_pushed_message: str | None = Field(description="What that means.")
    cell_class: CellClass | None
    suggested: Direction | None
    shopify_value_at: AwareDatetime | None = Field(description="Shopify's time of that value.")
    reason: str | None
    code: str | None
    message: str | None = Field(description="What the reason or code means.")
    remedy: str | None


ROW_COLUMNS = (
    "bom_id",
    "bom_name",
    "location_id",
    "location_name",
    "inventory_item_id",
    "shopify_value",
    "local_value",
    "local_is",
    "base",
    "difference",
    "shopify_becomes",
    "local_becomes",
    "not_pushed",
    "cell_class",
    "suggested",
    "reason",
    "code",
    "message",
)


class RowPage(BaseModel):
    """Rows in the order asked for."""

    items: list[RowOut]
    next_cursor: str | None
    total: int = Field(description="How many rows the search finds in all.")


class PreviewPage(BaseModel):
    """Previews, the newest first."""

    items: list[PreviewOut]
    next_cursor: str | None


class PreviewPath(BaseModel):
    """One preview."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preview_id: Ulid


KINDS: dict[str, RowKind] = {
    "differences": RowKind.DIFFERS,
    "in_sync": RowKind.IN_SYNC,
    "not_compared": RowKind.NOT_COMPARED,
    "errors": RowKind.FAILED,
}


class RowFilter(PreviewPath):
    """Which rows of a preview."""

    only: Literal["differences", "in_sync", "not_compared", "errors"] | None = None
    search: Annotated[Words, Field(min_length=1, max_length=200)] | None = Field(
        None, description="Part of the BOM's name or id."
    )
    cell_class: CellClass | None = Field(None, alias="class")
    reason: Reason | None = None
    code: Code | None = None
    bom_id: Id | None = None
    location_id: LocationId | None = None

    def wanted(self) -> RowsWanted:
        """As the store is asked."""
        return RowsWanted(
            kind=None if self.only is None else KINDS[self.only],
            cell_class=self.cell_class,
            reason=self.reason,
            code=self.code,
            bom_id=self.bom_id,
            location_id=self.location_id,
            text=self.search,
        )


class RowSearch(Anywhere, RowFilter):
    """Which rows of a preview, and in which order."""

    sort: RowSort = Field(
        "no",
        description=(
            "no: BOM by BOM. size: what differs first, the largest difference at the top; then the rest. "
            "Else a column, with a minus from the greatest down."
        ),
    )


class RowTable(RowFilter):
    """Which rows of a preview, as a table."""

    sort: RowSort = Field("no", description="As in the list of rows.")


class ChangesIn(BaseModel):
    """A run that could be made of a preview."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    direction: Direction
    leave_out: LeaveOut | None = Field(None, description="Rows of the preview that are no part of it.")
    options: JobOptions = JobOptions()


class MovedRowOut(BaseModel):
    """A place, and what becomes of its number on the side that receives."""

    bom_id: str
    bom_name: str | None
    location_id: str
    location_name: str | None
    before: int | None
    after: int
    by: int | None


class Effort(BaseModel):
    """What a run asks of Shopify, about: by the shop's budget as it is now."""

    calls: int
    points: int
    seconds: int


class ChangesOut(BaseModel):
    """What a run will change: only what changes is counted, and what cannot be changed is told apart."""

    direction: Direction
    cells: int = Field(description="Cells that change.")
    boms: int = Field(description="BOMs with such a cell.")
    up: int = Field(description="Units added in all, of cells that had a number.")
    down: int = Field(description="Units taken away in all.")
    first_counts: int = Field(description="Cells that get their first number.")
    emptied: int = Field(description="Cells that go to zero or below.")
    rise: MovedRowOut | None = Field(description="The largest rise; none: nothing rises.")
    fall: MovedRowOut | None = Field(description="The largest fall; none: nothing falls.")
    largest: int = Field(description="Units by which a single cell moves at the most.")
    classes: dict[str, int] = Field(description="Cells that change, by class.")
    refused: list[CodeCount] = Field(description="Cells that differ and that the run cannot change, by why.")
    not_compared: list[CodeCount] = Field(description="Cells of the preview that could not be compared, by why.")
    left_out: int = Field(description="Cells that differ and are left out.")
    effort: Effort
