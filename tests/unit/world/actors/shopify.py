"""Shopify as the protocol sees it: items, values with times of whole seconds, messages, compare-and-set under keys."""

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
"""The step in which the change was made, and the item."""


class Reading(NamedTuple):
    """What a read shows of one item; `date` is the reply's own date."""

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
    item: int
    value: int
    time: datetime


@dataclass(slots=True)
class Call:
    """A mutation on its way, its rows by item. It may arrive long after its sender has given up or died."""

    id: int
    key: int
    rows: Mapping[int, Target]
    left: datetime
    reply: Answer | NoReply | None = None


@dataclass(slots=True)
class Shopify:
    """Values per item. `on_set(key, item, before, after)` is told of every compare-and-set that took effect."""

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

    def new_item(self, value: int) -> None:
        """One more item; its value has stood since the start."""
        self.values.append(value)
        self.changed.append(START)

    def read(self, item: int) -> Reading:
        """The value now."""
        return Reading(self.values[item], self.changed[item], self.now)

    def change(self, step: int, item: int, delta: int, *, shared: bool = False) -> None:
        """An order, a cancellation or a set. `shared`: a message still on its way may carry this value, too."""
        self.values[item] += delta
        self.changed[item] = self.now
        if shared:
            for event in self.transit.values():
                if event.item == item and self.now - event.time <= QUICK:
                    event.value = self.values[item]
        self.transit[step, item] = Event((step, item), item, self.values[item], self.now)

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
        if self.compares and any(self.values[item] != row.change_from for item, row in call.rows.items()):
            return Answer(applied=False, at=self.now)
        for item, row in call.rows.items():
            before = self.values[item]
            if before != row.quantity:
                self.change(step, item, row.quantity - before)
            self.on_set(call.key, item, before, row.quantity)
        return Answer(applied=True, at=self.now)
