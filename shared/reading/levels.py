"""What Shopify says of one cell: a value, a reason to leave it out, or an error. Never a silent zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.domain.comparison import Reason
from shared.domain.words.codes import Code
from shared.mongodb.catalogue.boms import Location
from shared.shopify.reads.reads import Item


@dataclass(frozen=True, slots=True)
class Value:
    """Shopify's `available` and its own time of it."""

    quantity: int
    time: datetime


def level_of(item: Item | None, location_id: str, location: Location | None) -> Value | Reason | Code:
    """The level of `item` at a location. `location` is what we know of it, None where Shopify never listed it."""
    if item is None:
        return Code.ITEM_NOT_FOUND
    level = item.levels.get(location_id)
    if location is None and level is None:
        return Code.LOCATION_NOT_FOUND
    # The level's own word on its location is newer than what we stored.
    active = level.location_active if level is not None else location is not None and location.active
    if not active:
        return Reason.LOCATION_INACTIVE
    if location is not None and location.fulfillment_service:
        return Reason.FULFILLMENT_SERVICE
    if not item.tracked:
        return Reason.UNTRACKED
    if level is None or not level.active:
        return Reason.NOT_STOCKED
    if level.available is None:
        return Reason.UNTRACKED
    return Value(level.available, level.updated_at)
