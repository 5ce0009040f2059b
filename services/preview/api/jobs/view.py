"""Jobs as they are shown, with what is known around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.preview.api.http.dependencies import Dependencies
from services.preview.api.jobs.models import Around, JobOut
from shared.domain.job import JobSource, JobState
from shared.mongodb.jobs.job import Job

_CAME_TO_NOTHING = frozenset({JobState.FAILED, JobState.CANCELLED})


async def jobs_out(deps: Dependencies, shop: str, jobs: Sequence[Job]) -> list[JobOut]:
    """These jobs."""
    around = await _around(deps, shop, jobs)
    return [JobOut.of(job, around) for job in jobs]


async def job_out(deps: Dependencies, shop: str, job: Job) -> JobOut:
    """One job."""
    return (await jobs_out(deps, shop, [job]))[0]


async def place_names(deps: Dependencies, shop: str) -> Mapping[str, str]:
    """The names of the shop's locations by id."""
    return {location_id: location.name for location_id, location in (await deps.boms.locations(shop)).items()}


async def _around(deps: Dependencies, shop: str, jobs: Sequence[Job]) -> Around:
    retried: dict[str, str] = {}
    undone: dict[str, str] = {}
    for made in await deps.listings.made_of(shop, [job.job_id for job in jobs]):
        if made.source is JobSource.RETRY:
            retried[made.of_job_id] = made.job_id
        elif made.source is JobSource.UNDO and made.state not in _CAME_TO_NOTHING:
            undone[made.of_job_id] = made.job_id
    places = await place_names(deps, shop) if any(job.first_errors for job in jobs) else {}
    return Around(await deps.shops.get(shop), places, retried, undone)
