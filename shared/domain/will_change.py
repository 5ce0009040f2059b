"""What a run over a preview will change: what becomes of each row in a direction, and what that comes to.

Only what changes is counted as a change. A row whose sides agree is settled in passing, and no number moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.domain.cell import CellKey
from shared.domain.comparison import Direction, Reason, Row
from shared.domain.plan import refused_push
from shared.domain.words.codes import Code


@dataclass(frozen=True, slots=True)
class Move:
    """From one value to another on the side that receives; `before` None: a first count."""

    before: int | None
    after: int

    @property
    def by(self) -> int | None:
        """Units; None: there was no number before."""
        return None if self.before is None else self.after - self.before

    @property
    def empties(self) -> bool:
        """Whether nothing is left of what was there."""
        return self.after <= 0 and (self.before is None or self.before > 0)


def fate(row: Row, direction: Direction, *, allow_negative: bool = False) -> Move | Code | Reason | None:
    """What a run does to this row as it stands: it moves, is refused with a code or reason, or stays (None)."""
    if direction is Direction.TO_LOCAL:
        # A doubt is settled by a person who accepts a value, also where that is the present one.
        stays = row.difference == 0 and not row.unknown_outcome
        return None if stays else Move(row.local, row.shopify)
    refused = refused_push(row)
    if refused is not None and not (allow_negative and refused is Code.NEGATIVE_TARGET):
        return refused
    return None if row.local is None or row.difference == 0 else Move(row.shopify, row.local)


@dataclass(frozen=True, slots=True)
class MovedRow:
    """A row with what it moves by."""

    key: CellKey
    bom_name: str | None
    location_name: str | None
    move: Move


@dataclass(frozen=True, slots=True)
class WillChange:
    """The changes of a run. `rise` and `fall`: the first rows that move furthest; None: none goes that way.

    `up` and `down` are units, of places that had a number before; `first_counts` are those that had none. `refused` are
    cells that a push will not change, by code or reason; `classes` the changing cells by class.
    """

    cells: int = 0
    boms: int = 0
    up: int = 0
    down: int = 0
    first_counts: int = 0
    emptied: int = 0
    rise: MovedRow | None = None
    fall: MovedRow | None = None
    refused: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, int] = field(default_factory=dict)
    left_out: int = 0

    @property
    def largest(self) -> int:
        """Units by which a single cell moves at the most."""
        ways = [abs(end.move.by) for end in (self.rise, self.fall) if end is not None and end.move.by is not None]
        return max(ways, default=0)


@dataclass(frozen=True, slots=True)
class SeenRow:
    """A row of a preview as far as it matters here."""

    key: CellKey
    bom_name: str | None
    location_name: str | None
    row: Row


def will_change(
    rows: Iterable[SeenRow], direction: Direction, *, allow_negative: bool = False, left_out: int = 0
) -> WillChange:
    """Sum up rows, given in their order; those that are left out (so many) are not among them."""
    boms: set[str] = set()
    refused: dict[str, int] = {}
    classes: dict[str, int] = {}
    moved: list[MovedRow] = []
    for seen in rows:
        outcome = fate(seen.row, direction, allow_negative=allow_negative)
        if isinstance(outcome, Move):
            boms.add(seen.key.bom_id)
            name = str(seen.row.cell_class)
            classes[name] = classes.get(name, 0) + 1
            moved.append(MovedRow(seen.key, seen.bom_name, seen.location_name, outcome))
        elif outcome is not None:
            refused[str(outcome)] = refused.get(str(outcome), 0) + 1
    known = [(row.move.by, row) for row in moved if row.move.by is not None]
    rise = max((pair for pair in known if pair[0] > 0), key=lambda pair: pair[0], default=None)
    fall = min((pair for pair in known if pair[0] < 0), key=lambda pair: pair[0], default=None)
    return WillChange(
        cells=len(moved),
        boms=len(boms),
        up=sum(by for by, _ in known if by > 0),
        down=-sum(by for by, _ in known if by < 0),
        first_counts=len(moved) - len(known),
        emptied=sum(row.move.empties for row in moved),
        rise=None if rise is None else rise[1],
        fall=None if fall is None else fall[1],
        refused=refused,
        classes=classes,
        left_out=left_out,
    )
