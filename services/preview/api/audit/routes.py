"""/api/audit: who did what to the shop's records."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, Field

from services.preview.api.http.pages import Paged, read_cursor, write_cursor
from services.preview.api.http.routes import Answer, AnyRoute, Call, Route
from shared.mongodb.shops.acts import By, KeptAct


class AuditEntry(BaseModel):
    """One act."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entry_id: str
    at: datetime
    act: str = Field(description="What was done: job.start, job.cancel, policy.change, …")
    actor: str = Field(description="Who: user:… is the user of the session token.")
    by: By = Field(description="In which way it was asked for.")
    subject: str = Field(description="To what: the id of a job, a schedule, a BOM; empty where there is one only.")

    @classmethod
    def of(cls, kept: KeptAct) -> AuditEntry:
        """From its record."""
        return cls(**{name: getattr(kept, name) for name in cls.model_fields})


class AuditPage(BaseModel):
    """A page of the audit log."""

    items: list[AuditEntry]
    next_cursor: str | None


async def list_audit(call: Call[Paged, None]) -> Answer:
    """GET /api/audit."""
    keys = read_cursor(call.params.cursor, str)
    page = await call.deps.listings.audit(call.shop, keys, call.params.limit)
    items = [AuditEntry.of(kept) for kept in page.items]
    return Answer(AuditPage(items=items, next_cursor=write_cursor(page.after)))


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/audit",
        name="listAudit",
        tag="audit",
        summary="Who did what, the newest first",
        params=Paged,
        handler=list_audit,
        answers={HTTPStatus.OK: AuditPage},
    ),
)
