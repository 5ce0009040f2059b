"""Variants as they are shown."""

from __future__ import annotations

from services.preview.api.variants.models import VariantOut
from shared.mongodb.catalogue.boms import Bom
from shared.shopify.reads.variants import FoundVariant


def variant_out(found: FoundVariant, bom: Bom | None) -> VariantOut:
    """A variant, with the BOM that it has already."""
    return VariantOut(
        variant_id=found.variant_id,
        inventory_item_id=found.item_id,
        name=found.name,
        sku=found.sku,
        barcode=found.barcode,
        tracked=found.tracked,
        bundle=found.bundle,
        bom_id=None if bom is None else bom.bom_id,
        bom_name=None if bom is None else bom.name,
    )
