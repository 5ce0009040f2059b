"""Idempotency keys: the same call again, and another one under the same key."""

from __future__ import annotations

from typing import Final

from shared.certifying.levels import Wanted, codes_of
from shared.certifying.probes.probing import Probing

_MISMATCH: Final = "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"


async def keys(probing: Probing) -> None:
    """Set, take it back under another key, and send the first call again: the level tells whether it ran."""
    held, key = probing.available(0), probing.levels.fresh_key()
    call = [Wanted(0, held + 1, held)]
    first = await probing.set(call, key)
    await probing.set([Wanted(0, held, held + 1)])
    again = await probing.levels.set(call, key)
    await probing.look()
    executed = probing.available(0) == held + 1
    same = again.payload("inventorySetQuantities") == first.payload("inventorySetQuantities")
    seen = "answers the first result and is not executed again"
    if executed:
        seen = "is executed again"
    elif not same:
        seen = "is not executed again, and answers something else"
    probing.saw(
        "key.same-body",
        f"the same call under the same key {seen}",
        ", ".join(codes_of(again)),
        repeated_key_executes=executed,
    )
    held = probing.available(0)
    other = await probing.levels.set([Wanted(0, held + 2, held)], key)
    code = (codes_of(other) or other.codes or ["nothing"])[0]
    probing.saw("key.other-body", f"another call under the same key is refused with {code}")
    if code != _MISMATCH:
        await probing.look()
