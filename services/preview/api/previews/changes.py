"""What a run over a preview would change, for whoever decides about it; and what it would ask of Shopify."""

from __future__ import annotations

import math
from typing import Any

from services.preview.api.http.route import Call
from services.preview.api.previews.models import Effort
from shared.contract.messages import JobOptions
from shared.contract.selection import LeaveOut
from shared.domain.batches import ROWS_PER_CALL
from shared.domain.comparison import Direction
from shared.domain.plan import allows_negative
from shared.domain.will_change import WillChange

_SET_POINTS = 10
"""What Shopify charges for a mutation, however many rows it sets."""

_READ_POINTS = 83
"""What a read of 100 items costs where their levels are searched for: the dearest usual way (docs/call-budget.md)."""

_ITEMS_OF_A_READ = 100
_CALL_SECONDS = 0.5
_BEGIN_SECONDS = 1.0
"""A call's answer, and what a run takes before its first one, about."""


async def changes_of(
    call: Call[Any, Any], preview_id: str, direction: Direction, leave_out: LeaveOut | None, options: JobOptions
) -> WillChange:
    """What a run in this direction would change."""
    shop = await call.deps.shops.get(call.shop)
    allowed = allows_negative(options.allow_negative, of_shop=shop is not None and shop.allow_negative)
    return await call.deps.changes.of(call.shop, preview_id, direction, leave_out, allow_negative=allowed)


def effort_of(call: Call[Any, Any], changes: WillChange, direction: Direction) -> Effort:
    """What such a run asks of Shopify, about: what is set, and what is read before or after it."""
    sets = math.ceil(changes.cells / ROWS_PER_CALL) if direction is Direction.TO_SHOPIFY else 0
    reads = math.ceil(changes.boms / _ITEMS_OF_A_READ)
    calls, points = sets + reads, sets * _SET_POINTS + reads * _READ_POINTS
    budget = call.deps.budget(call.shop)
    missing = max(0.0, points - max(0.0, budget.available))
    waiting = missing / budget.restore_rate if budget.restore_rate > 0 else 0.0
    seconds = 0 if calls == 0 else math.ceil(_BEGIN_SECONDS + max(calls * _CALL_SECONDS, waiting))
    return Effort(calls=calls, points=points, seconds=seconds)
