"""Every routing key with the body it carries, as the AsyncAPI document describes it.

Run as a program (`python -m shared.rabbitmq.described`) it prints the document.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from shared.contract import messages
from shared.contract.asyncapi import Channel, asyncapi_document
from shared.contract.messages import Message
from shared.rabbitmq import topology


def _queues(key: str) -> tuple[str, ...]:
    return tuple(queue.name for queue in topology.QUEUES if key in queue.keys)


def _command(key: str, model: type[Message], summary: str) -> Channel:
    return Channel(key, topology.CLIENTS, "receive", summary, model, _queues(key), public=True)


def _event(key: str, model: type[Message], summary: str) -> Channel:
    return Channel(key, topology.EVENTS, "send", summary, model, _queues(key))


CHANNELS: tuple[Channel, ...] = (
    _command(
        topology.PREVIEW_REQUEST,
        messages.PreviewRequest,
        "Ask for a preview. Where the shop has as many open as it may, it ends as failed: `TOO_MANY_PREVIEWS`.",
    ),
    _command(
        topology.JOB_REQUEST,
        messages.JobRequest,
        "Start a job. Where the shop has as many open as it may, it ends as failed: `TOO_MANY_JOBS`.",
    ),
    _command(topology.JOB_CANCEL, messages.JobCancel, "Cancel what a job has not begun."),
    _command(topology.BOM_UPSERT, messages.BomUpsert, "Create or change a BOM."),
    _command(topology.BOM_REMOVE, messages.BomRemove, "Remove a BOM."),
    _command(topology.COUNT_ADJUST, messages.CountAdjust, "Adjust the count of a cell by hand."),
    Channel(
        "cell.{partition}",
        topology.COMMANDS,
        "receive",
        "One cell of a job; Trueup's planner sends it to its workers.",
        messages.CellWork,
        tuple(queue.name for queue in topology.CELLS),
        parameter=f"crc32 of the shop's domain in lower case, modulo {topology.PARTITIONS}.",
    ),
    _event(topology.CELLS_FINISHED, messages.CellsFinished, "Cells of a job have ended."),
    _event(topology.JOB_PROGRESS, messages.JobProgress, "The figures of a job."),
    _event(topology.JOB_FINISHED, messages.JobFinished, "A job has ended."),
    _event(topology.PREVIEW_PROGRESS, messages.PreviewProgress, "How far a preview is."),
    _event(topology.PREVIEW_READY, messages.PreviewReady, "A preview has ended."),
    _event(topology.DRIFT_DETECTED, messages.DriftDetected, "A missed webhook was found."),
    _event(topology.NOTICES_CHANGED, messages.NoticesChanged, "What a shop is told has changed."),
    Channel(
        "inventory_levels.update",
        topology.WEBHOOKS,
        "receive",
        "The verified bytes of a Shopify webhook, under its topic with dots.",
        None,
        (topology.INDEXING.name,),
    ),
)
"""All of them."""

MODELS: Mapping[str, type[Message]] = {c.key: c.model for c in CHANNELS if c.model is not None and c.public}
"""The bodies that any client may publish, by their keys."""


def document() -> dict[str, Any]:
    """The AsyncAPI document of this build."""
    return asyncapi_document(CHANNELS)


def print_document(output: TextIO = sys.stdout) -> None:
    """Write the document as JSON."""
    json.dump(document(), output, indent=2)
    output.write("\n")


if __name__ == "__main__":
    print_document()
