"""Idempotency keys of one shop: kept 24 hours, with the result that the first call gave."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

KEPT: Final = timedelta(hours=24)
MISMATCH: Final = "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
CONCURRENT: Final = "IDEMPOTENCY_CONCURRENT_REQUEST"
FAILED_BEFORE: Final = "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"
# The first text is recorded, the others are not.
MESSAGES: Final = {
    MISMATCH: "The same idempotency key cannot be used with different operation parameters.",
    CONCURRENT: "This request is currently in progress, please try again.",
    FAILED_BEFORE: "The previous attempt with this idempotency key failed, please use a new key.",
}


class State(Enum):
    """What is known of a key."""

    IN_FLIGHT = "in flight"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of one mutation with a key. `owner` is the number of the request."""

    key: str
    operation: str
    arguments: Mapping[str, Any]
    owner: int
    now: datetime

    def fingerprint(self) -> str:
        """What must be the same whenever the key is used."""
        return json.dumps([self.operation, self.arguments], sort_keys=True, separators=(",", ":"))


@dataclass(slots=True)
class _Kept:
    parameters: str
    state: State
    owner: int  # the request that holds the key
    since: datetime
    result: Any = None


class KeyRefused(Exception):  # an answer to the client, not a failure of the program
    """The key cannot be used. `code` is one of the IDEMPOTENCY_ codes."""

    def __init__(self, code: str) -> None:
        super().__init__(MESSAGES[code])
        self.code = code
        self.message = MESSAGES[code]


class IdempotencyKeys:
    """The keys of one shop."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def reserve(self, attempt: Attempt) -> None:
        """Mark a key as in flight for the request that arrives with it, unless it is known already."""
        if self._known(attempt.key, attempt.now) is None:
            self._kept[attempt.key] = _Kept(attempt.fingerprint(), State.IN_FLIGHT, attempt.owner, attempt.now)

    def run(self, attempt: Attempt, execute: Callable[[], Any], *, execute_again: bool = False) -> Any:
        """The result under that key: of `execute` the first time, and the same one after. Raises KeyRefused."""
        self.reserve(attempt)
        kept = self._kept[attempt.key]
        if kept.parameters != attempt.fingerprint():
            raise KeyRefused(MISMATCH)
        if kept.state is State.IN_FLIGHT and kept.owner != attempt.owner:
            raise KeyRefused(CONCURRENT)
        if kept.state is State.FAILED:
            raise KeyRefused(FAILED_BEFORE)
        if kept.state is State.DONE and not execute_again:
            return kept.result
        kept.result = execute()
        kept.state = State.DONE
        return kept.result

    def fail(self, owner: int) -> None:
        """The request broke inside: its keys cannot be used again."""
        for kept in self._kept.values():
            if kept.owner == owner and kept.state is State.IN_FLIGHT:
                kept.state = State.FAILED

    def release(self, owner: int) -> None:
        """The request ended without running: its keys are free again."""
        open_keys = [k for k, kept in self._kept.items() if kept.owner == owner and kept.state is State.IN_FLIGHT]
        for key in open_keys:
            del self._kept[key]

    def _known(self, key: str, now: datetime) -> _Kept | None:
        kept = self._kept.get(key)
        if kept is not None and now - kept.since >= KEPT:
            del self._kept[key]
            return None
        return kept
