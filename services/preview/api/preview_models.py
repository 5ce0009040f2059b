"""What the API shows of previews."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.preview.api.explained import (
    CodeCount,
    Failure,
    ReasonCount,
    code_counts,
    explanation,
    failure_of,
    reason_counts,
    reason_text,
)
from services.preview.api.pages import Paged
from shared.contract.messages import Ulid
from shared.contract.selection import Id, SelectionBody
from shared.domain.codes import Code
from shared.domain.comparison import CellClass, Direction, Reason

PREVIEW_AGE = timedelta(hours=24)
"""An older preview starts no job."""


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


class PreviewOut(BaseModel):
    """A preview."""

    preview_id: str
    state: Literal["requested", "reading", "ready", "failed"]
    requested_by: str
    requested_at: AwareDatetime
    taken_from: AwareDatetime | None = Field(description="When the first value was read.")
    finished_at: AwareDatetime | None
    expires_at: AwareDatetime | None = Field(description="After this it starts no job.")
    total: int | None = Field(description="Cells; none while that is not known yet.")
    done: int = Field(description="Cells read so far.")
    badges: Badges | None
    classes: dict[str, int] = Field(description="Compared cells by class.")
    left_out: list[ReasonCount] = Field(description="Cells that cannot be compared, by reason.")
    codes: list[CodeCount] = Field(description="Cells that failed, by code.")
    failure: Failure | None

    @classmethod
    def of(cls, document: dict[str, Any]) -> PreviewOut:
        """From the stored document."""
        taken = document["taken_from"]
        return cls(
            preview_id=document["preview_id"],
            state=document["state"],
            requested_by=document["requested_by"],
            requested_at=document["requested_at"],
            taken_from=taken,
            finished_at=document["finished_at"],
            expires_at=None if taken is None else taken + PREVIEW_AGE,
            total=document["total"],
            done=document["done"],
            badges=document["badges"],
            classes=document["classes"],
            left_out=reason_counts(document["left_out"]),
            codes=code_counts(document.get("codes") or {}),
            failure=failure_of(document["failure"]),
        )

    @property
    def ended(self) -> bool:
        """Whether it changes no more."""
        return self.state in {"ready", "failed"}


class RowOut(BaseModel):
    """One cell of a preview: compared, left out for a reason, or failed with a code."""

    no: int
    bom_id: str
    bom_name: str | None
    location_id: str
    location_name: str | None
    inventory_item_id: str | None
    shopify_value: int | None
    local_value: int | None
    base: int | None = Field(description="The last value both sides agreed on.")
    difference: int | None = Field(description="Shopify value − local value.")
    cell_class: CellClass | None
    suggested: Direction | None
    shopify_changed_at: AwareDatetime | None
    reason: str | None
    code: str | None
    message: str | None = Field(description="What the reason or code means.")
    remedy: str | None

    @classmethod
    def of(cls, document: dict[str, Any]) -> RowOut:
        """From the stored row."""
        row = document["row"] or {}
        message, remedy = explanation(document["code"])
        return cls(
            no=document["no"],
            bom_id=document["bom_id"],
            bom_name=document["bom_name"],
            location_id=document["location_id"],
            location_name=document["location_name"],
            inventory_item_id=document["item_id"],
            shopify_value=row.get("shopify"),
            local_value=row.get("local"),
            base=row.get("base"),
            difference=document["difference"],
            cell_class=document["cell_class"],
            suggested=document["suggested"],
            shopify_changed_at=row.get("shopify_time"),
            reason=document["reason"],
            code=document["code"],
            message=message or reason_text(document["reason"]),
            remedy=remedy,
        )


class RowPage(BaseModel):
    """Rows in the order of the preview."""

    items: list[RowOut]
    next_cursor: str | None


class PreviewPath(BaseModel):
    """One preview."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preview_id: Ulid


class RowSearch(Paged, PreviewPath):
    """Which rows of a preview."""

    cell_class: CellClass | None = Field(None, alias="class")
    reason: Reason | None = None
    code: Code | None = None
    bom_id: Id | None = None

    def wanted(self) -> dict[str, str]:
        """The stored values asked for."""
        asked = {"cell_class": self.cell_class, "reason": self.reason, "code": self.code, "bom_id": self.bom_id}
        return {name: str(value) for name, value in asked.items() if value is not None}
