"""What a lane has in hand: the cells of its shop, in the order in which they came, each with its message or without.

A cell whose message was acknowledged before its end is *remembered*: should the process die, the watchdog finds it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from math import inf

from shared.observing import tracing
from shared.rabbitmq.consuming.delivery import Delivery

HELD_BOUND = 1500
"""Messages one shop may leave unanswered, a fourth of what the broker delivers of its partition: whoever shares it must
come through. Cells above that are remembered, like those of a long wait."""


class HeldMessages:
    """The cells of a lane, by the id of their document."""

    def __init__(self) -> None:
        self._messages: dict[str, Delivery | None] = {}
        self._published_in: dict[str, str] = {}
        self.held = 0
        """Messages that are not answered yet."""

    def __contains__(self, cell: str) -> bool:
        return cell in self._messages

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[str]:
        return iter(self._messages)

    def keys(self) -> Collection[str]:
        """The cells, as they are at each look."""
        return self._messages.keys()

    async def take(self, cell: str, delivery: Delivery) -> None:
        """A cell that is not here yet."""
        holds = self.held < HELD_BOUND
        self._messages[cell] = delivery if holds else None
        self.held += holds
        if tracing.on() and delivery.carried is not None:
            self._published_in[cell] = delivery.carried
        if not holds:
            await delivery.ack()

    def put_behind(self, cells: Iterable[str]) -> None:
        """These come after the others from now on."""
        for cell in cells:
            if cell in self._messages:
                self._messages[cell] = self._messages.pop(cell)

    async def remember(self, cells: Collection[str] | None = None, *, since: float = inf) -> None:
        """Acknowledge messages that came until then, all or those of some cells; the cells stay."""
        for cell, delivery in list(self._messages.items()):
            if delivery is None or delivery.since > since or (cells is not None and cell not in cells):
                continue
            # Cells come and go while messages are acknowledged; a second message of one is no concern of this.
            if self._messages.get(cell) is delivery:
                self._messages[cell] = None
                self.held -= 1
                await delivery.ack()

    async def drop(self, cells: Iterable[str]) -> None:
        """These are done with here: their messages are acknowledged."""
        for cell in cells:
            self._published_in.pop(cell, None)
            delivery = self._messages.pop(cell, None)
            if delivery is not None:
                self.held -= 1
                await delivery.ack()

    async def give_back(self) -> list[str]:
        """The lane stops: every message goes back to its queue. Returns the cells that only the lane knew of."""
        left = dict(self._messages)
        self._messages.clear()
        self._published_in.clear()
        self.held = 0
        for delivery in left.values():
            if delivery is not None:
                await delivery.requeue()
        return [cell for cell, delivery in left.items() if delivery is None]

    def origins(self, cells: Iterable[str]) -> Iterator[str | None]:
        """In which spans the messages of these cells were published, where that was traced."""
        return (self._published_in.get(cell) for cell in cells)
