"""The moments of a schedule in a time zone, by cronsim, which keeps to the rules of Debian's cron.

When clocks go forward, a moment that is left out comes right after the gap, once. When they go back, a moment given by
its hour comes the first time only; one that is not bound to an hour (hourly, `*`) comes in both hours.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from ulid import ULID

from shared.domain.schedule import SHORTEST, Timing

_FIELDS = 5
_LOOKED_AT = 50
"""Moments whose distance is looked at: enough for the pattern of a day."""


def next_moment(timing: Timing, zone: tzinfo, after: datetime) -> datetime:
    """The first moment after a time, in UTC. Raises ValueError where there is none."""
    try:
        return next(CronSim(timing.expression, after.astimezone(zone))).astimezone(UTC)
    except StopIteration:
        raise ValueError("no such moment comes within fifty years") from None
    except CronSimError as error:  # an expression of an older build
        raise ValueError(f"is no cron expression: {str(error).lower()}") from None


def next_moments(timing: Timing, zone: tzinfo, after: datetime, number: int) -> list[datetime]:
    """So many moments after a time, in UTC; fewer where no more come. Raises ValueError where there is none."""
    moments = [next_moment(timing, zone, after)]
    while len(moments) < number:
        try:
            moments.append(next_moment(timing, zone, moments[-1]))
        except ValueError:
            break
    return moments


def last_moment(timing: Timing, zone: ZoneInfo, until: datetime) -> datetime:
    """The last moment that is not after a time, in UTC. Raises ValueError where there was none."""
    # Backwards the library leaves its starting point out, and it counts in whole minutes.
    local = until.astimezone(zone)
    try:
        found = next(CronSim(timing.expression, local, reverse=True)).astimezone(UTC)
    except StopIteration:
        raise ValueError("there was no such moment within fifty years") from None
    minute = until.astimezone(UTC).replace(second=0, microsecond=0)
    exact = next_moment(timing, zone, minute - SHORTEST)
    return max(found, exact) if exact <= until else found


def check_timing(timing: Timing) -> None:
    """Raise ValueError, in words for its author, for an expression that is none or comes too often."""
    if len(timing.expression.split()) != _FIELDS:
        raise ValueError("must have five fields: minute, hour, day of the month, month, day of the week")
    zone = ZoneInfo("UTC")
    earlier: datetime | None = None
    try:
        moments = CronSim(timing.expression, datetime(2024, 1, 1, tzinfo=zone))
        for _ in range(_LOOKED_AT):
            moment = next(moments)
            if earlier is not None and moment - earlier < SHORTEST:
                minutes = SHORTEST.total_seconds() / 60
                raise ValueError(f"must leave at least {minutes:.0f} minutes between two runs")
            earlier = moment
    except CronSimError as error:
        raise ValueError(f"is no cron expression: {str(error).lower()}") from None
    except StopIteration:
        if earlier is None:
            raise ValueError("names a day that never comes") from None


def run_id(shop: str, schedule_id: str, due_at: datetime) -> str:
    """The id of the run of a moment: the same whoever derives it, so that no crash and no second process doubles it."""
    digest = sha256(f"{shop}|{schedule_id}|{due_at.astimezone(UTC).isoformat()}".encode()).digest()
    return str(ULID.from_bytes(round(due_at.timestamp() * 1000).to_bytes(6, "big") + digest[:10]))
