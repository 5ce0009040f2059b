"""Following a preview or a job to its end: the broker's events wake us, the documents say.

A lost event delays a look by a second; it never hides the end.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from shared.mongodb.previews.preview import Preview
    from shared.rabbitmq.consuming.consumer import Consumer
    from shared.rabbitmq.consuming.delivery import Delivery

T = TypeVar("T")

LOOK_AGAIN = 1.0
"""Seconds after which a document is looked at without an event."""

SHORTEST_PAUSE = 0.1
"""Seconds between two looks."""


def preview_has_ended(preview: Preview) -> bool:
    """Whether a preview is over."""
    return preview.ended


class Wake:
    """Set when an event tells of the preview or job `subject`."""

    def __init__(self, shop: str, subject: str) -> None:
        self._shop = shop
        self._subject = subject
        self._news = asyncio.Event()

    async def on_event(self, delivery: Delivery) -> None:
        """Take one of the broker's events; those of others, and what cannot be read, wake nobody."""
        try:
            body = json.loads(delivery.body)
            named = {body.get("job_id"), body.get("preview_id")}
        except (ValueError, AttributeError, TypeError, RecursionError):
            return
        if body.get("shop") == self._shop and self._subject in named:
            self._news.set()

    async def wait(self) -> None:
        """Return at the next news, at the latest after `LOOK_AGAIN`."""
        await asyncio.sleep(SHORTEST_PAUSE)
        try:
            await asyncio.wait_for(self._news.wait(), LOOK_AGAIN)
        except TimeoutError:
            return
        finally:
            self._news.clear()


@asynccontextmanager
async def listening(consumer: Consumer, shop: str, subject: str) -> AsyncIterator[Wake]:
    """Listen before anything is asked for, so that no event of it is missed."""
    wake = Wake(shop, subject)
    subscription = await consumer.listen(wake.on_event)
    try:
        yield wake
    finally:
        await subscription.stop()
        await subscription.close()
        consumer.forget(subscription)


async def follow(
    wake: Wake, read: Callable[[], Awaitable[T | None]], ended: Callable[[T], bool]
) -> AsyncIterator[T | None]:
    """The preview or job as it stands at each news, None while it is not there yet; the last one is the end."""
    while True:
        present = await read()
        yield present
        if present is not None and ended(present):
            return
        await wake.wait()


async def end_of(states: AsyncIterator[T | None]) -> T:
    """The last of what `follow` yields."""
    last = None
    async for state in states:
        last = state
    return the_end(last)


def the_end(last: T | None) -> T:
    """The same: whatever was followed is there when it has ended."""
    if last is None:
        raise AssertionError("unreachable: what is not there has not ended")
    return last
