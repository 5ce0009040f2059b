"""Previews and jobs as the demo's report has them: ids as strings, figures in the order in which they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from shared.mongodb.jobs.cells.cell import Cell
from shared.mongodb.jobs.job import Job
from shared.mongodb.previews.preview import Preview, PreviewRow
from shared.mongodb.shops.shops import Shop

_INTERNAL = frozenset({"_id"})


def public_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document without what is only of use inside."""
    return {name: value for name, value in document.items() if name not in _INTERNAL}


def preview_document(preview: Preview) -> dict[str, Any]:
    """A preview and its figures, in the order in which they are stored."""
    failure, moves = preview.failure, preview.moves
    said = None if failure is None else {name: value for name, value in asdict(failure).items() if value is not None}
    only_of_some = {
        "trace": preview.trace,
        "run": preview.run_id,
        "kinds": preview.kinds,
        "milestones_apart": preview.milestones_apart,
        "moves": None if moves is None else [asdict(move) for move in moves],
    }
    return {
        "shop": preview.shop,
        "preview_id": preview.preview_id,
        "state": preview.state,
        "requested_by": preview.requested_by,
        "requested_at": preview.requested_at,
        "taken_from": preview.taken_from,
        "finished_at": preview.finished_at,
        "total": preview.total,
        "done": preview.done,
        "badges": None if preview.badges is None else asdict(preview.badges),
        "classes": preview.classes,
        "not_compared": preview.not_compared,
        "codes": preview.codes,
        "failure": said,
        **{name: value for name, value in only_of_some.items() if value is not None},
    }


def preview_row(stored: PreviewRow) -> dict[str, Any]:
    """A row of a preview: one cell with both values, or why there are none."""
    row = stored.row
    return {
        "bom_id": stored.key.bom_id,
        "bom_name": stored.bom_name,
        "location_id": stored.key.location_id,
        "location_name": stored.location_name,
        "inventory_item_id": stored.item_id,
        "shopify": None if row is None else row.shopify,
        "local": None if row is None else row.local,
        "base": None if row is None else row.base,
        "difference": stored.difference,
        "class": stored.cell_class,
        "suggested": stored.suggested,
        "reason": stored.reason,
        "code": stored.code,
    }


def job_document(job: Job) -> dict[str, Any]:
    """A job and its figures, in the order in which they are stored."""
    chosen = {name: value for name, value in asdict(job.options).items() if value is not None}
    left_out = job.leave_out
    return {
        "shop": job.shop,
        "job_id": job.job_id,
        "no": job.no,
        "direction": job.direction,
        "preview_id": job.preview_id,
        "source": job.source,
        "requested_by": job.requested_by,
        "options": chosen,
        "of_job_id": job.of_job_id,
        "with_not_compared": job.with_not_compared,
        "leave_out": None if left_out is None else {"classes": left_out.classes or None, "cells_no": left_out.cells_no},
        "without_codes": list(job.without_codes) or None,
        "approved": None if job.approved is None else asdict(job.approved),
        "state": job.state,
        "waits_for": job.waits_for,
        "planned": job.planned,
        "totals": asdict(job.totals),
        "codes": job.codes,
        "reasons": job.reasons,
        "first_errors": [asdict(one) for one in job.first_errors],
        "requested_at": job.requested_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "held": None if job.held is None else asdict(job.held),
        "cancel_requested": job.cancel_requested,
        "failure": None if job.failure is None else asdict(job.failure),
        **({} if job.trace is None else {"trace": job.trace}),
        **({"notes": [asdict(note) for note in job.notes]} if job.notes else {}),
        **({} if job.plan_failures == 0 else {"plan_failures": job.plan_failures}),
    }


def paused_document(shop: Shop | None) -> dict[str, Any]:
    """The field that tells of the shop's pause, in the form of the API; none where it is not paused."""
    pause = None if shop is None else shop.pause
    if pause is None:
        return {}
    return {"paused": {**asdict(pause), "since": pause.since.isoformat().replace("+00:00", "Z")}}


def job_cell(cell: Cell) -> dict[str, Any]:
    """A cell of a job as it has ended."""
    return {
        "bom_id": cell.key.bom_id,
        "bom_name": cell.bom_name,
        "location_id": cell.key.location_id,
        "state": cell.state,
        "reason": cell.reason,
        "code": cell.code,
        "detail": cell.detail,
        "shopify_before": cell.shopify_before,
        "shopify_after": cell.shopify_after,
        "local_before": cell.local_before,
        "local_after": cell.local_after,
    }
