"""What a command works with: the stores to read from, and, where it needs them, the broker and Shopify."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.command_line.outcome import WrongUseError
from shared.domain.shop import is_shop_domain
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
from shared.settings import Settings, load_settings

if TYPE_CHECKING:
    from services.command_line.broker import Broker
    from services.command_line.calls import Calls
    from shared.rabbitmq.consumer import Consumer
    from shared.rabbitmq.publisher import Publisher
    from shared.shopify.client import ShopifyClient


@dataclass(frozen=True, slots=True)
class Client:
    """Stores and, where a command speaks to them, broker and Shopify of one command."""

    settings: Settings
    mongo: Mongo
    shops: ShopStore
    boms: BomStore
    stock: StockStore
    previews: PreviewStore
    jobs: JobStore
    cells: CellStore
    listings: Listings
    job_boms: JobBoms
    letters: DeadLetterStore
    opened_broker: Broker | None = None
    opened_calls: Calls | None = None

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
        return self._broker().publisher

    @property
    def consumer(self) -> Consumer:
        """Hears from the broker."""
        return self._broker().consumer

    def _broker(self) -> Broker:
        if self.opened_broker is None:
            message = "this command was begun without RabbitMQ"
            raise RuntimeError(message)
        return self.opened_broker

    def shopify(self) -> ShopifyClient:
        """Calls to Shopify with the stored tokens."""
        return self.calls.with_stored_tokens()

    @property
    def calls(self) -> Calls:
        """The connection to Shopify."""
        if self.opened_calls is None:
            message = "this command was begun without Shopify"
            raise RuntimeError(message)
        return self.opened_calls


def shop_domain(text: str) -> str:
    """A shop's domain in lower case. Raises WrongUseError."""
    domain = text.strip().lower()
    if not is_shop_domain(domain):
        raise WrongUseError(f"{text!r} is no shop domain: it must look like name.myshopify.com")
    return domain


@asynccontextmanager
async def connected(
    settings: Settings | None = None, *, broker: bool = True, shopify: bool = True
) -> AsyncIterator[Client]:
    """Connect to what the settings name. Raises WrongSetting, BrokerUnavailable, StoreUnavailable.

    Without `broker`, RabbitMQ is left alone: what only reads the documents works while it is away, too. What a command
    does without is not even loaded.
    """
    known = settings or load_settings()
    async with AsyncExitStack() as stack:
        stack.enter_context(store_must_answer())
        mongo = Mongo(known.mongodb_uri.get_secret_value(), known.mongodb_database)
        stack.callback(mongo.close)
        await mongo.prepare()
        yield Client(
            settings=known,
            mongo=mongo,
            shops=ShopStore(mongo.db, [key.get_secret_value() for key in known.token_keys]),
            boms=BomStore(mongo.db, mongo.transactions),
            stock=StockStore(mongo.db),
            previews=PreviewStore(mongo.db, mongo.transactions),
            jobs=JobStore(mongo.db, mongo.transactions),
            cells=CellStore(mongo.db),
            listings=Listings(mongo.db),
            job_boms=JobBoms(mongo.db),
            letters=DeadLetterStore(mongo.db),
            opened_broker=await _open_broker(known, stack) if broker else None,
            opened_calls=await _open_calls(known, mongo, stack) if shopify else None,
        )


async def _open_broker(settings: Settings, stack: AsyncExitStack) -> Broker:
    from services.command_line.broker import open_broker  # noqa: PLC0415  # aio-pika; most commands need none

    return await stack.enter_async_context(open_broker(settings))


async def _open_calls(settings: Settings, mongo: Mongo, stack: AsyncExitStack) -> Calls:
    from services.command_line.calls import open_calls  # noqa: PLC0415  # aiohttp; most commands need none

    return await stack.enter_async_context(open_calls(settings, mongo))
