"""Times of day and time zones as they are written: HH:MM, and a zone's IANA name."""

from __future__ import annotations

from shared.errors import TimeZoneUnknown
from shared.zones import zone_of

CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
"""HH:MM."""


def known_time_zone(name: str) -> str:
    """The name. Raises ValueError, in words for its author, where this machine knows no such zone."""
    try:
        return zone_of(name).key
    except TimeZoneUnknown:
        raise ValueError("must be the IANA name of a time zone, such as Europe/Berlin") from None


def written(minute: int) -> str:
    """A minute of the day as HH:MM."""
    return f"{minute // 60:02}:{minute % 60:02}"


def minute_of_day(clock: str) -> int:
    """The minute of the day that an HH:MM is."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
