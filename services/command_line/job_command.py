"""`trueup jobs ID`: where one job stands, or how it ended."""

from __future__ import annotations

from rich.console import Console

from services.command_line.client import Client
from services.command_line.job_summary import print_job, show_summary
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.standing import job_has_ended, short_time, standing
from services.preview.api.explained import pause_of
from shared.mongodb.collections import Document


async def the_job(client: Client, shop: str, job_id: str) -> Document:
    """A job's document. Raises WrongUseError."""
    job = await client.listings.job(shop, job_id)
    if job is None:
        raise WrongUseError(f"there is no job {job_id} of {shop}; trueup jobs --shop {shop} lists them")
    return job


async def show_job(client: Client, shop: str, job_id: str, *, as_json: bool, out: Console) -> Exit:
    """One job: its figures, and what failed with the sentence and the remedy."""
    job = await the_job(client, shop, job_id)
    if as_json:
        await print_job(client, job)
        return Exit.OK
    out.print(f"job {job_id} {job['direction']}, asked for by {job['requested_by'] or job['source']}", soft_wrap=True)
    out.print(standing(job))
    if job_has_ended(job):
        await show_summary(client, shop, job, out)
    elif (pause := pause_of(await client.shops.get(shop))) is not None:
        out.print(f"paused since {short_time(pause.since)}: {pause.message} {pause.remedy}")
    return Exit.OK
