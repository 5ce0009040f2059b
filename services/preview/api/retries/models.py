"""What the API takes and shows of a retry."""

from __future__ import annotations

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from services.preview.api.http.reference.explained import CodeCount
from services.preview.api.http.responses.pages import QueryBool
from services.preview.api.jobs.models import AgainIn, JobOut, JobPath


class RetryIn(AgainIn):
    """What a retry takes."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    with_not_compared: bool = Field(
        False,
        strict=True,
        # A page that stood open through an upgrade says it by the word of before.
        validation_alias=AliasChoices("with_not_compared", "left_out"),
        description="Also the cells that were skipped since they could not be compared.",
    )
    mended: bool = Field(
        False, strict=True, description="Also the failed cells whose cause a person had to mend first, and has mended."
    )


class RetrySearch(JobPath):
    """Which retry."""

    with_not_compared: QueryBool = Field(
        False, description="Also the cells that were skipped since they could not be compared."
    )


class RetryShares(BaseModel):
    """What a retry can do, by what is known now."""

    re_run: int = Field(description="Cells that may just be run again.")
    needs_person: int = Field(description="Cells whose cause a person mends first; a retry with `mended` takes them.")
    needs_person_codes: list[CodeCount] = Field(description="Why, each with what to do.")
    needs_preview: int = Field(description="Cells that no retry helps: they need a new preview, or a person to decide.")
    needs_preview_codes: list[CodeCount]


class RetryOut(BaseModel):
    """The retry, and what it can do."""

    job: JobOut
    re_run: int = Field(description="Cells that are worked on again.")
    left_behind: int = Field(description="Cells that are no part of it: a person, or a new preview, comes first.")
    left_behind_codes: list[CodeCount]
