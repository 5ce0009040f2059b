"""What the API takes and shows of the life of a cell."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.preview.api.cells.models import CellPath
from services.preview.api.http.responses.pages import Moment, Paged
from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.domain.story import StoryGroup, StoryKind
from shared.mongodb.story.happened import StoryWanted


class StoryFilter(CellPath):
    """Which part of a cell's life."""

    group: StoryGroup | None = Field(None, description="Only counts, what Shopify did, runs, or setting up.")
    since: Moment | None = Field(None, description="Only what happened then or later.")
    until: Moment | None = Field(None, description="Only what happened before then.")

    def wanted(self) -> StoryWanted:
        """As the store takes it."""
        return StoryWanted(self.group, self.since, self.until)


class StorySearch(StoryFilter, Paged):
    """Which page of it."""


class StoryRun(BaseModel):
    """The run that did it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    job_id: str
    no: int | None = Field(description="Its number in the shop.")
    direction: Direction
    source: JobSource
    requested_at: AwareDatetime
    of_job_id: str | None = Field(description="The run that this one undoes or retries.")
    of_no: int | None
    shopify_before: int | None = Field(description="What Shopify held when the run came to this place.")
    shopify_after: int | None
    code: str | None = Field(description="Why the run left the place as it was.")
    reason: str | None


class StoryEvent(BaseModel):
    """One thing that has happened, with both sides before and after it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event_id: str = Field(description="Tells it from all others of this cell.")
    at: AwareDatetime
    kind: StoryKind
    group: StoryGroup
    changed: bool = Field(description="A side moved; else it is told because it did not.")
    told: str = Field(description="What happened, in a sentence.")
    why: str | None = Field(description="What it means, or what to do.")
    who: str = Field(description="Who did it, in words: Trueup (automatic), Shopify, a staff member.")
    by: str | None = Field(description="Who did it, as it is kept; none: the app or Shopify.")
    count_before: int | None = Field(description="The count; none: nobody has counted, or the BOM does not track.")
    count_after: int | None
    shopify_before: int | None = Field(description="Shopify's value as it was known; none: never read.")
    shopify_after: int | None
    reference: str | None = Field(description="The webhook's id, the adjustment's key, the import.")
    run: StoryRun | None


class StoryPage(BaseModel):
    """The life of a cell, the newest first. A page may be shorter than `limit` although others follow."""

    items: list[StoryEvent]
    next_cursor: str | None


class StoryLine(BaseModel):
    """An event in the table."""

    at: AwareDatetime
    what: str
    who: str
    count_before: int | None
    count_after: int | None
    shopify_before: int | None
    shopify_after: int | None
    kind: StoryKind
    run: int | None
    job_id: str | None
    reference: str | None
    event_id: str


STORY_COLUMNS = tuple(StoryLine.model_fields)
