"""What a run that nobody looks at may do by itself: which differences, how far, in how many places at once.

The same breaker as that of automatic repair: above a limit the run does not begin, it waits for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.comparison import SUGGESTED, CellClass, Direction
from shared.domain.drift import FEW_CELLS


class Differences(StrEnum):
    """Which differences a schedule settles by itself."""

    SAFE = "safe"
    """Those that only the other side has moved: the comparison itself suggests the direction."""
    ALL = "all"
    """Those where both sides moved, or the receiving side did, too: they are overwritten unseen."""


DEFAULT_MAX_MOVE = 1000
"""Units by which one place may change; the same as automatic repair begins with."""

DEFAULT_MAX_SHARE = 0.2
"""The share of the places compared that one run may change; the same."""


@dataclass(frozen=True, slots=True)
class RunLimits:
    """What a schedule's run may do without a person. Those of a schedule of an earlier build are these defaults.

    `max_move` in units per place; `max_share` (0 to 1) of the places compared.
    """

    differences: Differences = Differences.SAFE
    max_move: int = DEFAULT_MAX_MOVE
    max_share: float = DEFAULT_MAX_SHARE

    def classes(self, direction: Direction) -> frozenset[CellClass]:
        """The classes that a run in this direction settles. Sides that never agreed are never pushed by schedule."""
        if self.differences is Differences.SAFE:
            return frozenset(name for name, suggested in SUGGESTED.items() if suggested is direction)
        moved = {CellClass.SHOPIFY_MOVED, CellClass.LOCAL_MOVED, CellClass.BOTH_MOVED}
        return frozenset(moved if direction is Direction.TO_SHOPIFY else {*moved, CellClass.NO_BASE})

    def left_to_a_person(self, direction: Direction) -> tuple[CellClass, ...]:
        """The classes that differ and are no part of such a run, in the order of the classes."""
        settled = {*self.classes(direction), CellClass.IN_SYNC, CellClass.NOT_COMPARED}
        return tuple(cell_class for cell_class in CellClass if cell_class not in settled)


DEFAULT_LIMITS = RunLimits()
"""Of a new schedule, and of one that an earlier build has kept."""


@dataclass(frozen=True, slots=True)
class Differing:
    """The places of one class that a comparison found, and the largest move among them, in units."""

    cell_class: CellClass
    places: int
    largest_move: int


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run would do, as it was compared. `left`: places that differ and are left to a person."""

    places: int
    compared: int
    largest_move: int
    left: int

    @property
    def share(self) -> float:
        """The part of the places compared that would change."""
        return self.places / self.compared if self.compared else 0.0

    @property
    def figures(self) -> Mapping[str, int]:
        """As they are stored and shown."""
        return {"places": self.places, "compared": self.compared, "largest_move": self.largest_move, "left": self.left}


def plan_of(found: Iterable[Differing], compared: int, limits: RunLimits, direction: Direction) -> RunPlan:
    """What a run within these limits would do about what was found."""
    classes = limits.classes(direction)
    differing = list(found)
    mine = [one for one in differing if one.cell_class in classes]
    return RunPlan(
        places=sum(one.places for one in mine),
        compared=compared,
        largest_move=max((one.largest_move for one in mine), default=0),
        left=sum(one.places for one in differing if one.cell_class not in classes),
    )


class WaitsFor(StrEnum):
    """Why a run waits for a person before it begins."""

    MOVE = "move"
    """One place would change by more units than it may."""
    SHARE = "share"
    """More of the places would change than may at once."""
    BREAKER = "breaker"
    """Automatic repair has stopped in this shop; no schedule goes around that."""
    ASKED = "asked"
    """Somebody wanted to look at it first."""


def waits_for(limits: RunLimits, plan: RunPlan, *, breaker_open: bool, look_first: bool = False) -> WaitsFor | None:
    """Why the run does not begin by itself; None: it begins. What changes nothing is held up by no limit."""
    if plan.largest_move > limits.max_move:
        return WaitsFor.MOVE
    if plan.places > FEW_CELLS and plan.places > limits.max_share * plan.compared:
        return WaitsFor.SHARE
    if breaker_open and plan.places > 0:
        return WaitsFor.BREAKER
    return WaitsFor.ASKED if look_first else None
