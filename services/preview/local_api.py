"""The API within one process, for a command that asks the stores themselves: the same routes, without page and rounds.

It listens on this machine's own address and answers nobody but who knows the key that the process has just made.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from math import inf
from typing import TYPE_CHECKING, Any, NoReturn, cast

from services.preview.api.http.app import make_app
from services.preview.api.http.auth import Caller, SessionTokens, bearer
from services.preview.api.http.dependencies import Dependencies
from services.preview.api.http.hub import EventHub
from services.preview.api.http.key_rates import KeyRates
from services.preview.api.http.limits import Limits
from services.preview.api.http.responses.problem import ProblemError
from services.preview.api.shop.view import shop_out
from services.preview.computing.requests import PreviewRequests
from shared.errors import BrokerUnavailable
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.connection import Mongo
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.server_keys.request_shares import RequestShares
from shared.mongodb.shops.shops import ShopStore
from shared.serving.server import start_server
from shared.settings import ApiSettings
from shared.shop_life.installation import Installation
from shared.shop_life.time_zones import TimeZones
from shared.shop_life.wiring import ShopLife
from shared.shopify.calls.session import shopify_session
from shared.zones import zone_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from shared.rabbitmq.consuming.consumer import Consumer
    from shared.rabbitmq.publishing.publisher import Publisher

_HOST = "127.0.0.1"
_SHUTDOWN = 1.0
_UNBOUNDED = {"requests_per_second": 10_000.0, "requests_at_once": 100}
"""The limits keep shops from starving each other; here there is one client, who is the operator."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who asks: one shop's records, in the name of a program."""

    shop: str
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Broker:
    """Both ways to RabbitMQ."""

    publisher: Publisher
    consumer: Consumer


@asynccontextmanager
async def local_api(
    settings: ApiSettings, mongo: Mongo, operator: Operator, broker: Broker | None
) -> AsyncIterator[str]:
    """Serve the API as long as the context lasts; yields its address.

    Without a broker what has to be announced is refused, and nothing is asked of Shopify. Raises OSError.
    """
    hub = EventHub()
    publisher = cast("Publisher", _NoPublisher()) if broker is None else broker.publisher
    async with shopify_session() as session:
        life = ShopLife.of(settings, mongo, session)
        requests = PreviewRequests(
            PreviewStore(mongo.db, mongo.transactions),
            BomStore(mongo.db, mongo.transactions),
            publisher,
            max_open=settings.open_previews_per_shop,
            wake=_nobody,
        )
        deps = Dependencies.of(settings, mongo, publisher, hub=hub, life=life, requests=requests, wake_imports=_nobody)
        can_read_zones = broker is not None and "token_keys" in settings.model_fields_set
        unbounded = settings.model_copy(update=_UNBOUNDED)
        deps = replace(
            deps,
            tokens=cast("SessionTokens", _OneKey(operator)),
            limits=Limits(unbounded, KeyRates(RequestShares(mongo.db), unbounded)),
            installation=cast("Installation", _NothingToInstall()),
            zones=deps.zones if can_read_zones else cast("TimeZones", _ZonesAsRead(life.shops)),
        )
        if broker is not None:
            await broker.consumer.listen(hub.handle)
        server = await start_server(make_app(deps), _HOST, 0, shutdown_timeout=_SHUTDOWN)
        try:
            yield f"http://{_HOST}:{server.port}"
        finally:
            await server.close()


async def every_shop(mongo: Mongo) -> list[dict[str, Any]]:
    """Each shop that has the app, in the form of GET /api/shop."""
    shops = ShopStore(mongo.db, [])
    zones = _ZonesAsRead(shops)
    return [
        shop_out(shop.domain, await zones.last_read(shop.domain), shop).model_dump(mode="json")
        for shop in await shops.all()
    ]


def _nobody() -> None:
    """Those who compute and import are other processes: the message, or the document, tells them."""


class _OneKey:
    """Takes the key of this process, and no session token."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    def caller(self, authorization: str | None) -> Caller:
        """The operator. Raises ProblemError (401)."""
        if not hmac.compare_digest(bearer(authorization).encode(), self._operator.key.encode()):
            raise ProblemError(HTTPStatus.UNAUTHORIZED, "token-invalid", "This API answers its own process alone.")
        return Caller(self._operator.shop, self._operator.name, inf, by="command")


class _NothingToInstall:
    """The operator has no session token of Shopify's: a shop's records are shown as they stand."""

    async def by_session_token(self, *_: object) -> None:
        """Leave the shop as it is."""


class _NoPublisher:
    """Stands for RabbitMQ in a command that only looks."""

    async def command(self, *_: object) -> NoReturn:
        """Raise BrokerUnavailable."""
        raise BrokerUnavailable("this command was begun without RabbitMQ")

    event = command


class _ZonesAsRead:
    """Time zones as they are kept: a command that only looks asks Shopify nothing."""

    def __init__(self, shops: ShopStore) -> None:
        self._shops = shops

    async def last_read(self, shop: str) -> str | None:
        """The zone's name as last read."""
        kept = await self._shops.time_zone(shop)
        return None if kept is None else kept[0]

    async def of(self, shop: str) -> ZoneInfo:
        """The zone as last read. Raises TimeZoneUnknown."""
        return zone_of(await self.last_read(shop))
