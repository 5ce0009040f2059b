"""How large a storm of webhooks is, and what goes wrong in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from deploy.local.rabbitmq import RabbitMqNode


@dataclass(frozen=True, slots=True)
class StormSize:
    """How much, and how bad.

    `last_lost`: actions at the very end of which no webhook comes. `four_hours`: seconds into which the
    retries of four hours are compressed.
    """

    webhooks: int = 50_000
    boms: int = 500
    locations: int = 4
    lost: float = 0.05
    doubled: float = 0.05
    reordered: float = 0.10
    reorder_span: int = 400
    restarts: int = 2
    indexer_kills: int = 1
    hand_share: float = 0.02
    last_lost: int = 8
    four_hours: float = 60.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Broker:
    """RabbitMQ, and two accidents: each returns once it is back."""

    url: str
    restart: Callable[[], Awaitable[None]]
    kill: Callable[[], Awaitable[None]]

    @classmethod
    def of(cls, node: RabbitMqNode) -> Broker:
        """A real node."""

        async def restart() -> None:
            await asyncio.to_thread(node.restart)

        async def kill() -> None:
            await asyncio.to_thread(node.kill)
            await restart()

        return cls(node.url, restart, kill)
