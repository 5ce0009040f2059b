"""What the API takes and shows of an undo."""

from __future__ import annotations

from pydantic import BaseModel, Field

from services.preview.api.http.responses.pages import Anywhere
from services.preview.api.jobs.models import JobPath
from shared.domain.comparison import Direction

COUNTED = 5000
"""The most cells of which an undo's preview counts those that can be undone: each has to be looked at."""


class UndoSearch(Anywhere, JobPath):
    """Which page of an undo's own preview."""


class UndoCell(BaseModel):
    """One cell. The Shopify values are the last known ones; the undo itself compares before it sets."""

    bom_id: str
    bom_name: str | None
    location_id: str
    location_name: str | None
    possible: bool
    change: int = Field(description="By how much the undo moves the cell.")
    shopify_now: int | None
    shopify_then: int | None = Field(description="After the undo; the same where Shopify is not touched.")
    local_now: int | None
    local_then: int | None
    code: str | None
    reason: str | None
    message: str | None = Field(description="Why it is not possible.")
    remedy: str | None


class UndoPage(BaseModel):
    """What an undo would do, cell by cell, by what is known now."""

    items: list[UndoCell]
    next_cursor: str | None
    total: int = Field(description="Cells that the job updated.")
    direction: Direction = Field(description="The job's own direction.")
    possible: int | None = Field(description=f"Cells that can be undone; none above {COUNTED} cells.")
    impossible: int | None
