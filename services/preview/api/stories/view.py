"""The life of a cell as it is shown."""

from __future__ import annotations

from services.preview.api.stories.models import StoryEvent, StoryLine, StoryRun
from services.preview.api.stories.sentences import told, who, why
from shared.domain.story import GROUPS
from shared.mongodb.story.happened import Happened


def story_event(one: Happened) -> StoryEvent:
    """One thing that has happened."""
    return StoryEvent(
        event_id=one.name,
        at=one.at,
        kind=one.kind,
        group=GROUPS[one.kind],
        changed=one.changed,
        told=told(one),
        why=_why(one),
        who=who(one),
        by=one.by or (None if one.job is None or one.missed is not None else one.job.requested_by),
        count_before=one.before.count,
        count_after=one.after.count,
        shopify_before=one.before.base,
        shopify_after=one.after.base,
        reference=None if one.job is not None else one.reference,
        run=_run(one),
    )


def _why(one: Happened) -> str | None:
    """What it means, and the note of whoever counted."""
    parts = [part for part in (why(one), None if one.note is None else f"Note: {one.note}") if part]
    return " ".join(parts) or None


def _run(one: Happened) -> StoryRun | None:
    job, cell = one.job, one.cell
    if job is None:
        return None
    return StoryRun(
        job_id=job.job_id,
        no=job.no,
        direction=job.direction,
        source=job.source,
        requested_at=job.requested_at,
        of_job_id=job.of_job_id,
        of_no=None if one.of_job is None else one.of_job.no,
        shopify_before=None if cell is None else cell.shopify_before,
        shopify_after=None if cell is None else cell.shopify_after,
        code=None if cell is None or cell.code is None else str(cell.code),
        reason=None if cell is None or cell.reason is None else str(cell.reason),
    )


def story_line(one: Happened) -> StoryLine:
    """The same as a line of the table."""
    shown = story_event(one)
    return StoryLine(
        at=shown.at,
        what=" ".join(part for part in (shown.told, shown.why) if part),
        who=shown.who,
        count_before=shown.count_before,
        count_after=shown.count_after,
        shopify_before=shown.shopify_before,
        shopify_after=shown.shopify_after,
        kind=shown.kind,
        run=None if shown.run is None else shown.run.no,
        job_id=None if shown.run is None else shown.run.job_id,
        reference=shown.reference,
        event_id=shown.event_id,
    )
