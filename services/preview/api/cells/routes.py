"""/api/cells/{bom_id}/{location_id}: one cell's values, and hand adjustments of its count."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from ulid import ULID

from services.preview.api.http.problem import FieldProblem, ProblemError, invalid, refused
from services.preview.api.http.routes import Answer, AnyRoute, Call, Route
from shared.contract.messages import Quantity
from shared.contract.words import Id
from shared.domain.cell import CellKey
from shared.mongodb.catalogue.boms import Bom
from shared.mongodb.catalogue.refusals import RecordRefused
from shared.mongodb.stock.adjustments import Adjustment
from shared.mongodb.stock.stock import CellStock

_ETAG = re.compile(r'"([0-9]{1,18})"', re.ASCII)


class CellPath(BaseModel):
    """One BOM at one location."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bom_id: Id
    location_id: Id

    @property
    def key(self) -> CellKey:
        """The cell's key."""
        return CellKey(self.bom_id, self.location_id)


class CellChange(CellPath):
    """A cell to change."""

    if_match: str | None = Field(
        None,
        alias="If-Match",
        max_length=200,
        description="The ETag of the cell as you saw it; needed with an absolute count.",
        json_schema_extra={"in": "header"},
    )
    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Your own key: a repeated request changes nothing more. Without it a repeat counts twice.",
        json_schema_extra={"in": "header"},
    )


class AdjustmentIn(BaseModel):
    """A hand adjustment: either by a delta, or to a count somebody has taken."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"oneOf": [{"required": ["delta"]}, {"required": ["count"]}]}
    )

    delta: Quantity = Field(0, description="By how much.")
    count: Quantity = Field(0, description="To which value.")
    cause: Literal["counted", "built", "imported", "corrected"] | None = Field(
        None, description="Why; none: corrected for a delta, counted for a count."
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> AdjustmentIn:
        if len({"delta", "count"} & self.model_fields_set) != 1:
            raise ValueError("give exactly one of delta and count")
        return self

    @property
    def absolute(self) -> bool:
        """Whether a count is given."""
        return "count" in self.model_fields_set


class CellOut(BaseModel):
    """A cell as the app's records have it."""

    bom_id: str
    bom_name: str
    location_id: str
    inventory_item_id: str
    tracks_pre_assembled: bool
    local_value: int | None
    shopify_value: int | None = Field(description="The last value Shopify was known to hold; none: never read.")
    shopify_value_at: AwareDatetime | None = Field(description="Shopify's time of that value.")
    manual_total: int = Field(description="The sum of all hand adjustments.")
    unknown_outcome: bool = Field(description="A push may or may not have reached Shopify; count the shelf.")

    @classmethod
    def of(cls, cell: CellStock, bom: Bom) -> CellOut:
        """From the stored stock."""
        return cls(
            bom_id=cell.key.bom_id,
            bom_name=bom.name,
            location_id=cell.key.location_id,
            inventory_item_id=cell.item_id,
            tracks_pre_assembled=cell.stock.tracks,
            local_value=cell.stock.local,
            shopify_value=cell.stock.base,
            shopify_value_at=cell.stock.base_time,
            manual_total=cell.stock.manual_total,
            unknown_outcome=cell.stock.unknown_outcome,
        )


async def get_cell(call: Call[CellPath, None]) -> Answer:
    """GET /api/cells/{bom_id}/{location_id}."""
    return await _answer(call, call.params.key)


async def _answer(call: Call[Any, Any], key: CellKey) -> Answer:
    try:
        cell, bom = await call.deps.records.cell(call.shop, key)
    except RecordRefused as error:
        raise refused(error, f"path.{error.field}") from None
    return Answer(CellOut.of(cell, bom), headers={"ETag": f'"{cell.stock.rev}"'})


async def patch_cell(call: Call[CellChange, AdjustmentIn]) -> Answer:
    """PATCH /api/cells/{bom_id}/{location_id}."""
    body, params = call.body, call.params
    if body.absolute and params.if_match is None:
        message = "An absolute count needs the ETag of the cell as it was seen."
        remedy = "GET the cell, and send its ETag as If-Match; or send a delta."
        entry = FieldProblem(field="header.If-Match", message=message, remedy=remedy)
        kind = "if-match-missing"
        raise ProblemError(HTTPStatus.PRECONDITION_REQUIRED, kind, f"{message} {remedy}", errors=[entry])
    wanted = Adjustment(
        key=params.key,
        idempotency_key=params.idempotency_key or str(ULID()),
        cause=body.cause or ("counted" if body.absolute else "corrected"),
        actor=call.caller.user,
        delta=None if body.absolute else body.delta,
        count=body.count if body.absolute else None,
        only_rev=_rev(params.if_match),
    )
    try:
        adjusted = await call.deps.records.adjust(call.shop, wanted)
    except RecordRefused as error:
        raise refused(error, _place(error.field)) from None
    boms = await call.deps.boms.get(call.shop, [params.bom_id])
    if params.bom_id not in boms:
        return await _answer(call, params.key)  # removed meanwhile: the problem says so
    cell = adjusted.cell
    return Answer(CellOut.of(cell, boms[params.bom_id]), headers={"ETag": f'"{cell.stock.rev}"'})


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
            "its cells. Shopify is not touched."
        ),
        params=CellChange,
        handler=patch_cell,
        body=AdjustmentIn,
        answers={HTTPStatus.OK: CellOut},
        answer_headers=_ETAG_HEADER,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED),
    ),
)
