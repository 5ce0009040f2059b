"""/api/cells/{bom_id}/{location_id}: one cell's values, and hand adjustments of its count."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from services.preview.api.cells.models import AdjustmentIn, CellChange, CellOut, CellPath
from services.preview.api.cells.view import cell_answer
from services.preview.api.http.keys_of_clients import HEADER, key_missing
from services.preview.api.http.responses.problem import FieldProblem, ProblemError, invalid, refused
from services.preview.api.http.route import Answer, AnyRoute, Call, Route
from shared.domain.cell import CellKey
from shared.mongodb.catalogue.refusals import RecordRefused
from shared.mongodb.stock.adjustments import Adjustment

_ETAG = re.compile(r'"([0-9]{1,18})"', re.ASCII)


async def get_cell(call: Call[CellPath, None]) -> Answer:
    """GET /api/cells/{bom_id}/{location_id}."""
    return await _answer(call, call.params.key)


async def _answer(call: Call[Any, Any], key: CellKey) -> Answer:
    try:
        cell, bom = await call.deps.records.cell(call.shop, key)
    except RecordRefused as error:
        raise refused(error, f"path.{error.field}") from None
    return cell_answer(cell, bom)


async def patch_cell(call: Call[CellChange, AdjustmentIn]) -> Answer:
    """PATCH /api/cells/{bom_id}/{location_id}."""
    body, params = call.body, call.params
    if body.absolute and params.if_match is None:
        message = "An absolute count needs the ETag of the cell as it was seen."
        remedy = "GET the cell, and send its ETag as If-Match; or send a delta."
        entry = FieldProblem(field="header.If-Match", message=message, remedy=remedy)
        kind = "if-match-missing"
        raise ProblemError(HTTPStatus.PRECONDITION_REQUIRED, kind, f"{message} {remedy}", errors=[entry])
    only_rev = _rev(params.if_match)
    if not body.absolute and call.key is None and only_rev is None:
        message = "Sent again without a key, a change by a delta would count twice."
        remedy = f"Send a key of your own as {HEADER}, or the cell's ETag as If-Match."
        raise key_missing(message, remedy)
    wanted = Adjustment(
        key=params.key,
        idempotency_key=call.key or call.made_id,
        cause=body.cause or ("counted" if body.absolute else "corrected"),
        actor=call.caller.user,
        delta=None if body.absolute else body.delta,
        count=body.count if body.absolute else None,
        only_rev=only_rev,
    )
    try:
        adjusted = await call.deps.records.adjust(call.shop, wanted)
    except RecordRefused as error:
        raise refused(error, _place(error.field)) from None
    boms = await call.deps.boms.get(call.shop, [params.bom_id])
    if params.bom_id not in boms:
        return await _answer(call, params.key)  # removed meanwhile: the problem says so
    return cell_answer(adjusted.cell, boms[params.bom_id])


def _place(field: str) -> str:
    if field in {"bom_id", "location_id"}:
        return f"path.{field}"
    names = {"If-Match": "header.If-Match", "idempotency_key": "header.Idempotency-Key"}
    return names.get(field, f"body.{field}")


def _rev(if_match: str | None) -> int | None:
    """The `rev` that an If-Match names. Raises ProblemError (422)."""
    if if_match is None or if_match.strip() == "*":
        return None
    tag = _ETAG.fullmatch(if_match.strip())
    if tag is None:
        raise invalid(
            [
                FieldProblem(
                    field="header.If-Match",
                    message="It is no ETag of a cell.",
                    remedy="Send the ETag header of GET /api/cells/… as it is, quotes included.",
                )
            ]
        )
    return int(tag.group(1))


_ETAG_HEADER = {"ETag": "Changes with every change of the cell."}

ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/cells/{bom_id}/{location_id}",
        name="getCell",
        tag="cells",
        summary="Both values of a cell as the app knows them",
        params=CellPath,
        handler=get_cell,
        answers={HTTPStatus.OK: CellOut},
        answer_headers=_ETAG_HEADER,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="PATCH",
        path="/api/cells/{bom_id}/{location_id}",
        name="adjustCell",
        tag="cells",
        summary="Adjust a cell's count by hand",
        description=(
            "A BOM that does not track pre-assembled stock begins to with its first count that is not zero, in all "
            "its cells. Shopify is not touched. Without an `If-Match` it needs an `Idempotency-Key`."
        ),
        params=CellChange,
        handler=patch_cell,
        body=AdjustmentIn,
        answers={HTTPStatus.OK: CellOut},
        answer_headers=_ETAG_HEADER,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED),
    ),
)
