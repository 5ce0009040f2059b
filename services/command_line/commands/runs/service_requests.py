"""Asking for jobs and previews: the document first, so that the request stands whatever becomes of its message."""

from __future__ import annotations

from contextlib import suppress

from services.command_line.connections.client import Client
from services.preview.computing.requests import PreviewRequests
from shared.contract.messages import JobCancel, JobRequest, Message, PreviewRequest
from shared.errors import BrokerUnavailable
from shared.rabbitmq.topology import JOB_CANCEL, JOB_REQUEST, PREVIEW_REQUEST
from shared.setting_groups import JobLimitSettings, PreviewLimitSettings
from shared.settings import part_of


async def ask_for_preview(client: Client, request: PreviewRequest) -> None:
    """Ask for a preview; one too many has ended at once, with its code."""
    limit = part_of(client.settings, PreviewLimitSettings).open_previews_per_shop
    requests = PreviewRequests(client.previews, client.boms, client.publisher, max_open=limit, wake=_nobody)
    if await requests.take(request):
        await _publish(client, PREVIEW_REQUEST, request)


async def ask_for_job(client: Client, request: JobRequest) -> None:
    """Ask for a job; one too many has ended at once, with its code."""
    await client.jobs.ask(request, max_open=part_of(client.settings, JobLimitSettings).open_jobs_per_shop)
    await _publish(client, JOB_REQUEST, request)


async def ask_to_cancel(client: Client, shop: str, job_id: str) -> None:
    """Ask for a job's end."""
    await client.jobs.request_cancel(shop, job_id)
    await _publish(client, JOB_CANCEL, JobCancel(shop=shop, job_id=job_id))


async def _publish(client: Client, key: str, message: Message) -> None:
    """Without its message a request is found in the documents, a few seconds later."""
    with suppress(BrokerUnavailable):
        await client.publisher.command(key, message)


def _nobody() -> None:
    """Those who compute are other processes: the message wakes them."""
