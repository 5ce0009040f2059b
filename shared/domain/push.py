"""The life of one push: a mutation body that is written before it is sent and never changed afterwards.

Pushes fence: a cell names exactly one current push, and a new body is made only by closing the old one.
"""

# Relies on what is believed of Shopify (docs/shopify-facts.md): key.life.

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

KEY_LIFE = timedelta(hours=24)
"""How long Shopify keeps an idempotency key."""

SEND_DEADLINE = timedelta(seconds=60)
"""A send gives up this long after its date, checked immediately before it."""

LONGEST_EXECUTION = timedelta(seconds=120)
"""The longest time Shopify may take over a call it has received; evidence is read later than both together."""


class PushState(StrEnum):
    """`open`: made, perhaps sent. `answered`: Shopify's answer is its outcome. `withdrawn`: never sent.
    `judged`: settled by evidence, after Shopify had forgotten the key."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    JUDGED = "judged"


class RowOutcome(StrEnum):
    """What Shopify's answer says of one row of a push."""

    APPLIED = "applied"
    STALE = "stale"
    REFUSED = "refused"
    NOT_APPLIED = "not_applied"
    UNKNOWN = "unknown"


class Resend(StrEnum):
    """What to do with a push whose outcome is unclear."""

    SAME_KEY = "same_key"
    WAIT_FOR_EVIDENCE = "wait_for_evidence"
    JUDGE = "judge"


def resend(first_sent: datetime | None, now: datetime) -> Resend:
    """Whether the same body under the same key still tells the outcome, or evidence must.

    `first_sent` and `now` are Shopify's times. Near the end of the key's life nothing is sent: the key must be
    known when the call executes, not only when it leaves.
    """
    if first_sent is None:
        return Resend.SAME_KEY
    age = now - first_sent
    if age < KEY_LIFE - SEND_DEADLINE - LONGEST_EXECUTION:
        return Resend.SAME_KEY
    if age < KEY_LIFE + SEND_DEADLINE + LONGEST_EXECUTION:
        return Resend.WAIT_FOR_EVIDENCE
    return Resend.JUDGE


def judge_push(available_updated_at: datetime, first_sent: datetime) -> RowOutcome:
    """What a read says of a push nobody can ask Shopify about any more.

    Only a value untouched since before the second of the first send proves that the push was not applied;
    anything else, the target value included, proves nothing.
    """
    if available_updated_at < first_sent.replace(microsecond=0):
        return RowOutcome.NOT_APPLIED
    return RowOutcome.UNKNOWN


def may_have_been_applied(value: int, value_time: datetime, target: int, first_sent: datetime, *, vague: bool) -> bool:
    """Whether a row that Shopify's answer calls not applied may have been applied all the same.

    That a refused call applies nothing is nowhere promised. A row that now holds its target, set not before the
    second of the first send, may be our own work: pushing the correction again could double it.

    `vague`: the answer may be that of a second execution, which the first one made stale, or it lists changes of which
    one cannot say whose they are. Then whatever has changed since the first send may hold the correction already.
    """
    return value_time >= first_sent.replace(microsecond=0) and (vague or value == target)


def would_apply_twice(value: int, value_time: datetime, change_from: int, first_sent: datetime) -> bool:
    """Whether executing a call again could apply a row a second time, though it compares before it sets.

    One developer saw a key execute twice. A row that has changed since the first send and is back at the value it is
    compared with would be set again.
    """
    return value == change_from and value_time >= first_sent.replace(microsecond=0)
