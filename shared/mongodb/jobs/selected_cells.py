"""A selection as conditions on the cells of jobs."""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.batches import batches
from shared.domain.selection import Grid, Picked, Selection
from shared.mongodb.schema import Document

_BOMS_PER_QUERY = 1000
_CELLS_PER_QUERY = 500


def conditions(wanted: Selection) -> Iterator[Document]:
    """In parts that fit one query. A filter may mean any BOM at its locations."""
    if isinstance(wanted, Picked):
        for part in batches(sorted(wanted.cells), _CELLS_PER_QUERY):
            yield {"$or": [{"bom_id": cell.bom_id, "location_id": cell.location_id} for cell in part]}
        return
    places: Document = {}
    if wanted.location_ids is not None:
        places = {"location_id": {"$in": sorted(wanted.location_ids)}}
    if isinstance(wanted, Grid) and wanted.bom_ids is not None:
        for boms in batches(sorted(wanted.bom_ids), _BOMS_PER_QUERY):
            yield {"bom_id": {"$in": boms}, **places}
        return
    yield places
