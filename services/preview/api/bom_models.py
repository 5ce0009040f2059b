"""What the API takes and shows of BOMs."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field
from pydantic import Tag as Branch

from shared.contract.selection import Id
from shared.mongodb.boms import Bom
from shared.mongodb.records import WantedBom

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
