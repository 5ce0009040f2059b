"""Time zones by their IANA names: the one place that asks this machine for one.

What was a zone when it was stored need not be one now: zones are renamed and removed, and another machine may have
other tables.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from shared.errors import TimeZoneUnknown


def zone_of(name: object) -> ZoneInfo:
    """The zone of that name. Raises TimeZoneUnknown."""
    # Asked for in the list first: a name that is a path, a folder or no text at all raises anything.
    if not isinstance(name, str) or name not in available_timezones():
        raise TimeZoneUnknown(name)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # listed, and its file is damaged or gone
        raise TimeZoneUnknown(name) from None
