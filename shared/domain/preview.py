"""How long a preview may be acted upon."""

from __future__ import annotations

from datetime import datetime, timedelta

PREVIEW_VALID = timedelta(hours=24)
"""After this time its values say too little of what Shopify holds."""


def expires_at(taken_from: datetime) -> datetime:
    """When what was read from this moment on is too old to start a job."""
    return taken_from + PREVIEW_VALID


def is_expired(taken_from: datetime, now: datetime) -> bool:
    """Whether it is too old to act on."""
    return now > expires_at(taken_from)
