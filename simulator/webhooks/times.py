"""Times as webhooks tell them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from simulator.shop.shop import Shop


def local_time(shop: Shop, at: datetime) -> str:
    """The shop's own offset, whole seconds."""
    return at.astimezone(ZoneInfo(shop.timezone)).replace(microsecond=0).isoformat()
