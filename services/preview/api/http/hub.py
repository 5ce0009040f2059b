"""Who waits for news of which job or preview: the broker's events wake the streams."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from shared.rabbitmq.consuming.delivery import Delivery
from shared.rabbitmq.topology import NOTICES_CHANGED

log = structlog.get_logger()

Key = tuple[str, str]
"""The shop, and the id of a job or preview, or NOTICES."""

NOTICES = "notices"


class EventHub:
    """Wakes the streams of a job or preview when an event tells of it."""

    def __init__(self) -> None:
        self._waiting: dict[Key, set[asyncio.Event]] = defaultdict(set)
        self.closed = False

    async def handle(self, delivery: Delivery) -> None:
        """Take one event of the broker. What cannot be read wakes nobody; the heartbeat makes up for it."""
        try:
            body = json.loads(delivery.body)
            subject = body.get("job_id") or body.get("preview_id")
            key = (str(body["shop"]), NOTICES if delivery.key == NOTICES_CHANGED else str(subject))
        except (ValueError, KeyError, AttributeError):
            log.warning("event_unreadable", key=delivery.key)
            return
        self.wake(key)

    def wake(self, key: Key) -> None:
        """There may be something new."""
        for waiting in self._waiting.get(key, ()):
            waiting.set()

    @contextmanager
    def listening(self, key: Key) -> Iterator[asyncio.Event]:
        """An event that is set when there may be something new of the job or preview `key`."""
        changed = asyncio.Event()
        self._waiting[key].add(changed)
        try:
            yield changed
        finally:
            self._waiting[key].discard(changed)
            if not self._waiting[key]:
                del self._waiting[key]

    def close(self) -> None:
        """End all streams: the service stops, and the clients come back to another replica."""
        self.closed = True
        for streams in self._waiting.values():
            for changed in streams:
                changed.set()
