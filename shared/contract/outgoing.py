"""What Trueup sends out: the outcome of a schedule's run, to an address that the merchant has given."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contract.messages import ShopDomain, Ulid
from shared.domain.schedule import Action, Skipped

Outcome = Literal["completed", "completed_with_errors", "cancelled", "failed", "ready", "skipped", "lost"]
"""How a run has ended: a job's state, `ready` or `failed` of a preview, `skipped`; `lost`: its records are gone."""


class ScheduleOutcome(BaseModel):
    """A run of a schedule has ended, or was skipped. Told at least once; `run_id` tells repeats apart."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)

    schema_version: Literal[1] = Field(1, alias="schema", description="The version of the body's form.")
    event: Literal["schedule.run"] = "schedule.run"
    shop: ShopDomain
    schedule_id: Ulid
    schedule_name: str
    action: Action
    run_id: Ulid = Field(description="Also the id of its job or preview.")
    due_at: AwareDatetime
    ended_at: AwareDatetime
    outcome: Outcome
    reason: Skipped | None = Field(description="Why the run was skipped.")
    figures: dict[str, int] | None = Field(description="A job's totals in cells, or a preview's badges in BOMs.")


class NotificationData(BaseModel):
    """What has happened, in figures and in words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shop: ShopDomain
    notice_id: str = Field(description="The same for each time that it happens.")
    subject: str = Field(description="The id of the job, preview, schedule or import; empty: the shop itself.")
    urgency: str = Field(description="news, decision or trouble.")
    count: int = Field(description="How often it has happened by now.")
    title: str
    meaning: str
    remedy: str
    facts: dict[str, str | int | None] = Field(description="Figures and words of the kind.")


class Notification(BaseModel):
    """Something that the shop is told of. Told at least once; the header `webhook-id` tells repeats apart."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(description="Such as job.ended; `test` of a test.")
    timestamp: AwareDatetime = Field(description="When it happened.")
    data: NotificationData
