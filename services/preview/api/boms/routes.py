"""/api/boms and /api/locations: writing the app's bills of materials, and the shop's locations."""

from __future__ import annotations

from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, Field

from services.preview.api.boms.models import BomIn, BomOut, BomsIn
from services.preview.api.http.problem import FieldProblem, ProblemError, refused
from services.preview.api.http.routes import Answer, AnyRoute, Call, NoParameters, Route
from shared.contract.words import Id
from shared.mongodb.catalogue.refusals import RecordRefused, Refusal
from shared.mongodb.shops.acts import Act


class BomWritten(BaseModel):
    """A BOM as it is now, and whether it is new."""

    bom: BomOut
    created: bool


class BomsWritten(BaseModel):
    """The BOMs in the order they were sent."""

    items: list[BomWritten]


class BomPath(BaseModel):
    """One BOM."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bom_id: Id


class LocationOut(BaseModel):
    """A Shopify location as last read."""

    location_id: str
    name: str
    active: bool
    fulfillment_service: bool = Field(description="A third party keeps its stock; its cells are not compared.")


class LocationList(BaseModel):
    """All locations of the shop."""

    items: list[LocationOut]


async def put_boms(call: Call[NoParameters, BomIn | list[BomIn]]) -> Answer:
    """PUT /api/boms: each BOM by itself; those refused are named, the others are written."""
    sent = call.body if isinstance(call.body, list) else [call.body]
    written: list[BomWritten] = []
    problems: list[tuple[RecordRefused, str]] = []
    for number, bom_in in enumerate(sent):
        try:
            bom, created = await call.deps.records.upsert(call.shop, bom_in.wanted(), reference=call.caller.user)
        except RecordRefused as error:
            where = f"body.{number}" if isinstance(call.body, list) else "body"
            problems.append((error, f"{where}.{error.field}"))
        else:
            written.append(BomWritten(bom=BomOut.of(bom), created=created))
    subject = ", ".join(item.bom.bom_id for item in written)
    if problems:
        if written:
            await call.deps.audit.note(Act(call.shop, "bom.change", call.caller.user, "api", subject))
        raise _not_all(problems, len(sent))
    return Answer(BomsWritten(items=written), subject=subject)


def _not_all(problems: list[tuple[RecordRefused, str]], sent: int) -> ProblemError:
    if sent == 1:
        return refused(*problems[0])
    kinds = {error.kind for error, _ in problems}
    return ProblemError(
        HTTPStatus.CONFLICT,
        (kinds.pop() if len(kinds) == 1 else Refusal.IN_USE).value,
        f"{len(problems)} of {sent} BOMs were not written; the others were. Send those again once they are corrected.",
        errors=[FieldProblem(field=where, message=error.message, remedy=error.remedy) for error, where in problems],
    )


async def delete_bom(call: Call[BomPath, None]) -> Answer:
    """DELETE /api/boms/{bom_id}."""
    try:
        await call.deps.records.remove(call.shop, call.params.bom_id, reference=call.caller.user)
    except RecordRefused as error:
        raise refused(error, f"path.{error.field}") from None
    return Answer(None, HTTPStatus.NO_CONTENT)


async def list_locations(call: Call[NoParameters, None]) -> Answer:
    """GET /api/locations."""
    known = await call.deps.boms.locations(call.shop)
    return Answer(
        LocationList(
            items=[
                LocationOut(
                    location_id=location.location_id,
                    name=location.name,
                    active=location.active,
                    fulfillment_service=location.fulfillment_service,
                )
                for location in known.values()
            ]
        )
    )


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="PUT",
        path="/api/boms",
        name="putBoms",
        act="bom.change",
        tag="records",
        summary="Create or change one BOM, or up to 250",
        description="Each BOM is written by itself: one that is refused does not stop the others.",
        params=NoParameters,
        handler=put_boms,
        body=BomsIn,
        answers={HTTPStatus.OK: BomsWritten},
        problems=(HTTPStatus.CONFLICT,),
    ),
    Route(
        method="DELETE",
        path="/api/boms/{bom_id}",
        name="deleteBom",
        act="bom.remove",
        tag="records",
        summary="Remove a BOM and the stock records of its cells; its ledger stays",
        params=BomPath,
        handler=delete_bom,
        answers={HTTPStatus.NO_CONTENT: None},
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Route(
        method="GET",
        path="/api/locations",
        name="listLocations",
        tag="records",
        summary="The shop's locations as last read from Shopify",
        params=NoParameters,
        handler=list_locations,
        answers={HTTPStatus.OK: LocationList},
    ),
)
