"""A schedule as all but its store see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.contract.messages import JobOptions
from shared.contract.selection import SelectionBody
from shared.domain.comparison import Direction
from shared.domain.run_limits import DEFAULT_LIMITS, RunLimits
from shared.domain.schedule import Action, Missed, Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleWanted:
    """What a person says of a schedule. `direction` None: of a preview; `time_zone` None: the shop's."""

    name: str
    enabled: bool
    action: Action
    direction: Direction | None
    selection: SelectionBody
    options: JobOptions
    timing: Timing
    time_zone: str | None
    missed: Missed
    limits: RunLimits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule. `next_at`: its next moment; None: it is switched off. `time_zone` None: the shop's.

    Its selection and options are read when they are asked for: what cannot be read is the trouble of its own schedule.
    """

    shop: str
    schedule_id: str
    name: str
    enabled: bool
    action: Action
    direction: Direction | None
    timing: Timing
    time_zone: str | None
    missed: Missed
    limits: RunLimits
    target_url: str | None
    rev: int
    next_at: datetime | None
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    _selection: Mapping[str, Any] = field(repr=False)
    _options: Mapping[str, Any] = field(repr=False)

    @property
    def selection(self) -> SelectionBody:
        """What it is about. Raises ValidationError for one that only an older build can have taken."""
        return SelectionBody.model_validate(self._selection)

    @property
    def options(self) -> JobOptions:
        """Choices of its jobs. Raises ValidationError as above."""
        return JobOptions.model_validate(self._options)


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where the outcomes of a schedule are delivered, signed by each secret that counts now, the current one first."""

    url: str
    secrets: tuple[bytes, ...] = field(repr=False)
