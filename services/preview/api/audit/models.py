"""What the API shows of the audit log."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from shared.mongodb.shops.acts import By


class AuditEntry(BaseModel):
    """One act."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entry_id: str
    at: datetime
    act: str = Field(description="What was done: job.start, job.cancel, policy.change, …")
    actor: str = Field(
        description="Who: user:… is the user of the session token, key:… (…) a server's key with its name."
    )
    by: By = Field(description="In which way it was asked for.")
    subject: str = Field(description="To what: the id of a job, a schedule, a BOM; empty where there is one only.")


class AuditPage(BaseModel):
    """A page of the audit log."""

    items: list[AuditEntry]
    next_cursor: str | None
