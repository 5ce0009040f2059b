"""The same API over the stores of the settings: this process serves its routes to itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from secrets import token_urlsafe

import aiohttp

from services.command_line.api.client import PATIENCE, Api, Json
from services.command_line.connections.broker import open_broker
from services.command_line.connections.stores import Records, looking
from services.command_line.outcome import REQUESTED_BY
from services.preview.local_api import Broker, Operator, every_shop, local_api
from shared.mongodb.connection import Mongo, store_must_answer
from shared.observing import logs
from shared.observing.hiding import hide
from shared.roles import Role
from shared.settings import ApiSettings, AskingCommandSettings, LookingCommandSettings, load_settings


@asynccontextmanager
async def over_stores(shop: str | None, *, asks: bool) -> AsyncIterator[Api]:
    """The same API over the stores of the settings, served by this process to itself."""
    logs.configure_logs("command-line", "error")
    settings: ApiSettings = load_settings(AskingCommandSettings if asks else LookingCommandSettings)
    async with AsyncExitStack() as stack:
        stack.enter_context(store_must_answer())
        mongo = Mongo(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
        stack.callback(mongo.close)
        await (mongo.prepare([Role.COMMAND_LINE]) if asks else mongo.must_answer())
        broker = None
        if asks:
            opened = await stack.enter_async_context(open_broker(settings, settings.client_secrets))
            broker = Broker(opened.publisher, opened.consumer)
        known = (await Records(mongo, settings.fernet_keys).shop(shop)).domain
        key = token_urlsafe(32)
        hide(key)
        operator = Operator(known, REQUESTED_BY, key)
        address = await stack.enter_async_context(local_api(settings, mongo, operator, broker))
        headers = {"Authorization": f"Bearer {key}"}
        http = aiohttp.ClientSession(headers=headers, timeout=PATIENCE)
        yield Api(await stack.enter_async_context(http), address, known, named="the API of this process")


async def shops_of_stores() -> list[Json]:
    """Every shop in these stores, as the API shows each."""
    logs.configure_logs("command-line", "error")
    async with looking() as records:
        return await every_shop(records.mongo)
