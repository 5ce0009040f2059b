"""What the API takes and shows of a selection."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.selection import SelectionBody
from shared.contract.words import Id

MAX_AMONG = 5000
"""BOMs that may be asked about at once."""


class SelectionIn(BaseModel):
    """A selection whose size is asked for, or BOMs of which those are asked for that a filter finds."""

    model_config = ConfigDict(extra="forbid")

    selection: SelectionBody
    among: list[Id] | None = Field(
        None,
        fail_fast=True,
        min_length=1,
        max_length=MAX_AMONG,
        description="With a filter: which of these BOMs it finds.",
    )


class SelectionOut(BaseModel):
    """How much it is now. A preview says it again, by then."""

    boms: int = Field(description="BOMs; those named one by one that do not exist are counted.")
    cells: int
    found: list[str] | None = Field(description="Those of `among` that the filter finds; none where not asked for.")
