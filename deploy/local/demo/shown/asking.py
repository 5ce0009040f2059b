"""Asking for jobs and previews: the document first, so that the request stands whatever becomes of its message."""

from __future__ import annotations

from contextlib import suppress

from ulid import ULID

from services.command_line.connections.client import Client
from services.command_line.outcome import REQUESTED_BY
from services.preview.computing.requests import PreviewRequests
from shared.contract.messages import JobOptions, JobRequest, Message, PreviewRequest
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.errors import BrokerUnavailable
from shared.rabbitmq.topology import PREVIEW_REQUEST
from shared.setting_groups import PreviewLimitSettings
from shared.settings import part_of


async def ask_for_preview(client: Client, request: PreviewRequest) -> None:
    """Ask for a preview; one too many has ended at once, with its code."""
    limit = part_of(client.settings, PreviewLimitSettings).open_previews_per_shop
    requests = PreviewRequests(client.previews, client.boms, client.publisher, max_open=limit, wake=_nobody)
    if await requests.take(request):
        await _publish(client, PREVIEW_REQUEST, request)


async def _publish(client: Client, key: str, message: Message) -> None:
    """Without its message a request is found in the documents, a few seconds later."""
    with suppress(BrokerUnavailable):
        await client.publisher.command(key, message)


def _nobody() -> None:
    """Those who compute are other processes: the message wakes them."""


def job_request(
    shop: str,
    direction: Direction,
    selection: SelectionBody,
    *,
    preview_id: str | None = None,
    source: JobSource = JobSource.API,
    of_job_id: str | None = None,
    options: JobOptions | None = None,
) -> JobRequest:
    """The message that asks for a job, under a new id."""
    return JobRequest(
        shop=shop,
        job_id=str(ULID()),
        direction=direction,
        selection=selection,
        preview_id=preview_id,
        source=source,
        of_job_id=of_job_id,
        requested_by=REQUESTED_BY,
        options=options or JobOptions(),
    )
