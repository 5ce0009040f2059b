"""/api/boms and /api/locations: the app's bills of materials and the shop's locations."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field
from pydantic import Tag as Branch

from services.preview.api.pages import Paged, QueryBool, Text, read_cursor, write_cursor
from services.preview.api.problem import FieldProblem, ProblemError, refused
from services.preview.api.routes import Answer, AnyRoute, Call, NoParameters, Route
from shared.contract.selection import Id
from shared.domain.selection import Filtered
from shared.mongodb.boms import Bom
from shared.mongodb.records import WantedBom
from shared.mongodb.refusals import RecordRefused

MOST_BOMS = 250

ItemId = Annotated[str, Field(pattern=r"^[0-9]{1,20}$", description="A Shopify inventory item id, digits only.")]
Tag = Annotated[str, Field(min_length=1, max_length=200)]


class BomIn(BaseModel):
    """A BOM to create or change. What is not given stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bom_id: Id
    inventory_item_id: ItemId
    name: str = Field(min_length=1, max_length=500)
    tags: list[Tag] | None = Field(None, max_length=100)
    tracks_pre_assembled: bool | None = Field(None, strict=True)
    externally_managed: bool | None = Field(
        None, strict=True, description="Another tool computes the Shopify quantity; Trueup leaves it alone."
    )

    def wanted(self) -> WantedBom:
        """As the record store takes it."""
        tags = None if self.tags is None else tuple(self.tags)
        return WantedBom(
            self.bom_id, self.inventory_item_id, self.name, tags, self.tracks_pre_assembled, self.externally_managed
        )


def _one_or_many(value: Any) -> str:
    return "(many)" if isinstance(value, list) else "(one)"


BomsIn = Annotated[
    Annotated[BomIn, Branch("(one)")]
    | Annotated[list[BomIn], Field(min_length=1, max_length=MOST_BOMS), Branch("(many)")],
    Discriminator(_one_or_many),
]
"""One BOM or a list. Told apart by their form, so that a mistake in one is not told as a mistake in both."""


class BomOut(BaseModel):
    """A BOM."""

    bom_id: str
    inventory_item_id: str
    name: str
    tags: list[str]
    tracks_pre_assembled: bool
    externally_managed: bool

    @classmethod
    def of(cls, bom: Bom) -> BomOut:
        """From the stored one."""
        return cls(
            bom_id=bom.bom_id,
            inventory_item_id=bom.inventory_item_id,
            name=bom.name,
            tags=list(bom.tags),
            tracks_pre_assembled=bom.tracks_pre_assembled,
            externally_managed=bom.externally_managed,
        )


class BomPage(BaseModel):
    """BOMs by name."""

    items: list[BomOut]
    next_cursor: str | None
    total: int = Field(description="How many BOMs the search finds in all.")


class BomWritten(BaseModel):
    """A BOM as it is now, and whether it is new."""

    bom: BomOut
    created: bool


class BomsWritten(BaseModel):
    """The BOMs in the order they were sent."""

    items: list[BomWritten]


class BomSearch(Paged):
    """Which BOMs."""

    search: Annotated[Text, Field(max_length=200)] | None = Field(None, description="Part of the name, or an id.")
    tag: Annotated[Text, Field(max_length=200)] | None = None
    tracks: QueryBool | None = Field(None, description="Only BOMs that track (or do not track) pre-assembled stock.")


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


async def list_boms(call: Call[BomSearch, None]) -> Answer:
    """GET /api/boms."""
    asked = call.params
    wanted = Filtered(text=asked.search, tag=asked.tag, tracks_pre_assembled=asked.tracks)
    after = read_cursor(asked.cursor, str, str)
    found, page = await call.parts.listings.boms(call.shop, wanted, after, asked.limit)
    total = await call.parts.listings.count_boms(call.shop, wanted)
    return Answer(BomPage(items=[BomOut.of(bom) for bom in found], next_cursor=write_cursor(page.after), total=total))


async def put_boms(call: Call[NoParameters, BomIn | list[BomIn]]) -> Answer:
    """PUT /api/boms: each BOM by itself; those refused are named, the others are written."""
    sent = call.body if isinstance(call.body, list) else [call.body]
    written: list[BomWritten] = []
    problems: list[tuple[RecordRefused, str]] = []
    for number, bom_in in enumerate(sent):
        try:
            bom, created = await call.parts.records.upsert(call.shop, bom_in.wanted(), reference=call.caller.user)
        except RecordRefused as error:
            where = f"body.{number}" if isinstance(call.body, list) else "body"
            problems.append((error, f"{where}.{error.field}"))
        else:
            written.append(BomWritten(bom=BomOut.of(bom), created=created))
    if problems:
        raise _not_all(problems, len(sent))
    return Answer(BomsWritten(items=written))


def _not_all(problems: list[tuple[RecordRefused, str]], sent: int) -> ProblemError:
    if sent == 1:
        return refused(*problems[0])
    return ProblemError(
        HTTPStatus.CONFLICT,
        "in_use",
        f"{len(problems)} of {sent} BOMs were not written; the others were. Send those again once they are corrected.",
        errors=[FieldProblem(field=where, message=error.message, remedy=error.remedy) for error, where in problems],
    )


async def delete_bom(call: Call[BomPath, None]) -> Answer:
    """DELETE /api/boms/{bom_id}."""
    try:
        await call.parts.records.remove(call.shop, call.params.bom_id, reference=call.caller.user)
    except RecordRefused as error:
        raise refused(error, f"path.{error.field}") from None
    return Answer(None, HTTPStatus.NO_CONTENT)


async def list_locations(call: Call[NoParameters, None]) -> Answer:
    """GET /api/locations."""
    known = await call.parts.boms.locations(call.shop)
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
        method="GET",
        path="/api/boms",
        name="listBoms",
        tag="records",
        summary="BOMs by name",
        params=BomSearch,
        handler=list_boms,
        answers={HTTPStatus.OK: BomPage},
    ),
    Route(
        method="PUT",
        path="/api/boms",
        name="putBoms",
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
