"""What is stored of jobs, their cells and pushes, and of who is at work."""

from __future__ import annotations

from dataclasses import fields

from shared.domain.cell import CellState
from shared.domain.comparison import Direction
from shared.domain.job import JobSource, JobState, Totals
from shared.domain.push import PushState, RowOutcome
from shared.mongodb.catalogue.documents import KEPT, SELECTION
from shared.mongodb.described import Described, Fields, inside, of_shop, words
from shared.mongodb.jobs.job import FinishedEvent
from shared.mongodb.previews.documents import ROW

OPTIONS: Fields = {
    "allow_negative": ("boolean or absent", "absent: the shop's setting counts"),
    "activate": ("boolean or absent", "stock items where Shopify does not stock them"),
}
"""Choices of one job."""

LEFT_OUT: Fields = {
    "classes": ("list of string or null or absent", "those of whole classes"),
    "cells": ("list of object or null or absent", "one by one"),
    "cells[].bom_id": ("string", ""),
    "cells[].location_id": ("string", ""),
    "bom_ids": ("list of string or null or absent", "BOMs with all their cells"),
    "keep": ("list of object or null or absent", "cells that stay, though their class or BOM is left out"),
    "keep[].bom_id": ("string", ""),
    "keep[].location_id": ("string", ""),
}
"""Rows of a preview that a person has left out."""

JOBS = Described(
    "jobs",
    "A job and its figures, which are derived from its cells. Written by `jobs/jobs`.",
    {
        **of_shop("shop, job_id"),
        "job_id": ("string", "a ULID, the client's"),
        "no": ("number or null", "its place in the shop's order; null: not planned yet"),
        "direction": ("string", words(Direction)),
        "selection": ("object", "what it is of"),
        **inside("selection", {**SELECTION, **KEPT}),
        "preview_id": ("string or null", "whose rows were approved"),
        "source": ("string", words(JobSource)),
        "requested_by": ("string", ""),
        "requested_at": ("date", ""),
        "options": ("object", ""),
        **inside("options", OPTIONS),
        "of_job_id": ("string or null", "the job that it repeats or undoes"),
        "left_out": (
            "boolean",
            "a retry of what was not compared, too; messages and the API call it `with_not_compared`",
        ),
        "leave_out": ("object or null", "rows of the preview that are no part of it"),
        **inside("leave_out", LEFT_OUT),
        "leave_out.cells_no": ("number", "how many one by one"),
        "leave_out.boms_no": ("number or absent", "how many BOMs"),
        "approved": ("object or null or absent", "what was told before the start; null or absent: nobody asked"),
        "approved.cells": ("number", "cells that were to change"),
        "approved.boms": ("number", "BOMs with such a cell"),
        "approved.left_out": ("number", "cells that differ and were left out"),
        "approved.refused": ("object", ""),
        "approved.refused.*": ("number", "cells that could not be changed, by code or reason"),
        **inside("leave_out", KEPT),
        "without_codes": ("list of string or null or absent", "a retry leaves out the cells that failed with these"),
        "notes": ("list of object or absent", "what people have written about it, a few"),
        "notes[].note_id": ("string", "a ULID, the client's"),
        "notes[].text": ("string", ""),
        "notes[].by": ("string", "who"),
        "notes[].at": ("date", ""),
        "state": ("string", words(JobState)),
        "waits_for": ("string or null", "the job that it waits for"),
        "planned": ("number or null", "its cells; null: they were not made yet"),
        "planning_batches": ("number or absent", "raised by each batch of cells, so that a cancellation conflicts"),
        "plan_failures": ("number or absent", "tries of planning that failed"),
        "tallied": ("boolean or absent", "its ended cells are tallied; absent: an older build ended some untallied"),
        "published_to": ("number or absent", "the mark: cells with a lower number have been published"),
        "publishing": ("object or null or absent", "a claim of cells that are being published"),
        "publishing.claim": ("string", "its name"),
        "publishing.from": ("number", "where the mark stood before"),
        "publishing.until": ("date", "from then on another may publish them"),
        "stood": ("list of object or absent", "where the mark stood of late, to find cells that are silent"),
        "stood[].at_no": ("number", "the mark"),
        "stood[].at": ("date", ""),
        "totals": ("object", "cells, as last derived"),
        **inside(
            "totals",
            dict.fromkeys([total.name for total in fields(Totals)], ("number", "")),
        ),
        "codes": ("object", ""),
        "codes.*": ("number", "cells by code"),
        "reasons": ("object", ""),
        "reasons.*": ("number", "cells by reason"),
        "first_errors": ("list of object", "some of its cells that failed"),
        "first_errors[].bom_id": ("string", ""),
        "first_errors[].location_id": ("string", ""),
        "first_errors[].bom_name": ("string or null", ""),
        "first_errors[].code": ("string or null", ""),
        "first_errors[].detail": ("string or null", "in Shopify's own words"),
        "started_at": ("date or null", ""),
        "finished_at": ("date or null", ""),
        "cancel_requested": ("boolean", ""),
        "held": ("object or null", "what it waits for while it runs"),
        "held.reason": ("string", ""),
        "held.since": ("date", ""),
        "held.until": ("date", "when it is tried again"),
        "failure": ("object or null", "why it failed as a whole"),
        "failure.code": ("string", ""),
        "failure.message": ("string", ""),
        "finished_event": ("string or absent", f"{words(FinishedEvent)}: whether `job.finished` was confirmed"),
        "trace": ("string or absent", "the span in which it was asked for, where that was traced"),
    },
)

