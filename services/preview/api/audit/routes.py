"""/api/audit: who did what to the shop's records."""

from __future__ import annotations

from http import HTTPStatus

from services.preview.api.audit.models import AuditPage
from services.preview.api.audit.view import audit_entry
from services.preview.api.http.responses.pages import Paged, read_cursor, write_cursor
from services.preview.api.http.route import Answer, AnyRoute, Call, Route


async def list_audit(call: Call[Paged, None]) -> Answer:
    """GET /api/audit."""
    keys = read_cursor(call.params.cursor, str)
    page = await call.deps.listings.audit(call.shop, keys, call.params.limit)
    items = [audit_entry(kept) for kept in page.items]
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
