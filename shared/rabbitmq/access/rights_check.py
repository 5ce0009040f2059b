"""Whether the user may publish what its roles publish, asked without publishing anything.

Messages of a transaction that is rolled back are checked as any other, and reach nobody. RabbitMQ itself has no
question for it. What is taken from queues is asked by taking: consumers are opened as the process starts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import aio_pika
from aio_pika.abc import AbstractConnection

from shared.rabbitmq import topology
from shared.rabbitmq.access.rights import WORK
from shared.roles import Role

_ANY_KEY = "trueup.may"
_KEYS = (
    *(key for queue in topology.QUEUES for key in queue.keys if key != "#"),
    *topology.LISTENER_KEYS,
)


async def must_publish(connection: AbstractConnection, roles: Collection[Role]) -> None:
    """Try every exchange and kind of key that the roles publish to. Raises what aio-pika does where one is refused."""
    tries = sorted({one for role in roles for one in _published_by(role)})
    if not tries:
        return
    channel = await connection.channel(publisher_confirms=False)
    transaction = channel.transaction()
    await transaction.select()
    for exchange, key in tries:
        target = await channel.get_exchange(exchange, ensure=False)
        await target.publish(aio_pika.Message(b""), key, mandatory=False)
        await transaction.rollback()
    await channel.close()


def _published_by(role: Role) -> Iterator[tuple[str, str]]:
    """Exchanges and keys, one for each pattern of the role's rights; the owner publishes nothing."""
    if role not in WORK:
        return
    for exchange, patterns in WORK[role].publishes.items():
        for pattern in patterns:
            yield exchange, next((key for key in _KEYS if re.fullmatch(pattern, key)), _ANY_KEY)
