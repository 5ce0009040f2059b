"""What waits in a lane, and until when. What waits, waits for itself.

For the budget, or for a Shopify that does not answer, the whole lane waits; for the outcome of a push, only the cells
that name it. A suspect, begun too often without an end, waits until nothing else is under way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from shared.domain.words.waits import WaitReason
from shared.errors import ShopifyThrottled, ShopifyUnclear
from shared.mongodb.transactions import Overtaken, WriteConflict
from shared.running.backoff import backoff
from shared.running.clock import Clock

log = structlog.get_logger()

UNCLEAR_WAIT = 5.0
FAILED_WAIT, LONGEST_FAILED_WAIT = 1.0, 5.0
"""A batch that fails by a fault of ours soon fails cell by cell, and ends: that is not put off for long."""

_CONFLICT_WAIT = 0.05


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds until the next try, and what for; None: nothing that anybody needs to know of."""

    seconds: float
    reason: WaitReason | None = None

    @property
    def of_lane(self) -> bool:
        """Whether the whole lane waits."""
        return self.reason is not WaitReason.OUTCOME


NO_WAIT = Wait(0.0)


class Waits:
    """The waits of one lane."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lane_until: float | None = None
        self._cells_until: dict[str, float] = {}
        self._suspects: dict[str, None] = {}
        self._failures = 0
        self._failed_at = 0.0

    def after(self, error: Exception, began: float) -> Wait:
        """What is to be waited for after a batch that began then has raised this."""
        match error:
            case ShopifyThrottled():
                log.info("lane_throttled", seconds=round(error.retry_after, 2), reason=str(error))
                return Wait(max(error.retry_after, 0.05), error.reason)
            case ShopifyUnclear():
                log.warning("lane_unclear", reason=str(error))
                self._note_failure(began)
                return Wait(backoff(self._failures, UNCLEAR_WAIT), WaitReason.NO_ANSWER)
            case Overtaken() | WriteConflict():
                log.info("lane_overtaken", reason=str(error))
                return Wait(_CONFLICT_WAIT)
            case _:
                # The attempts were raised before: a batch that keeps failing ends cell by cell.
                log.error("batch_failed", exc_info=error)
                self._note_failure(began)
                return Wait(backoff(self._failures, FAILED_WAIT, LONGEST_FAILED_WAIT), WaitReason.FAULT)

    def _note_failure(self, began: float) -> None:
        """Batches that were under way together fail together: that is one failure."""
        if began >= self._failed_at:
            self._failures += 1
            self._failed_at = self._clock.monotonic()

    def note_success(self) -> None:
        """A batch has come to its end."""
        self._failures = 0

    @property
    def alone(self) -> bool:
        """Whether only one batch may be under way: calls have failed, and one finds out whether they succeed again; or
        a suspect is to run."""
        return self._failures > 0 or bool(self._suspects)

    def rest_lane(self, seconds: float) -> None:
        """The whole lane waits so long, or longer where it does already."""
        until = self._clock.monotonic() + seconds
        self._lane_until = until if self._lane_until is None else max(self._lane_until, until)

    def rest_cells(self, cells: Iterable[str], seconds: float) -> None:
        """These cells wait so long."""
        self._cells_until.update(dict.fromkeys(cells, self._clock.monotonic() + seconds))

    def end_rests(self) -> None:
        """Drop the rests that are over. Only here the clock decides: what is left has a timer (`next_end`)."""
        now = self._clock.monotonic()
        if self._lane_until is not None and self._lane_until <= now:
            self._lane_until = None
        self._cells_until = {cell: until for cell, until in self._cells_until.items() if until > now}

    @property
    def lane_rests(self) -> bool:
        """Whether the whole lane waits."""
        return self._lane_until is not None

    @property
    def resting(self) -> Iterable[str]:
        """The cells that wait by themselves."""
        return self._cells_until.keys()

    def rests(self, cell: str) -> bool:
        """Whether a cell waits by itself."""
        return cell in self._cells_until

    def next_end(self) -> float | None:
        """Seconds until the next rest is over that something waits for; None: nothing does."""
        ends = [*self._cells_until.values()] if self._lane_until is None else [self._lane_until]
        return max(min(ends) - self._clock.monotonic(), 0.0) if ends else None

    def suspect(self, cells: Iterable[str]) -> None:
        """These run alone."""
        self._suspects.update(dict.fromkeys(cells))

    def next_suspect(self) -> str | None:
        """The one that runs next."""
        return next(iter(self._suspects), None)

    def is_suspect(self, cell: str) -> bool:
        """Whether the cell is to run alone."""
        return cell in self._suspects

    def forget(self, cells: Iterable[str]) -> None:
        """These wait for nothing any more."""
        for cell in cells:
            self._suspects.pop(cell, None)
            self._cells_until.pop(cell, None)
