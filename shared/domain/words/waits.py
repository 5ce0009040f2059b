"""What an unfinished run waits for, each with a sentence a merchant understands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class WaitReason(StrEnum):
    """Why the cells of a job are not worked on now."""

    THROTTLED = "throttled"
    BUDGET = "budget"
    OUTCOME = "outcome"
    NO_ANSWER = "no_answer"
    FAULT = "fault"


WAITS: Mapping[WaitReason, str] = {
    WaitReason.THROTTLED: "Shopify takes no more calls for this shop for the moment.",
    WaitReason.BUDGET: "What the app may ask of Shopify at a time is used up; it is restored steadily.",
    WaitReason.OUTCOME: "Shopify has not told yet whether a change was taken; until it has, nothing is sent again.",
    WaitReason.NO_ANSWER: "Shopify does not answer, or answers with an error of its own.",
    WaitReason.FAULT: "The app met an error of its own; its log names it. It tries again by itself.",
}
"""What each means. The run goes on by itself after every one of them."""


def wait_explained(reason: str) -> str:
    """The sentence of a stored reason."""
    return WAITS[WaitReason(reason)] if reason in set(WaitReason) else "It goes on by itself."


_WAITED_OUT = timedelta(seconds=15)
"""This long after its end a wait is over, though nobody has said so: whoever waited may have died."""


@dataclass(frozen=True, slots=True)
class JobWait:
    """What an unfinished job waits for, and when it is tried again; it goes on by itself."""

    reason: str
    since: datetime
    until: datetime
    message: str


def job_wait(reason: str, since: datetime, until: datetime, now: datetime) -> JobWait | None:
    """A wait with its sentence, None where it is over by `now`."""
    return None if until + _WAITED_OUT < now else JobWait(reason, since, until, wait_explained(reason))
