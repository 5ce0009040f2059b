"""What the API takes and shows of notices."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from services.preview.api.http.responses.pages import Moment, Paged, QueryBool
from shared.contract.messages import Ulid
from shared.domain.notices import Matter, Urgency


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoticeOut(_Model):
    """A matter, told once however often it happens."""

    notice_id: str
    matter: Matter
    urgency: Urgency = Field(description="What it asks of a person: nothing, a decision, or to mend something.")
    subject: str = Field(description="The id of the run, preview, schedule, import or target; empty: the shop itself.")
    count: int = Field(description="How often it has happened.")
    first_at: datetime
    at: datetime = Field(description="When it happened last.")
    open: bool = Field(description="It needs somebody, and nobody has settled it.")
    closed_at: datetime | None
    seen: bool = Field(description="Somebody of the shop has looked at it.")
    dismissed_by: str | None
    title: str = Field(description="What happened.")
    meaning: str = Field(description="What it means.")
    remedy: str = Field(description="What to do.")
    link: str = Field(description="Where on the page.")


class NoticeNumbers(_Model):
    """How many notices there are to look at."""

    open: int = Field(description="Those that need somebody.")
    unseen: int = Field(description="Those that nobody of the shop has looked at.")


class NoticePage(NoticeNumbers):
    """Notices, the latest first."""

    items: list[NoticeOut]
    next_cursor: str | None


class NoticeState(NoticeNumbers):
    """What there is to look at now, with the latest notices."""

    items: list[NoticeOut]


class NoticeSearch(Paged):
    """Which notices."""

    open: QueryBool = Field(False, description="Only those that need somebody.")


class NoticePath(_Model):
    """One notice."""

    notice_id: Ulid


class SeenIn(_Model):
    """What somebody has looked at."""

    until: Moment = Field(description="`at` of the latest notice that was shown.")
