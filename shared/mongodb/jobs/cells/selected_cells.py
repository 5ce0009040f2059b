"""Cells of a job by their ids, which begin with the job and the BOM: no other index repeats that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.domain.batches import batches
from shared.domain.selection import Filtered, Grid, Picked, Selection
from shared.mongodb.jobs.cells.cell import cell_id
from shared.mongodb.schema import Document, ids_of

_BOMS_PER_QUERY = 1000
_CELLS_PER_QUERY = 500


def of_bom(shop: str, job_id: str, bom_id: str) -> Document:
    """The condition for the cells of one BOM. An id may hold the sign that joins the parts: so it is asked for, too."""
    return {"_id": ids_of(shop, job_id, bom_id), "shop": shop, "bom_id": bom_id}


def of_boms(shop: str, job_id: str, bom_ids: Iterable[str]) -> Document:
    """The same of several; not too many for one query, and one at least."""
    chosen = sorted(bom_ids)
    ways = [{"_id": ids_of(shop, job_id, bom_id)} for bom_id in chosen]
    return {"$or": ways, "shop": shop, "bom_id": {"$in": chosen}}


def conditions(shop: str, job_id: str, wanted: Selection) -> Iterator[Document]:
    """The job's cells that may be of the selection, in parts that fit one query. A filter may mean any BOM but some."""
    if isinstance(wanted, Picked):
        for part in batches(sorted(wanted.cells), _CELLS_PER_QUERY):
            yield {"_id": {"$in": [cell_id(shop, job_id, key) for key in part]}, "shop": shop}
        return
    places: Document = {}
    if wanted.location_ids is not None:
        places = {"location_id": {"$in": sorted(wanted.location_ids)}}
    if isinstance(wanted, Grid) and wanted.bom_ids is not None:
        for boms in batches(sorted(wanted.bom_ids), _BOMS_PER_QUERY):
            yield {**of_boms(shop, job_id, boms), **places}
        return
    without: Document = {}
    if isinstance(wanted, Filtered) and wanted.except_bom_ids:
        without = {"bom_id": {"$nin": sorted(wanted.except_bom_ids)}}
    yield {"shop": shop, "job_id": job_id, **places, **without}
