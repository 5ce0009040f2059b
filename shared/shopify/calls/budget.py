"""The call budget of one shop: what the bucket holds, who may take from it now, and how long others wait."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): cost.told.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.running.clock import SYSTEM_CLOCK, Clock
from shared.shopify.calls.answers import number_in

CallRole = Literal["interactive", "preview", "job", "verify", "sweep"]
"""Who calls. `interactive`: a person waits (popover, page); the others are work in the background."""

CallResult = Literal["executed", "throttled", "refused"]
"""What a reply says of a call's points."""

FALLBACK_WAIT = 1.0
"""Seconds to wait where Shopify does not say for how long, or says that nothing is ever restored."""

ASSUMED_MAXIMUM, ASSUMED_RESTORE = 1000.0, 50.0
"""The bucket until Shopify has described it: the smallest it was ever documented to be."""

RESERVED = 0.2
"""The share of the bucket that only interactive calls may take."""

SHARES: Mapping[CallRole, float] = {"preview": 0.3, "job": 0.4, "verify": 0.2, "sweep": 0.1}
"""How the background roles divide the rest while they compete; what nobody wants is lent to whoever does."""

_FORGET_AFTER = 20.0
"""Seconds after which what a role has taken counts for half: shares are of the recent past."""

_WORTH_FADING = 0.9

_FIRST_REPLY = 0.05
"""Seconds between looks whether the first reply has come."""

_SHORTEST = 0.001
"""The least wait in seconds: rounding must not make a busy loop."""

_STILL_WANTED = 1.0
"""Seconds after its announced turn at which a role that has not come back is taken to want nothing any more."""


@dataclass(slots=True)
class _Demand:
    """What a role was refused, and until when it is thought to want it still."""

    points: float
    until: float


@dataclass(eq=False, slots=True)
class BudgetHold:
    """Points taken for a call under way."""

    points: float
    sent: int


class Budget:
    """The leaky bucket as last reported, restored since by its rate, less what calls under way may take."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._maximum = ASSUMED_MAXIMUM
        self._restore = ASSUMED_RESTORE
        self._points = ASSUMED_MAXIMUM
        self._at = clock.monotonic()
        self._known = False
        self._answered = 0
        self._under_way: set[BudgetHold] = set()
        self._used: dict[CallRole, float] = dict.fromkeys(SHARES, 0.0)
        self._used_at = self._at
        self._demands: dict[CallRole, _Demand] = {}

    # What is there

    def _level(self) -> float:
        """Points in the bucket by what we know, calls under way not yet taken off."""
        passed = max(0.0, self._clock.monotonic() - self._at)
        if self._restore <= 0:
            # Nothing is ever restored, it says. What it said grows old: then one call may find out.
            return self._maximum if passed >= FALLBACK_WAIT else self._points
        return min(self._maximum, self._points + passed * self._restore)

    @property
    def available(self) -> float:
        """Points a call may count on now."""
        return self._level() - sum(hold.points for hold in self._under_way)

    @property
    def maximum(self) -> float:
        """The most the bucket holds."""
        return self._maximum

    @property
    def restore_rate(self) -> float:
        """Points restored in a second; 0: none, it says."""
        return self._restore

    @property
    def known(self) -> bool:
        """Whether Shopify has described this bucket."""
        return self._known

    @property
    def ratio(self) -> float | None:
        """The share of the bucket left, or None where nothing is known."""
        return max(0.0, min(1.0, self.available / self._maximum)) if self._known else None

    def largest(self, role: CallRole) -> float:
        """The most one call of that role should ask for."""
        return self._maximum if role == "interactive" else self._maximum * (1 - RESERVED)

    def impossible(self, points: float) -> bool:
        """Whether the bucket, as Shopify has described it, can never hold that much."""
        return self._known and points > self._maximum

    # Who may take it

    def wait(self, role: CallRole, points: float) -> float:
        """Seconds until a call of that role may be sent, 0 for now: never negative, never endless, never 0 when short.

        A role that has to wait is remembered: those behind it leave its points alone.
        """
        now = self._clock.monotonic()
        if not self._known and self._under_way:
            return _FIRST_REPLY  # it says what there is
        left = self.available - points - self._kept_free(role, points, now)
        if left >= 0:
            return 0.0
        seconds = max(-left / self._restore, _SHORTEST) if self._restore > 0 else FALLBACK_WAIT
        self._demands[role] = _Demand(points, now + seconds + _STILL_WANTED)
        return seconds

    def _kept_free(self, role: CallRole, points: float, now: float) -> float:
        """Points that a call of this role must leave: the reserve, and what those want whose turn is before it."""
        if role == "interactive":
            return 0.0
        ahead = 0.0
        for other, demand in list(self._demands.items()):
            if demand.until < now:
                del self._demands[other]
            elif other != role and (other == "interactive" or self._burden(other, now) < self._burden(role, now)):
                ahead += demand.points
        # Even the dearest call must fit some day, and a queue must not ask for more than the bucket holds.
        return max(0.0, min(self._maximum * RESERVED + ahead, self._maximum - points))

    def _burden(self, role: CallRole, now: float) -> float:
        """What the role has taken of late, by its share."""
        faded = 0.5 ** ((now - self._used_at) / _FORGET_AFTER)
        if faded < _WORTH_FADING:
            self._used = {name: used * faded for name, used in self._used.items()}
            self._used_at = now
        return self._used.get(role, 0.0) / SHARES.get(role, 1.0)

    def take(self, role: CallRole, points: float) -> BudgetHold:
        """Hold the points of a call that is sent now; `settle` or `drop` ends it."""
        self._demands.pop(role, None)
        if role in self._used:
            self._used[role] += points
        hold = BudgetHold(points, self._answered)
        self._under_way.add(hold)
        return hold

    def settle(self, hold: BudgetHold, cost: Mapping[str, Any] | None, *, result: CallResult = "executed") -> None:
        """A reply has come, with `extensions.cost`; it, its `throttleStatus` or parts of that may be missing.

        What was `throttled` took nothing, as little was there; what was `refused` before it began took nothing either.
        """
        overtaken = hold.sent != self._answered
        self._under_way.discard(hold)
        self._answered += 1
        status_in_reply = (cost or {}).get("throttleStatus")
        status = status_in_reply if isinstance(status_in_reply, Mapping) else {}
        spent = number_in((cost or {}).get("actualQueryCost"))
        if result == "executed":
            self._put(self._level() - (hold.points if spent is None else spent))
        elif result == "throttled":
            self._put(0.0)
        maximum, available = number_in(status.get("maximumAvailable")), number_in(status.get("currentlyAvailable"))
        restore = number_in(status.get("restoreRate"))
        if maximum:
            self._maximum = maximum
        if restore is not None:
            self._restore = max(0.0, restore)
        if available is not None:
            # Replies may overtake each other: an older one knows nothing of what the newer one took.
            self._points = min(self._points, available) if overtaken and self._known else available
            self._known = self._known or bool(maximum)
        self._points = min(self._points, self._maximum)

    def drop(self, hold: BudgetHold) -> None:
        """No usable reply came. The call may have been executed, so its points count as spent."""
        if hold in self._under_way:
            self._under_way.discard(hold)
            self._answered += 1
            self._put(self._level() - hold.points)

    def _put(self, points: float) -> None:
        self._points, self._at = points, self._clock.monotonic()
