"""`trueup prepare`: makes what the services find there, so that none of them needs the right to make it."""

from __future__ import annotations

from services.command_line.outcome import Exit
from shared.mongodb.connection import Mongo, store_must_answer
from shared.rabbitmq.connection import declare_topology
from shared.roles import Role
from shared.settings import OwnerSettings, load_settings


async def prepare() -> Exit:
    """Declare exchanges, queues and bindings, make collections and indexes. Safe to repeat, and beside services.

    Raises WrongSetting, BrokerUnavailable, StoreUnavailable.
    """
    settings = load_settings(OwnerSettings)
    await declare_topology(settings.amqp_url.get_secret_value(), [Role.OWNER])
    mongo = Mongo(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
    try:
        with store_must_answer():
            await mongo.make([Role.OWNER])
    finally:
        mongo.close()
    return Exit.OK
