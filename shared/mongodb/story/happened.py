"""One thing that has happened to a cell, as all but its reader see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.story import GROUPS, Sides, StoryGroup, StoryKind
from shared.mongodb.drift.missed import MissedWebhook
from shared.mongodb.jobs.cells.cell import Cell
from shared.mongodb.jobs.job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What has happened, and both sides before and after it.

    `name` tells it from all others of the cell. `changed`: a side moved, so the ledger tells of it. `by`: who did it,
    as it is kept; `job` with its `cell`, and the job that this one undoes or retries, where a run did it; `missed`: the
    evidence of a change that nothing told of; `note`: why, in the words of whoever counted.
    """

    name: str
    at: datetime
    kind: StoryKind
    before: Sides
    after: Sides
    changed: bool
    cause: str
    reference: str
    by: str | None = None
    job: Job | None = None
    of_job: Job | None = None
    cell: Cell | None = None
    missed: MissedWebhook | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class StoryWanted:
    """Which parts of a story; None: any. `since` is in it, `until` is not."""

    group: StoryGroup | None = None
    since: datetime | None = None
    until: datetime | None = None

    def has(self, kind: StoryKind, at: datetime) -> bool:
        """Whether it is wanted."""
        return (self.group is None or GROUPS[kind] is self.group) and self.has_time(at)

    def has_time(self, at: datetime) -> bool:
        """Whether it happened then."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)

    def may_have(self, *groups: StoryGroup) -> bool:
        """Whether something of these groups may be wanted."""
        return self.group is None or self.group in groups


ALL_OF_IT = StoryWanted()
