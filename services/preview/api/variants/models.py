"""What the API takes and shows of Shopify's variants."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.words import Words


class VariantSearch(BaseModel):
    """What to look for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    search: Annotated[Words, Field(min_length=1, max_length=200)] = Field(
        description="Words of the title, a SKU or a barcode."
    )


class VariantOut(BaseModel):
    """A variant of the shop."""

    variant_id: str
    inventory_item_id: str
    name: str
    sku: str | None
    barcode: str | None
    tracked: bool = Field(description="Whether Shopify tracks its stock.")
    bundle: bool = Field(description="Shopify computes its stock from components; nothing can be pushed to it.")
    bom_id: str | None = Field(description="The BOM that it has already; an item has one at most.")
    bom_name: str | None


class VariantsFound(BaseModel):
    """What was found."""

    items: list[VariantOut]
    more: bool = Field(description="There are more than these.")
