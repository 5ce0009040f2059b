"""A job of the API in words: where it stands, what it came to, and what did not go through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.command_line.outcome import Exit
from services.command_line.terminal.lists import short_time
from services.command_line.terminal.tables import Column, number, show_table
from shared.domain.comparison import Reason
from shared.domain.job import UNFINISHED_JOB_STATES

if TYPE_CHECKING:
    from rich.console import Console

    from services.command_line.api.client import Api, Json

MAX_LINES = 100
"""Places shown one by one."""

QUIET = frozenset({Reason.IN_SYNC, Reason.ALREADY_EQUAL})
"""Reasons that only say that both sides agreed: counted, not listed."""

CELLS = (
    Column("BOM", "name", 3),
    Column("Location", "name", 2),
    Column("Shopify", "number"),
    Column("Local", "number"),
    Column("Error or reason"),
)


def ended(job: Json) -> bool:
    """Whether it changes no more."""
    return job["state"] not in UNFINISHED_JOB_STATES


def exit_of(job: Json) -> Exit:
    """0 where every place went through; a job cancelled on purpose has failed nothing."""
    failed = job["totals"]["errors"] or job["state"] == "failed"
    return Exit.CELLS_FAILED if failed else Exit.OK


def figures(totals: Json) -> str:
    """The ended cells by outcome."""
    parts = [f"updated {totals['updated']}", f"skipped {totals['skipped']}", f"errors {totals['errors']}"]
    if totals["cancelled"]:
        parts.append(f"cancelled {totals['cancelled']}")
    return ", ".join(parts)


def status(job: Json) -> str:
    """Where it stands, on one line; where it does not go on now, also why."""
    reason = None if ended(job) else holding(job)
    return _stands(job) + ("" if reason is None else f"; {reason}")


def _stands(job: Json) -> str:
    totals = job["totals"]
    if job["state"] == "waiting":
        return f"waiting for job {job['waits_for']}"
    if not totals["total"]:
        return str(job["state"])
    done = totals["total"] - totals["pending"] - totals["applying"]
    return f"{job['state']}: {done} of {totals['total']} cells; {figures(totals)}"


def holding(job: Json) -> str | None:
    """Why an unfinished job does not go on now, in a sentence with the remedy; None: nothing holds it."""
    if (pause := job["paused"]) is not None:
        return f"paused since {short_time(pause['since'])}: {pause['message']} {pause['remedy']}"
    if (wait := job["held"]) is not None:
        return f"waits until {wait['until'][11:19]}: {wait['message']}"
    return None


async def show_summary(api: Api, job: Json, out: Console) -> None:
    """What ended with an error or a reason, what the codes mean, and the totals."""
    if (failure := job["failure"]) is not None:
        remedy = f" {failure['remedy']}" if failure["remedy"] else ""
        out.print(f"the job failed: {failure['code']}: {failure['message']}{remedy}")
        return
    lines, more = await _worth_a_line(api, job)
    if lines:
        show_table(out, CELLS, lines)
    if more:
        out.print(f"… and {more} more: trueup jobs export {job['job_id']} has all")
    for code in job["codes"]:
        out.print(f"{code['code']} ({code['count']}): {code['message'] or ''} {code['remedy'] or ''}".rstrip())
    for reason in job["reasons"]:
        out.print(f"{reason['reason']} ({reason['count']}): {reason['message'] or ''}".rstrip())
    out.print(summary_line(job["totals"]), style="bold")


def summary_line(totals: Json) -> str:
    """Total = Updated + Skipped + Errors (+ Cancelled, shown when not zero)."""
    named = ["total", "updated", "skipped", "errors", *(["cancelled"] if totals["cancelled"] else [])]
    return "   ".join(f"{name.capitalize()} {totals[name]}" for name in named)


async def _worth_a_line(api: Api, job: Json) -> tuple[list[Sequence[str]], int]:
    """The failed cells first, then those skipped for a reason that a person may act on; and how many more."""
    lines: list[Sequence[str]] = []
    acted = [reason["reason"] for reason in job["reasons"] if reason["reason"] not in QUIET]
    wanted: list[dict[str, object]] = [{"state": "error"}, *({"state": "skipped", "reason": one} for one in acted)]
    total = 0
    for query in wanted:
        page = await api.get(f"/api/jobs/{job['job_id']}/cells", limit=MAX_LINES, **query)
        total += page["total"]
        lines += [_line(cell) for cell in page["items"]]
    shown = lines[:MAX_LINES]
    return shown, total - len(shown)


def _line(cell: Json) -> Sequence[str]:
    return (
        cell["bom_name"] or cell["bom_id"],
        cell["location_name"] or cell["location_id"],
        number(cell["shopify_after"]),
        number(cell["local_after"]),
        cell["code"] or cell["reason"] or "",
    )
