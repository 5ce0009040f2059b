"""Bringing back what was noted: safe to repeat, and to stop anywhere."""

from __future__ import annotations

from shared.certifying.guard import GuardedCalls
from shared.certifying.levels import Held, Levels, Wanted
from shared.certifying.named import CannotCertify, Named
from shared.certifying.operations import SUBSCRIBED, UNSUBSCRIBE_FROM
from shared.mongodb.shops.certifications import Noted, NotedLevel

_ROUNDS = 3


def named_by(noted: Noted) -> Named:
    """What may be written to restore it."""
    first, second = noted.levels
    return Named(
        noted.shop,
        noted.variant_id,
        noted.item_id,
        (first.location_id, second.location_id),
        (first.level, second.level),
    )


async def restore(calls: GuardedCalls, noted: Noted) -> None:
    """Bring both levels back to what they were, and remove the subscriptions. Raises CannotCertify where it fails."""
    with calls.cleaning_up():
        levels = Levels(calls, noted.run)
        await _unsubscribe(calls, noted)
        held = await levels.look()
        for _ in range(_ROUNDS):
            if all(_is_as_noted(level, now) for level, now in zip(noted.levels, held, strict=True)):
                return
            await _round(levels, noted, held)
            held = await levels.look()
        if all(_is_as_noted(level, now) for level, now in zip(noted.levels, held, strict=True)):
            return
    said = "; ".join(f"{level.location_id}: {now.available} where it was {level.available}" for level, now in
                     zip(noted.levels, held, strict=True))  # fmt: skip  # one sentence
    raise CannotCertify(f"the values could not be restored ({said}): set them by hand, or run the command again")


def _is_as_noted(noted: NotedLevel, held: Held) -> bool:
    if noted.stocked != held.active:
        return False
    # What is not stocked may be told with a quantity or without.
    return noted.available == held.available or (not noted.stocked and None in (noted.available, held.available))


async def _round(levels: Levels, noted: Noted, held: tuple[Held, Held]) -> None:
    """Stock what is to be set, set it, and unstock what was not stocked."""
    for place, (was, now) in enumerate(zip(noted.levels, held, strict=True)):
        if not _is_as_noted(was, now) and not now.active:
            await levels.stock(place, was.available)
    now_held = await levels.look() if any(not now.active for now in held) else held
    rows = [
        Wanted(place, was.available, now.available)
        for place, (was, now) in enumerate(zip(noted.levels, now_held, strict=True))
        if was.available is not None and now.active and now.available != was.available
    ]
    if rows:
        await levels.set(rows)
    for place, (was, now) in enumerate(zip(noted.levels, now_held, strict=True)):
        if not was.stocked and now.active:
            await levels.unstock(place)


async def _unsubscribe(calls: GuardedCalls, noted: Noted) -> None:
    """Remove what leads to the address of this certification, also what was made and not noted."""
    if noted.uri is None:
        return
    listed = await calls.call(SUBSCRIBED, {"after": None})
    nodes = listed.payload("webhookSubscriptions").get("nodes") or []
    own = {str(node.get("id")) for node in nodes if node.get("uri") == noted.uri}
    calls.allow_subscriptions(noted.uri, own)
    for number in sorted(own):
        await calls.call(UNSUBSCRIBE_FROM, {"id": number})
