"""/api/selections."""

from __future__ import annotations

from http import HTTPStatus

from services.preview.api.http.route import Answer, AnyRoute, Call, NoParameters, Route
from services.preview.api.selections.models import SelectionIn, SelectionOut
from services.preview.api.selections.view import selection_out


async def count_selection(call: Call[NoParameters, SelectionIn]) -> Answer:
    """POST /api/selections."""
    return Answer(await selection_out(call.deps, call.shop, call.body.selection.to_domain(), call.body.among))


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="POST",
        path="/api/selections",
        name="countSelection",
        reads=True,
        tag="records",
        summary="How many BOMs and cells a selection is now, and which of some BOMs it finds",
        description="Changes nothing. A POST, since a selection may be longer than an address.",
        params=NoParameters,
        handler=count_selection,
        body=SelectionIn,
        answers={HTTPStatus.OK: SelectionOut},
    ),
)
