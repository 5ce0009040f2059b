"""What the API takes and shows of rows that were left out of a job."""

from __future__ import annotations

from pydantic import BaseModel, Field

from services.preview.api.http.responses.pages import Anywhere
from services.preview.api.jobs.models import JobPath
from services.preview.api.previews.models import RowOut


class LeftOutSearch(Anywhere, JobPath):
    """Which page of the rows left out."""


class LeftOutPage(BaseModel):
    """Rows of the preview that differed and were left out, in the preview's order."""

    items: list[RowOut]
    next_cursor: str | None
    total: int = Field(description="How many there are in all, as long as the preview is kept: a month.")
