"""What a command works with: the documents, and, where it needs them, the broker and Shopify."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from services.command_line.connections.stores import Records
from services.command_line.outcome import REQUESTED_BY
from shared.mongodb.connection import Mongo, store_must_answer
from shared.roles import Role
from shared.setting_groups import StoreSettings
from shared.settings import (
    BrokerCommandSettings,
    KeysCommandSettings,
    ShopifyCommandSettings,
    SweepCommandSettings,
    keys_of,
    load_settings,
    part_of,
)

if TYPE_CHECKING:
    from services.command_line.connections.broker import Broker
    from services.command_line.connections.calls import Calls
    from shared.rabbitmq.consuming.consumer import Consumer
    from shared.rabbitmq.publishing.publisher import Publisher
    from shared.shopify.calls.client import ShopifyClient


class Client(Records):
    """The documents and, where a command speaks to them, broker and Shopify of one command."""

    def __init__(self, settings: StoreSettings, mongo: Mongo, broker: Broker | None, calls: Calls | None) -> None:
        super().__init__(mongo, keys_of(settings))
        self.settings = settings
        self._broker = broker
        self._calls = calls

    async def note(self, act: str, shop: str | None, subject: str = "") -> None:
        """Note in the audit log what this command has done."""
        from shared.mongodb.shops.acts import Act
        from shared.mongodb.shops.audit import AuditLog

        await AuditLog(self.mongo.db).note(Act(shop, act, REQUESTED_BY, "command", subject))

    @property
    def publisher(self) -> Publisher:
        """Sends to the broker."""
        return self.broker.publisher

    @property
    def consumer(self) -> Consumer:
        """Hears from the broker."""
        return self.broker.consumer

    @property
    def broker(self) -> Broker:
        """Both connections to the broker."""
        if self._broker is None:
            message = "this command was begun without RabbitMQ"
            raise RuntimeError(message)
        return self._broker

    @property
    def calls(self) -> Calls:
        """The connection to Shopify."""
        if self._calls is None:
            message = "this command was begun without Shopify"
            raise RuntimeError(message)
        return self._calls

    def shopify(self) -> ShopifyClient:
        """Calls to Shopify with the stored tokens."""
        return self.calls.with_stored_tokens()


@asynccontextmanager
async def connected(
    settings: StoreSettings | None = None, *, broker: bool = True, shopify: bool = True, keys: bool = False
) -> AsyncIterator[Client]:
    """Connect to what the settings name. Raises WrongSetting, BrokerUnavailable, StoreUnavailable.

    Without `broker`, RabbitMQ is left alone: what needs only the documents works while it is away, too. What a command
    does without is not even loaded, and the settings for it are not read. `keys`: it encrypts, without Shopify.
    """
    known = settings or load_settings(_model(broker=broker, shopify=shopify, keys=keys))
    async with AsyncExitStack() as stack:
        stack.enter_context(store_must_answer())
        mongo = Mongo(known.mongodb_uri.get_secret_value(), known.mongodb_database)
        stack.callback(mongo.close)
        await mongo.prepare([Role.COMMAND_LINE])
        opened_broker = opened_calls = None
        if broker:
            from services.command_line.connections.broker import open_broker

            asking = part_of(known, BrokerCommandSettings)
            opened_broker = await stack.enter_async_context(open_broker(asking, asking.client_secrets))
        if shopify:
            from services.command_line.connections.calls import open_calls

            opened_calls = await stack.enter_async_context(open_calls(part_of(known, ShopifyCommandSettings), mongo))
        yield Client(known, mongo, opened_broker, opened_calls)


def _model(*, broker: bool, shopify: bool, keys: bool) -> type[StoreSettings]:
    """What a command reads of the settings."""
    if broker:
        return SweepCommandSettings if shopify else BrokerCommandSettings
    if shopify:
        return ShopifyCommandSettings
    return KeysCommandSettings if keys else StoreSettings
