"""A job's progress BOM by BOM: live in a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from deploy.local.demo.shown.job_status import figures, job_has_ended, job_status
from deploy.local.demo.shown.watch import Wake, follow, the_end
from services.command_line.connections.client import Client
from services.command_line.terminal.tables import shorten
from shared.domain.job import JobState
from shared.mongodb.jobs.job import Job
from shared.mongodb.jobs.totals.bom_progress import BomProgress

MAX_BOMS = 200
"""Jobs of more BOMs are shown as a whole: a line for each would hide what matters."""

NOBODY_YET = "waiting until a reconciler takes the job"

_PATIENT_LOOKS = 4
_LIVE_ROWS = 12
_BAR = 40


async def watch_job(
    client: Client, shop: str, job_id: str, wake: Wake, out: Console, *, lines_per_bom: bool = True
) -> Job:
    """Follow a job to its end, showing its progress; returns how it ended."""
    if out.is_terminal:
        return await _live(client, shop, job_id, wake, out)
    return await _lines(client, shop, job_id, wake, out, per_bom=lines_per_bom)


async def _boms(client: Client, shop: str, job: Job) -> Sequence[BomProgress]:
    """The job's BOMs; none where there are too many to show one by one."""
    if job.planned is None:
        return ()
    page = await client.job_boms.page(shop, job.job_id, None, after=None, skip=0, limit=MAX_BOMS)
    return () if page.after is not None else page.boms


async def _lines(client: Client, shop: str, job_id: str, wake: Wake, out: Console, *, per_bom: bool) -> Job:
    """A line per BOM as it ends, and one per step of the job."""
    shown: set[str] = set()
    last_line = ""
    last: Job | None = None
    looks = 0
    async for job in follow(wake, lambda: client.listings.job(shop, job_id), job_has_ended):
        looks += 1
        if job is None or job.state is JobState.REQUESTED:
            if looks == _PATIENT_LOOKS:
                out.print(NOBODY_YET)
            continue
        last = job
        for bom in await _boms(client, shop, job) if per_bom else ():
            if bom.totals.open == 0 and bom.bom_id not in shown:
                shown.add(bom.bom_id)
                name = shorten(bom.name or bom.bom_id, 36)
                out.print(f"  {name:<36} {bom.totals.ended:>3} cells: {figures(bom.totals)}")
        line = job_status(job, await client.shops.get(shop))
        if line != last_line:
            last_line = line
            out.print(line)
    return the_end(last)


async def _live(client: Client, shop: str, job_id: str, wake: Wake, out: Console) -> Job:
    last: Job | None = None
    with Live(console=out, refresh_per_second=8, transient=True) as live:
        async for job in follow(wake, lambda: client.listings.job(shop, job_id), job_has_ended):
            if job is None or job.state is JobState.REQUESTED:
                live.update(Text(NOBODY_YET))
                continue
            last = job
            line = job_status(job, await client.shops.get(shop))
            live.update(_picture(job, line, await _boms(client, shop, job)))
    job = the_end(last)
    out.print(job_status(job))
    return job


def _picture(job: Job, line: str, boms: Sequence[BomProgress]) -> Group:
    done = sum(1 for bom in boms if bom.totals.open == 0)
    lines: list[Text | ProgressBar | Table] = [
        Text(line),
        ProgressBar(total=max(1, job.planned or 0), completed=job.totals.ended, width=_BAR),
    ]
    if boms:
        lines.append(Text(f"{done} of {len(boms)} BOMs done"))
        under_way = [bom for bom in boms if bom.totals.open]
        shown = (under_way or list(boms))[:_LIVE_ROWS]
        rows = Table.grid(padding=(0, 2))
        for bom in shown:
            bar = ProgressBar(total=bom.totals.total, completed=bom.totals.ended, width=12)
            rows.add_row(Text(shorten(bom.name or bom.bom_id, 30)), bar, Text(figures(bom.totals)))
        lines.append(rows)
        if len(under_way) > len(shown):
            lines.append(Text(f"… and {len(under_way) - len(shown)} more"))
    return Group(*lines)
