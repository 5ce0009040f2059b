"""What the API takes and shows of a retry."""

from __future__ import annotations

from pydantic import BaseModel, Field

from services.preview.api.http.reference.explained import CodeCount
from services.preview.api.jobs.models import AgainIn, JobOut


class RetryIn(AgainIn):
    """What a retry takes."""

    left_out: bool = Field(False, strict=True, description="Also the cells that were left out for a reason.")


class RetryOut(BaseModel):
    """The retry, and what it can do."""

    job: JobOut
    re_run: int = Field(description="Cells that are worked on again.")
    left_behind: int = Field(description="Cells that need a new preview or a person; they end with their code again.")
    left_behind_codes: list[CodeCount]
