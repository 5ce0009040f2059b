"""What a probe works with: the calls, what both levels hold by now, and where it says what it saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.certifying.exchanges import Exchange
from shared.certifying.guard import GuardedCalls
from shared.certifying.levels import Held, Levels, Wanted, applied
from shared.certifying.receiver import Receiver
from shared.certifying.report import Finding, OpenPoint


@dataclass(slots=True)
class Probing:
    """`held` is what both levels were last seen to hold, or set to. `receiver`: where webhooks come, if they can."""

    calls: GuardedCalls
    levels: Levels
    held: tuple[Held, Held]
    api_version: str
    receiver: Receiver | None = None
    findings: list[Finding] = field(default_factory=list)
    quantities: set[int] = field(default_factory=set)
    """What the first location was set to in this run: webhooks should tell of each."""
    changed_at: str | None = None
    """Shopify's time of the last change there whose webhook and search hit may be waited for."""

    def saw(self, fact_id: str, seen: str, note: str = "", **open_points: OpenPoint) -> None:
        """Say what was seen of a fact."""
        self.findings.append(Finding(fact_id, seen, note, open_points))

    def could_not_try(self, fact_id: str, why: str) -> None:
        """Say why nothing was seen of a fact."""
        self.findings.append(Finding(fact_id, None, why))

    def skip(self, fact_id: str, why: str) -> None:
        """Say what was not there to see."""
        self.findings.append(Finding(fact_id, None, why, skipped=True))

    def available(self, place: int) -> int:
        """Units at a location; a level that tells none is taken to hold none, here where nothing is built on it."""
        return self.held[place].available or 0

    async def look(self) -> tuple[Held, Held]:
        """See what both hold now."""
        self.held = await self.levels.look()
        return self.held

    async def set(self, rows: Sequence[Wanted], key: str | None = None) -> Exchange:
        """Set, and know what is held by then, with another look where the answer does not say."""
        answer = await self.set_blindly(rows, key)
        if applied(answer):
            both = list(self.held)
            for row in rows:
                both[row.place] = Held(both[row.place].level, both[row.place].active, row.quantity)
            self.held = (both[0], both[1])
        else:
            await self.look()
        return answer

    async def set_blindly(self, rows: Sequence[Wanted], key: str | None = None) -> Exchange:
        """Set, without a look at what is held then."""
        answer = await self.levels.set(rows, key)
        if applied(answer):
            self.quantities |= {row.quantity for row in rows if row.place == 0}
        return answer

    async def pause(self, seconds: float) -> None:
        """Let time pass, by the client's clock."""
        await self.calls.client.time.sleep(seconds)
