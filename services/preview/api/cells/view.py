"""A cell as it is shown, with the ETag of its state."""

from __future__ import annotations

from services.preview.api.cells.models import CellOut
from services.preview.api.http.route import Answer
from shared.mongodb.catalogue.boms import Bom
from shared.mongodb.stock.stock import CellStock


def cell_answer(cell: CellStock, bom: Bom) -> Answer:
    """The cell, and what an If-Match may name."""
    return Answer(cell_out(cell, bom), headers={"ETag": f'"{cell.stock.rev}"'})


def cell_out(cell: CellStock, bom: Bom) -> CellOut:
    """The cell."""
    return CellOut(
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
