"""What a command works with: the stores to read from, and the broker, as any other client of Trueup has it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
from pydantic import TypeAdapter, ValidationError

from services.command_line.outcome import WrongUseError
from shared.contract.messages import ShopDomain
from shared.contract.seal import Seals
from shared.logs import configure_logs
from shared.mongodb.boms import BomStore
from shared.mongodb.cells import CellStore
from shared.mongodb.connection import Mongo, store_must_answer
from shared.mongodb.dead_letters import DeadLetterStore
from shared.mongodb.job_boms import JobBoms
from shared.mongodb.jobs import JobStore
from shared.mongodb.listings import Listings
from shared.mongodb.previews import PreviewStore
from shared.mongodb.shops import Shop, ShopStore
from shared.mongodb.stock import StockStore
from shared.rabbitmq.connection import declare_topology
from shared.rabbitmq.consumer import Consumer
from shared.rabbitmq.publisher import Publisher
from shared.settings import Settings, load_settings
from shared.shop_life.parts import ShopLife
from shared.shopify.client import ShopifyClient

_DOMAIN: TypeAdapter[str] = TypeAdapter(ShopDomain)


@dataclass(frozen=True, slots=True)
class Broker:
    """Both connections of a command to RabbitMQ."""

    publisher: Publisher
    consumer: Consumer


@dataclass(frozen=True, slots=True)
class Client:
    """Stores and, where a command speaks to it, broker of one command."""

    settings: Settings
    mongo: Mongo
    broker: Broker | None
    http: aiohttp.ClientSession
    shops: ShopStore
    boms: BomStore
    stock: StockStore
    previews: PreviewStore
    jobs: JobStore
    cells: CellStore
    listings: Listings
    job_boms: JobBoms
    letters: DeadLetterStore

    async def shop(self, domain: str | None) -> Shop:
        """The shop of that domain, or the only one there is. Raises WrongUseError."""
        if domain is not None:
            known = await self.shops.get(shop_domain(domain))
            if known is None:
                raise WrongUseError(
                    f"--shop: {domain} is not known; add it with: trueup shop add {domain} --token-file PATH"
                )
            return known
        shops = await self.shops.all()
        if len(shops) == 1:
            return shops[0]
        if not shops:
            raise WrongUseError("there is no shop yet; add one with: trueup shop add DOMAIN --token-file PATH")
        raise WrongUseError(f"--shop: say which of the {len(shops)} shops, for instance --shop {shops[0].domain}")

    @property
    def publisher(self) -> Publisher:
        """Sends to the broker."""
        return self._connected().publisher

    @property
    def consumer(self) -> Consumer:
        """Hears from the broker."""
        return self._connected().consumer

    def _connected(self) -> Broker:
        if self.broker is None:
            message = "this command was begun without RabbitMQ"
            raise RuntimeError(message)
        return self.broker

    def shopify(self) -> ShopifyClient:
        """Calls to Shopify with the stored tokens."""
        return ShopLife.of(self.settings, self.mongo, self.http).client


def shop_domain(text: str) -> str:
    """A shop's domain in lower case. Raises WrongUseError."""
    try:
        return _DOMAIN.validate_python(text.strip().lower())
    except ValidationError:
        raise WrongUseError(f"{text!r} is no shop domain: it must look like name.myshopify.com") from None


@asynccontextmanager
async def connected(settings: Settings | None = None, *, broker: bool = True) -> AsyncIterator[Client]:
    """Connect to what the settings name. Raises WrongSetting, BrokerUnavailable, StoreUnavailable.

    Without `broker`, RabbitMQ is left alone: what only reads the documents works while it is away, too.
    """
    known = settings or load_settings()
    if settings is None:
        configure_logs("command-line", "error")
    url = known.amqp_url.get_secret_value()
    async with AsyncExitStack() as stack:
        stack.enter_context(store_must_answer())
        mongo = Mongo(known.mongodb_uri.get_secret_value(), known.mongodb_database)
        stack.callback(mongo.close)
        await mongo.prepare()
        both = await _open_broker(url, Seals(known.client_secrets), stack) if broker else None
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield Client(
            settings=known,
            mongo=mongo,
            broker=both,
            http=http,
            shops=ShopStore(mongo.db, [key.get_secret_value() for key in known.token_keys]),
            boms=BomStore(mongo.db, mongo.transactions),
            stock=StockStore(mongo.db),
            previews=PreviewStore(mongo.db, mongo.transactions),
            jobs=JobStore(mongo.db, mongo.transactions),
            cells=CellStore(mongo.db),
            listings=Listings(mongo.db),
            job_boms=JobBoms(mongo.db),
            letters=DeadLetterStore(mongo.db),
        )


async def _open_broker(url: str, seals: Seals, stack: AsyncExitStack) -> Broker:
    await declare_topology(url)
    publisher, consumer = await asyncio.gather(
        Publisher.open(url, "command-line", seals), Consumer.open(url, "command-line")
    )
    stack.push_async_callback(publisher.close)
    stack.push_async_callback(consumer.close)
    return Broker(publisher, consumer)
