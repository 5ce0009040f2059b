"""`trueup sweep --approve`: let go on what the circuit breaker, or a cell for a person, has stopped."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from services.command_line.connections.client import Client
from services.command_line.outcome import REQUESTED_BY, Exit, WrongUseError
from services.command_line.terminal.documents import print_json
from shared.domain.drift import waiting_reason
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.drift.sweeps import SweepStore


async def approve_repair(client: Client, shop: str, *, as_json: bool, out: Console) -> Exit:
    """Release what waits for a person; the sweeper then repairs it. Raises WrongUseError."""
    sweeps, drift = SweepStore(client.mongo.db), DriftStore(client.mongo.db)
    state = await sweeps.state(shop)
    waiting = await drift.for_a_person(shop)
    if state is None or (state.breaker is None and not waiting):
        raise WrongUseError(f"--approve: nothing of {shop} waits for a person")
    reason = waiting_reason(waiting) if state.breaker is None else state.breaker.reason
    # In this order: a crash in between leaves the breaker open, and the approval can be given again.
    released = await drift.approve(shop, REQUESTED_BY, now=datetime.now(UTC))
    await sweeps.close_breaker(shop)
    await client.note("repair.approve", shop)
    if as_json:
        print_json({"shop": shop, "released": released, "reason": reason})
        return Exit.OK
    out.print(reason, soft_wrap=True)
    out.print(f"{released} cells released; where something moved here too, Shopify's move is added and yours stays")
    return Exit.OK
