"""What becomes of each message on its way, by chance: a seed gives the same messages the same fates."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Mode:
    """How deliveries misbehave. Ratios are between 0 and 1, delays in seconds.

    A reordered message leaves only after up to `reorder_span` later ones. A corrupted one arrives with a byte changed
    at its first attempt; the next one carries it as it was.
    """

    drop_next: int = 0
    drop_ratio: float = 0.0
    duplicate_ratio: float = 0.0
    reorder_ratio: float = 0.0
    reorder_span: int = 20
    corrupt_ratio: float = 0.0
    delay_seconds: tuple[float, float] = (0.0, 0.0)
    paused: bool = False


RATIOS = ("drop_ratio", "duplicate_ratio", "reorder_ratio", "corrupt_ratio")


@dataclass(frozen=True, slots=True)
class Fate:
    """One message's: `behind` is how many later messages leave before it, `delays` has one entry for each copy."""

    dropped: bool
    copies: int
    behind: int
    corrupt_at: float | None
    delays: tuple[float, float]


@dataclass(slots=True)
class Fates:
    """Draws fates. Every message takes the same number of draws, so that one setting does not disturb another."""

    mode: Mode = field(default_factory=Mode)
    _random: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311  # chance for tests

    def draw(self) -> Fate:
        """The next message's fate."""
        drop, double, reorder, corrupt, back, where, *waits = (self._random.random() for _ in range(8))
        mode = self.mode
        shortest, longest = mode.delay_seconds
        dropped = drop < mode.drop_ratio
        if mode.drop_next > 0:
            mode.drop_next -= 1
            dropped = True
        return Fate(
            dropped=dropped,
            copies=2 if double < mode.duplicate_ratio else 1,
            behind=1 + int(back * mode.reorder_span) if reorder < mode.reorder_ratio else 0,
            corrupt_at=where if corrupt < mode.corrupt_ratio else None,
            delays=(shortest + (longest - shortest) * waits[0], shortest + (longest - shortest) * waits[1]),
        )

    def change(self, values: Mapping[str, Any]) -> None:
        """Change how deliveries misbehave; `seed` starts chance anew."""
        if "seed" in values:
            self._random.seed(values["seed"])
        for name in ("drop_next", "paused", "reorder_span", *RATIOS):
            if name in values:
                setattr(self.mode, name, values[name])
        if "delay_seconds" in values:
            shortest, longest = values["delay_seconds"]
            self.mode.delay_seconds = (float(shortest), float(longest))
