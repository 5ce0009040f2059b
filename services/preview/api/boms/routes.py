"""/api/boms, /api/facets and /api/locations: the list a merchant works from, and the app's own bills of materials."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from services.preview.api.boms.models import (
    KNOWN,
    BomFacetsOut,
    BomIn,
    BomListed,
    BomPage,
    BomPath,
    BomSearch,
    BomsIn,
    BomsNamed,
    BomsRead,
    BomsWritten,
    BomWritten,
    LocationList,
    LocationOut,
    LocationPath,
)
from services.preview.api.boms.view import bom_cells, bom_listed, bom_out, facets_out, in_order, location_out
from services.preview.api.http.responses.pages import write_cursor
from services.preview.api.http.responses.problem import FieldProblem, ProblemError, refused, unknown
from services.preview.api.http.route import Answer, AnyRoute, Call, NoParameters, Route
from shared.mongodb.catalogue.refusals import RecordRefused, Refusal
from shared.mongodb.lists.listings import BomSort
from shared.mongodb.shops.acts import Act

_KEYS: Mapping[BomSort, list[type[str | int]]] = {
    "name": [str, str],
    "-name": [str, str],
    "bom_id": [str],
    "-bom_id": [str],
    "-difference": [int],
}
"""The kinds of a cursor's sort keys."""


async def list_boms(call: Call[BomSearch, None]) -> Answer:
    """GET /api/boms."""
    asked = call.params
    wanted, listings = asked.wanted(), call.deps.listings
    start = asked.start(*_KEYS[asked.sort])
    (page, total), known = await asyncio.gather(
        listings.boms(call.shop, wanted, start, asked.limit, sort=asked.sort),
        call.deps.boms.locations(call.shop),
    )
    found = page.items
    only = asked.location_id
    cells = await bom_cells(call.deps, call.shop, found, known, only=only) if asked.with_cells else None
    width = len(known) if only is None else 1
    items = [bom_listed(bom, cells) for bom in found]
    return Answer(
        BomPage(items=items, next_cursor=write_cursor(page.after), total=total, total_cells=total * width),
    )


async def read_boms(call: Call[NoParameters, BomsNamed]) -> Answer:
    """POST /api/known-boms."""
    asked = call.body
    boms, places = await asyncio.gather(
        call.deps.boms.get(call.shop, asked.bom_ids), call.deps.boms.locations(call.shop)
    )
    present = [boms[bom_id] for bom_id in dict.fromkeys(asked.bom_ids) if bom_id in boms]
    cells = await bom_cells(call.deps, call.shop, present, places, only=asked.location_id)
    return Answer(BomsRead(items=[bom_listed(bom, cells) for bom in present]))


async def get_facets(call: Call[NoParameters, None]) -> Answer:
    """GET /api/facets."""
    return Answer(facets_out(await call.deps.facets.of(call.shop)))


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
            written.append(BomWritten(bom=bom_out(bom), created=created))
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


async def get_bom(call: Call[BomPath, None]) -> Answer:
    """GET /api/boms/{bom_id}."""
    bom_id = call.params.bom_id
    boms, places = await asyncio.gather(call.deps.boms.get(call.shop, [bom_id]), call.deps.boms.locations(call.shop))
    if bom_id not in boms:
        raise unknown("path.bom_id", f"There is no BOM {bom_id}.", "Use an id from the list of BOMs.")
    cells = await bom_cells(call.deps, call.shop, [boms[bom_id]], places, only=None)
    return Answer(bom_listed(boms[bom_id], cells))


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
    return Answer(LocationList(items=[location_out(location) for location in in_order(known.values())]))


async def get_location(call: Call[LocationPath, None]) -> Answer:
    """GET /api/locations/{location_id}."""
    known = await call.deps.boms.locations(call.shop)
    location = known.get(call.params.location_id)
    if location is None:
        message = f"There is no location {call.params.location_id}."
        raise unknown("path.location_id", message, "Use an id from the list of locations.")
    return Answer(location_out(location))


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/boms",
        name="listBoms",
        tag="records",
        summary="BOMs by name, searched and filtered",
        params=BomSearch,
        handler=list_boms,
        answers={HTTPStatus.OK: BomPage},
    ),
    Route(
        method="POST",
        path="/api/known-boms",
        name="readBoms",
        reads=True,
        tag="records",
        summary="What is known of up to 250 BOMs and their cells, whatever a search would find",
        description="Changes nothing. A POST, since so many ids are longer than an address.",
        params=NoParameters,
        handler=read_boms,
        body=BomsNamed,
        answers={HTTPStatus.OK: BomsRead},
    ),
    Route(
        method="GET",
        path="/api/facets",
        name="getBomFacets",
        tag="records",
        summary="How many BOMs there are by tag, tracking and class",
        description=KNOWN,
        params=NoParameters,
        handler=get_facets,
        answers={HTTPStatus.OK: BomFacetsOut},
    ),
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
        method="GET",
        path="/api/boms/{bom_id}",
        name="getBom",
        tag="records",
        summary="One BOM with its cells",
        description=KNOWN,
        params=BomPath,
        handler=get_bom,
        answers={HTTPStatus.OK: BomListed},
        problems=(HTTPStatus.NOT_FOUND,),
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
    Route(
        method="GET",
        path="/api/locations/{location_id}",
        name="getLocation",
        tag="records",
        summary="One location as last read from Shopify",
        params=LocationPath,
        handler=get_location,
        answers={HTTPStatus.OK: LocationOut},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