CELLS = Described(
    "cells",
    "A cell of a job: what was approved, how far it is, and how it ended. Written by `jobs/cells`.",
    {
        **of_shop("shop, job_id, bom_id, location_id"),
        "job_id": ("string", ""),
        "bom_id": ("string", ""),
        "location_id": ("string", ""),
        "no": ("number", "its place in the job"),
        "item_id": ("string or null", "null: there is no such BOM"),
        "bom_name": ("string or null", ""),
        "state": ("string", words(CellState)),
        "open": ("boolean or absent", "true until it has ended: no other job may have the cell"),
        "row": ("object or null", "what was approved, or what a worker has read itself"),
        **inside("row", ROW),
        "undo": ("object or null", "what is to be undone"),
        "undo.direction": ("string", "of the first job"),
        "undo.d": ("number", "before less after of what it changed"),
        "undo.first_count": ("boolean", "it gave the cell its first count"),
        "undo.settle_no": ("number", "as its settling left it"),
        "undo.tracks_rev": ("number", "likewise"),
        "undo.first": ("boolean", "the two sides had never agreed before"),
        "left_out": ("string or null", "why its preview could not compare it; the record calls it `not_compared`"),
        "attempts": ("number", "how often work on it began"),
        "push_id": ("string or null", "its last push"),
        "pushes_made": ("number", ""),
        "activation": ("object or absent", "noted before Shopify is asked to stock its item"),
        "activation.key": ("string", "the call's idempotency key"),
        "activation.held": ("number", "what the level held before"),
        "activation.local": ("number or null", "the cell's stock as it stood"),
        "activation.manual_total": ("number", ""),
        "activation.settle_no": ("number", ""),
        "activation.events_no": ("number", ""),
        "activation.tracks_rev": ("number", ""),
        "freed_at": ("date or absent", "when its place in the window was freed: it is published again"),
        "published_at": ("date or absent", "when it was published again by itself; absent: the job's mark tells"),
        "claim": ("string or absent", "under which it was published again"),
        "created_at": ("date", ""),
        "ended_at": ("date or absent", ""),
        "reason": ("string or null", "why it was skipped"),
        "code": ("string or null", "how it failed, or why it was cancelled"),
        "detail": ("string or null", "in Shopify's own words"),
        "shopify_before": ("number or null or absent", "absent: it has not ended"),
        "shopify_after": ("number or null or absent", ""),
        "local_before": ("number or null or absent", "absent: nothing is known of it"),
        "local_after": ("number or null or absent", ""),
        "settled": (
            "object or absent",
            "what its settling left behind: an undo finds by it whether another came since",
        ),
        "settled.settle_no": ("number", ""),
        "settled.tracks_rev": ("number", ""),
        "settled.first": ("boolean", "the two sides had never agreed before"),
    },
)

TALLIES = Described(
    "tallies",
    "How many cells of a job ended in one way, by one transaction or, summed up, by several. Written by `jobs/totals`.",
    {
        **of_shop("shop, job_id, a ULID"),
        "job_id": ("string", ""),
        "state": ("string", words(CellState)),
        "code": ("string or null", "of the cells"),
        "reason": ("string or null", "likewise"),
        "cells": ("number", "how many"),
    },
)

PUSHES = Described(
    "pushes",
    "A push: one mutation, written before it is sent. Written by `jobs/pushes`.",
    {
        **of_shop("shop, push_id"),
        "push_id": ("string", "Shopify's idempotency key"),
        "state": ("string", words(PushState)),
        "body": ("string", "the exact text that is sent"),
        "rows": ("list of object", "its cells"),
        "rows[].job_id": ("string", ""),
        "rows[].bom_id": ("string", ""),
        "rows[].location_id": ("string", ""),
        "rows[].item_id": ("string", ""),
        "rows[].quantity": ("number", "what Shopify is set to"),
        "rows[].change_from": ("number", "if it still holds this"),
        "rows[].manual_used": ("number", "the hand adjustments inside it"),
        "rows[].tracks_rev": ("number", "under which it was made"),
        "sends": ("number", ""),
        "not_run": ("number or absent", "sends that are known not to have been executed"),
        "first_sent_at": ("date or absent", "Shopify's time of the first send that may have been executed"),
        "last_sent_at": ("date or absent", "Shopify's time"),
        "created_at": ("date", "for a person who looks"),
        "closed_at": ("date or absent", "for a person who looks"),
        "outcomes": ("list of object or absent", "row by row"),
        "outcomes[].outcome": ("string", words(RowOutcome)),
        "outcomes[].code": ("string or null", "of a refusal"),
        "outcomes[].detail": ("string or null", "in Shopify's own words"),
        "adjusted_at": ("date or null or absent", "Shopify's time of the change"),
        "whole": ("boolean or absent", "it was refused without saying which row is to blame"),
    },
)

PARTITIONS = Described(
    "partitions",
    "A cell queue that somebody holds. Written by `jobs/leases`.",
    {
        "_id": ("number", "of the queue"),
        "owner": ("string", "the process"),
        "until": ("date", ""),
    },
)

REPLICAS = Described(
    "replicas",
    "A process that shares in the cell queues. Written by `jobs/leases`.",
    {"_id": ("string", "the process"), "until": ("date", "")},
)

CONSTANTS = Described(
    "constants",
    "What is true of all shops, and may not change under running processes. Written by `jobs/leases` (partitions), "
    "`upgrade` (stock_form), `notices/watermark` and `notices/mail`.",
    {
        "_id": (
            "string",
            "what it is of: partitions, stock_form, notices_watermark (looked so far), mail (who it is from)",
        ),
        "value": ("number or date or string or null", "null: no mails are sent"),
    },
)

DOCUMENTS = (JOBS, CELLS, TALLIES, PUSHES, PARTITIONS, REPLICAS, CONSTANTS)
