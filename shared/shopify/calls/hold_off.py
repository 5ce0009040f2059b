"""How long nothing is sent for a shop after Shopify has said: not now."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from shared.running.backoff import LONGEST, backoff
from shared.running.clock import SYSTEM_CLOCK, Clock

LONGEST_RETRY_AFTER = 300.0
"""Seconds that are waited at most because a header says so: what says more is taken for a mistake."""

BELIEVED = 3
"""Refusals in a row after which a wait that was asked for, or reckoned by the bucket, is no longer trusted."""

_FIRST = 1.0
_FINDING_OUT = 0.25
_SHORTEST = 0.001
"""Seconds: what is left of a wait after it, by rounding, is none; a clock may be too coarse to let so little pass."""
_MAX_SPREAD = 1.1
_SECONDS = re.compile(r"[0-9]{1,64}(?:\.[0-9]{0,64})?|\.[0-9]{1,64}", re.ASCII)


class HoldOff:
    """The refusals of one shop's calls. While they last, one call at a time finds out whether they are over."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._in_a_row = 0
        self._until = 0.0
        self._refused_at = float("-inf")
        self._finding_out = False

    @property
    def left(self) -> float:
        """Seconds until a call may be sent, 0 for now."""
        if not self._in_a_row:
            return 0.0
        left = self._until - self._clock.monotonic()
        if left < _SHORTEST:
            return _FINDING_OUT if self._finding_out else 0.0
        return left

    @contextmanager
    def sending(self) -> Iterator[float]:
        """Around a call that is sent; gives the moment, for `refused`."""
        first = bool(self._in_a_row) and not self._finding_out
        self._finding_out = self._finding_out or first
        try:
            yield self._clock.monotonic()
        finally:
            if first:
                self._finding_out = False

    def refused(self, sent: float, asked: float | None = None, reckoned: float = 0.0) -> float:
        """Seconds to wait after a refusal of the call sent then. `asked`: by a header; `reckoned`: by the bucket.

        Calls that were under way together are refused together: that is one refusal.
        """
        now = self._clock.monotonic()
        if sent >= self._refused_at or not self._in_a_row:
            self._in_a_row += 1
        self._refused_at = now
        given = max(asked or 0.0, reckoned)
        # Those that were asked to wait alike must not come back together either.
        wait = given * random.uniform(1.0, _MAX_SPREAD)  # noqa: S311  # it spreads calls, it guards nothing
        if given <= 0 or self._in_a_row > BELIEVED:
            wait = max(wait, backoff(self._in_a_row, _FIRST, LONGEST))
        self._until = max(self._until if self._until > now else 0.0, now + wait)
        return wait

    def answered(self) -> None:
        """Shopify has taken a call: the refusals are over."""
        self._in_a_row = 0
        self._until = 0.0


def retry_after_seconds(retry_after: str | None, date: str | None = None) -> float | None:
    """`Retry-After` in seconds, at most LONGEST_RETRY_AFTER; None where it is missing, unreadable, past, or no wait.

    It may be a number, with decimals or without, or an HTTP date, which counts from the reply's own `Date`.
    """
    text = (retry_after or "").strip()
    if _SECONDS.fullmatch(text):
        seconds = float(text)
    else:
        until = _date(text)
        if until is None:
            return None
        seconds = (until - (_date(date) or datetime.now(UTC))).total_seconds()
    return min(seconds, LONGEST_RETRY_AFTER) if seconds > 0 else None


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
