"""Waits until a private RabbitMQ node could be killed without losing a quorum queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from deploy.local.rabbitmq import RabbitMqNode
from tests.waiting import until

_LIST = "names.dets"


async def on_disk(node: RabbitMqNode, queues: Iterable[str]) -> None:
    """Return once the node's list of quorum queues on disk has these, of its default vhost.

    RabbitMQ 3.10 writes the list some time after a declaration; a queue that is not in it does not outlive a kill.
    """
    # An Erlang atom is written behind its length, so that no name is taken for a longer one.
    atoms = [bytes([len(atom)]) + atom for atom in (f"%2F_{name}".encode() for name in queues)]

    def written() -> int:
        text = b"".join(path.read_bytes() for path in Path(node.directory).rglob(_LIST))
        return sum(atom in text for atom in atoms)

    async def all_written() -> bool:
        return await asyncio.to_thread(written) == len(atoms)

    await until(all_written, what="the list of quorum queues on disk", progress=lambda: asyncio.to_thread(written))
