"""Jobs as they are shown, with what is known around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.preview.api.http.dependencies import Dependencies
from services.preview.api.jobs.models import Around, JobOut
from shared.domain.job import JobSource, JobState
from shared.mongodb.schema import Document

_CAME_TO_NOTHING = frozenset({JobState.FAILED, JobState.CANCELLED})


async def jobs_out(deps: Dependencies, shop: str, documents: Sequence[Document]) -> list[JobOut]:
    """These jobs."""
    around = await _around(deps, shop, documents)
    return [JobOut.of(document, around) for document in documents]


async def job_out(deps: Dependencies, shop: str, document: Document) -> JobOut:
    """One job."""
    return (await jobs_out(deps, shop, [document]))[0]


async def place_names(deps: Dependencies, shop: str) -> Mapping[str, str]:
    """The names of the shop's locations by id."""
    return {location_id: location.name for location_id, location in (await deps.boms.locations(shop)).items()}


async def _around(deps: Dependencies, shop: str, documents: Sequence[Document]) -> Around:
    retried: dict[str, str] = {}
    undone: dict[str, str] = {}
    for made in await deps.listings.made_of(shop, [document["job_id"] for document in documents]):
        if made["source"] == JobSource.RETRY:
            retried[made["of_job_id"]] = made["job_id"]
        elif made["source"] == JobSource.UNDO and made["state"] not in _CAME_TO_NOTHING:
            undone[made["of_job_id"]] = made["job_id"]
    places = await place_names(deps, shop) if any(document["first_errors"] for document in documents) else {}
    return Around(await deps.shops.get(shop), places, retried, undone)
