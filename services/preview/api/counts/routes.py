"""/api/counts: taking stock, by hand and by file. Only counts of the app change; Shopify is not touched."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from aiohttp import web

from services.preview.api.counts.models import (
    MAX_FOUND,
    Counted,
    CountFileChecked,
    CountFileIn,
    CountIn,
    CountsDone,
    CountSearch,
    CountsIn,
    PlaceFound,
    PlacesFound,
    SheetLine,
    SheetSearch,
)
from services.preview.api.counts.view import checked, place_found
from services.preview.api.http.responses.csv import table
from services.preview.api.http.responses.problem import FieldProblem, invalid, unknown
from services.preview.api.http.route import Answer, AnyRoute, Call, Media, NoParameters, Route
from shared.domain.cell import CellKey
from shared.domain.selection import Filtered
from shared.importing.count_file import parse_counts
from shared.importing.count_matching import place_counts
from shared.importing.skus import sku_key
from shared.importing.table_file import WrongFile
from shared.mongodb.catalogue.boms import Bom, Location
from shared.mongodb.catalogue.refusals import RecordRefused, Refusal
from shared.mongodb.lists.listings import FIRST, Page, Start
from shared.mongodb.stock.adjustments import Adjustment, Seen


async def find_places(call: Call[CountSearch, None]) -> Answer:
    """GET /api/counts/places."""
    deps, shop, asked = call.deps, call.shop, call.params
    await _location(call, asked.location_id)
    text = asked.search.strip()
    exact: dict[str, Bom] = {}
    if text:
        by_sku = await deps.boms.by_sku(shop, [key for key in [sku_key(text)] if key])
        exact = {bom.bom_id: bom for boms in by_sku.values() for bom in boms} | await deps.boms.get(shop, [text])
    page, total = await deps.listings.boms(shop, Filtered(text=text or None), FIRST, MAX_FOUND)
    found = exact | {bom.bom_id: bom for bom in page.items if bom.bom_id not in exact}
    shown = list(found.values())[:MAX_FOUND]
    cells = await deps.stock.load(shop, [CellKey(bom.bom_id, asked.location_id) for bom in shown])
    skus = await deps.boms.skus(shop, [bom.bom_id for bom in shown])
    items: list[PlaceFound] = [
        place_found(
            bom,
            cells.get(CellKey(bom.bom_id, asked.location_id)),
            skus.get(bom.bom_id),
            exact=bom.bom_id in exact,
        )
        for bom in shown
    ]
    return Answer(PlacesFound(items=items, more=len(found) > len(shown) or total > len(page.items)))


async def _location(call: Call[Any, Any], location_id: str, field: str = "query.location_id") -> Location:
    places = await call.deps.boms.locations(call.shop)
    if location_id not in places:
        raise unknown(field, f"There is no location {location_id}.", "Use an id from the list of locations.")
    return places[location_id]


async def post_counts(call: Call[NoParameters, CountsIn]) -> Answer:
    """POST /api/counts."""
    sent = call.body.counts
    if len({(one.bom_id, one.location_id) for one in sent}) < len(sent):
        message = "Two of the counts are of the same place."
        raise invalid([FieldProblem(field="body.counts", message=message, remedy="Send one count for each place.")])
    done = [await _count(call, one, f"{call.key}:{n}") for n, one in enumerate(sent)]
    counted = sum(one.outcome == "counted" for one in done)
    return Answer(CountsDone(items=done), subject=f"{counted} places")


async def _count(call: Call[NoParameters, CountsIn], one: CountIn, key: str) -> Counted:
    wanted = Adjustment(
        key=CellKey(one.bom_id, one.location_id),
        idempotency_key=key,
        cause="counted",
        actor=call.caller.user,
        count=one.count,
        only_seen=Seen(one.seen),
        note=call.body.note,
    )
    try:
        adjusted = await call.deps.records.adjust(call.shop, wanted)
    except RecordRefused as refused:
        outdated = refused.kind is Refusal.OUTDATED
        return _left(one, "changed_meanwhile" if outdated else "refused", refused.message, refused.remedy)
    if not adjusted.cell.stock.tracks:
        message = "This BOM has no count of its own yet, and gets one with its first count that is not zero."
        return _left(one, "refused", message, "Switch on that its finished units are counted.")
    same = one.seen is not None and adjusted.delta == 0
    return Counted(
        bom_id=one.bom_id,
        location_id=one.location_id,
        outcome="unchanged" if same else "counted",
        before=one.seen,
        after=one.count,
    )


def _left(one: CountIn, outcome: Literal["changed_meanwhile", "refused"], message: str, remedy: str) -> Counted:
    return Counted(bom_id=one.bom_id, location_id=one.location_id, outcome=outcome, message=message, remedy=remedy)


async def check_counts(call: Call[NoParameters, CountFileIn]) -> Answer:
    """POST /api/counts/check."""
    deps, shop, body = call.deps, call.shop, call.body
    if body.location_id is not None:
        await _location(call, body.location_id, "body.location_id")
    try:
        lines = list(parse_counts(body.text, "The file"))
    except WrongFile as wrong:
        remedy = "Correct the file as the message says, and check it again."
        raise invalid([FieldProblem(field="body.text", message=f"{wrong}.", remedy=remedy)]) from None
    read = await place_counts(deps.boms, shop, lines, body.location_id)
    keys = [one.key for one in read.placed]
    cells = await deps.stock.load(shop, keys)
    skus = await deps.boms.skus(shop, {key.bom_id for key in keys})
    return Answer(checked(read, cells, skus, await deps.boms.locations(shop)))


async def export_sheet(call: Call[SheetSearch, None]) -> web.StreamResponse:
    """GET /api/counts/sheet.csv."""
    deps, shop = call.deps, call.shop
    place = await _location(call, call.params.location_id)

    async def read(start: Start, limit: int) -> Page[SheetLine]:
        page, _ = await deps.listings.boms(shop, Filtered(), start, limit)
        ids = [bom.bom_id for bom in page.items]
        cells = await deps.stock.load(shop, [CellKey(bom_id, place.location_id) for bom_id in ids])
        skus = await deps.boms.skus(shop, ids)
        lines = []
        for bom in page.items:
            cell = cells.get(CellKey(bom.bom_id, place.location_id))
            now = None if cell is None else cell.stock.count
            sku = skus.get(bom.bom_id)
            lines.append(SheetLine(bom_id=bom.bom_id, sku=sku, name=bom.name, location=place.name, now=now))
        return Page(lines, page.after)

    columns = ("bom_id", "sku", "name", "location", "now", "count")
    return await table(call.request, "stock-taking", columns, read, lambda one: one)


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/counts/places",
        name="findPlaces",
        tag="counts",
        summary="BOMs at a location by SKU, id or part of the name, to be counted",
        params=CountSearch,
        handler=find_places,
        answers={HTTPStatus.OK: PlacesFound},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path="/api/counts",
        name="postCounts",
        act="counts.take",
        tag="counts",
        summary="Take over counts that somebody has taken, up to 250",
        description=(
            "Each is taken over by itself, and only where the count is still the one that was seen. Shopify is not "
            "touched: a reconcile pushes."
        ),
        params=NoParameters,
        needs_key=True,
        handler=post_counts,
        body=CountsIn,
        answers={HTTPStatus.OK: CountsDone},
    ),
    Route(
        method="POST",
        path="/api/counts/check",
        name="checkCounts",
        tag="counts",
        summary="What a file of counts would do; nothing is changed",
        reads=True,
        params=NoParameters,
        handler=check_counts,
        body=CountFileIn,
        answers={HTTPStatus.OK: CountFileChecked},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/counts/sheet.csv",
        name="exportSheet",
        tag="counts",
        summary="A sheet to count with: every BOM at a location, the column for the count left empty",
        params=SheetSearch,
        handler=export_sheet,
        lasts="export",
        answers={HTTPStatus.OK: Media("text/csv", "One line per BOM, with a head line.")},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
