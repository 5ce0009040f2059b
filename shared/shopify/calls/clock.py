"""Shopify's own time, as its `Date` headers give it. Our clock orders nothing that Shopify's clock orders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from shared.running.clock import SYSTEM_CLOCK, Clock


class ShopifyClock:
    """What time it is at Shopify, at least: the newest `Date` seen plus the time passed since."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._seen: tuple[datetime, float] | None = None

    def note(self, header: str | None) -> datetime:
        """Take a reply's `Date`. Where a proxy has removed it, the estimate stands in.

        Raises ValueError where no date was ever seen: without it nothing may be dated.
        """
        if header is None:
            known = self.now()
            if known is None:
                raise ValueError("the reply has no Date header")
            return known
        try:
            parsed = parsedate_to_datetime(header)
            date = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
        except (TypeError, IndexError, OverflowError) as error:
            raise ValueError(f"the Date header is none: {header[:100]!r}") from error
        known = self.now()
        if known is None or date >= known.replace(microsecond=0):
            self._seen = (date, self._clock.monotonic())
        return date

    def now(self) -> datetime | None:
        """A lower bound of Shopify's time, or None before the first reply."""
        if self._seen is None:
            return None
        date, since = self._seen
        return date + timedelta(seconds=self._clock.monotonic() - since)
