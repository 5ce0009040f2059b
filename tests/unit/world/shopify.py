"""Shopify as the protocol sees it: values with times of whole seconds, messages, compare-and-set under keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NamedTuple

from shared.domain.plan import Target
from shared.domain.push import KEY_LIFE

START = datetime(2026, 1, 1, tzinfo=UTC)
QUICK = timedelta(seconds=1)
"""Two changes this close may share one payload: that of the last."""

EventId = tuple[int, int]
"""The step in which the change was made, and the cell."""


class Reading(NamedTuple):
    """What a read shows of one cell; `date` is the reply's own date."""

    value: int
    updated_at: datetime
    date: datetime


class Answer(NamedTuple):
    """The answer to a mutation: all rows applied at `at`, or none."""

    applied: bool
    at: datetime


class NoReply(Enum):
    """The sender gave up: the call may have been executed, or may be yet."""

    UNCLEAR = "unclear"


@dataclass(slots=True)
class Event:
    """An `inventory_levels/update` message."""

    id: EventId
    cell: int
    value: int
    time: datetime


@dataclass(slots=True)
class Call:
    """A mutation on its way. It may arrive long after its sender has given up or died."""

    id: int
    key: int
    rows: Mapping[int, Target]
    left: datetime
    reply: Answer | NoReply | None = None


@dataclass(slots=True)
class Shopify:
    """Values per cell. `on_set(key, cell, before, after)` is told of every compare-and-set that took effect."""

    values: list[int]
    on_set: Callable[[int, int, int, int], None]
    compares: bool = True
    now: datetime = START
    changed: list[datetime] = field(default_factory=list)
    transit: dict[EventId, Event] = field(default_factory=dict)
    sent_before: dict[EventId, Event] = field(default_factory=dict)
    calls: dict[int, Call] = field(default_factory=dict)
    answers: dict[int, Answer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """All values have stood since the start."""
        self.changed = [self.now] * len(self.values)

    def read(self, cell: int) -> Reading:
        """The value now."""
        return Reading(self.values[cell], self.changed[cell], self.now)

    def change(self, step: int, cell: int, delta: int, *, shared: bool = False) -> None:
        """An order, a cancellation or a set. `shared`: a message still on its way may carry this value, too."""
        self.values[cell] += delta
        self.changed[cell] = self.now
        if shared:
            for event in self.transit.values():
                if event.cell == cell and self.now - event.time <= QUICK:
                    event.value = self.values[cell]
        self.transit[step, cell] = Event((step, cell), cell, self.values[cell], self.now)

    def execute(self, step: int, call: Call) -> None:
        """A call arrives. A known key repeats its answer; else all rows are compared, then all are set, or none."""
        del self.calls[call.id]
        answer = self.answers.get(call.key)
        if answer is None or self.now - answer.at >= KEY_LIFE:
            answer = self._set(step, call)
            self.answers[call.key] = answer
        if call.reply is None:
            call.reply = answer

    def _set(self, step: int, call: Call) -> Answer:
        if self.compares and any(self.values[cell] != row.change_from for cell, row in call.rows.items()):
            return Answer(applied=False, at=self.now)
        for cell, row in call.rows.items():
            before = self.values[cell]
            if before != row.quantity:
                self.change(step, cell, row.quantity - before)
            self.on_set(call.key, cell, before, row.quantity)
        return Answer(applied=True, at=self.now)
