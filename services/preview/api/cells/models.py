"""What the API takes and shows of a cell."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from shared.contract.messages import Quantity
from shared.contract.words import Id
from shared.domain.cell import CellKey


class CellPath(BaseModel):
    """One BOM at one location."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bom_id: Id
    location_id: Id

    @property
    def key(self) -> CellKey:
        """The cell's key."""
        return CellKey(self.bom_id, self.location_id)


class CellChange(CellPath):
    """A cell to change."""

    if_match: str | None = Field(
        None,
        alias="If-Match",
        max_length=200,
        description="The ETag of the cell as you saw it; needed with an absolute count.",
        json_schema_extra={"in": "header"},
    )


class AdjustmentIn(BaseModel):
    """A hand adjustment: either by a delta, or to a count somebody has taken."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"oneOf": [{"required": ["delta"]}, {"required": ["count"]}]}
    )

    delta: Quantity = Field(0, description="By how much.")
    count: Quantity = Field(0, description="To which value.")
    cause: Literal["counted", "built", "imported", "corrected"] | None = Field(
        None, description="Why; none: corrected for a delta, counted for a count."
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> AdjustmentIn:
        if len({"delta", "count"} & self.model_fields_set) != 1:
            raise ValueError("give exactly one of delta and count")
        return self

    @property
    def absolute(self) -> bool:
        """Whether a count is given."""
        return "count" in self.model_fields_set


class CellOut(BaseModel):
    """A cell as the app's records have it."""

    bom_id: str
    bom_name: str
    location_id: str
    inventory_item_id: str
    tracks_pre_assembled: bool
    local_value: int | None
    shopify_value: int | None = Field(description="The last value Shopify was known to hold; none: never read.")
    shopify_value_at: AwareDatetime | None = Field(description="Shopify's time of that value.")
    manual_total: int = Field(description="The sum of all hand adjustments.")
    unknown_outcome: bool = Field(description="A push may or may not have reached Shopify; count the shelf.")
