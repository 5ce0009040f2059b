"""What the API takes and shows of BOMs."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Discriminator, Field
from pydantic import Tag as Branch

from shared.contract.words import BomFields
from shared.mongodb.catalogue.app_records import WantedBom
from shared.mongodb.catalogue.boms import Bom

MAX_BOMS = 250


class BomIn(BomFields):
    """A BOM to create or change. What is not given stays as it is."""

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
    | Annotated[list[BomIn], Field(min_length=1, max_length=MAX_BOMS), Branch("(many)")],
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
