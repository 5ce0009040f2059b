"""Waiting out a spent call budget and trying again what failed in passing, for reads that nobody else repeats."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.errors import ShopifyError, ShopifyThrottled, ShopPaused
from shared.running.clock import Clock

T = TypeVar("T")

TRIES = 4
_PAUSE = 0.2


async def patiently(read: Callable[[], Awaitable[T]], *, max_waiting: float, clock: Clock) -> T:
    """What `read` returns, waiting by the clock that the call budget is restored by.

    Raises ShopPaused at once, ShopifyThrottled after `max_waiting` seconds of waiting in all, and any other
    ShopifyError when it comes up in every one of a few tries.
    """
    waited = 0.0
    tries = 0
    while True:
        try:
            return await read()
        except ShopPaused:
            raise
        except ShopifyThrottled as throttled:
            waited += throttled.retry_after
            if waited > max_waiting:
                raise
            await clock.sleep(throttled.retry_after)
        except ShopifyError:
            tries += 1
            if tries >= TRIES:
                raise
            await clock.sleep(_PAUSE * tries)
