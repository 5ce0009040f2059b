"""The documents as commands read them. Each store is loaded when it is first asked for: most commands need two."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from services.command_line.outcome import WrongUseError
from shared.domain.shop import named_shop
from shared.mongodb.connection import Mongo, store_must_answer
from shared.store_address import load_store_address

if TYPE_CHECKING:
    from shared.mongodb.catalogue.boms import BomStore
    from shared.mongodb.inbox.dead_letters import DeadLetterStore
    from shared.mongodb.jobs.cells.cells import CellStore
    from shared.mongodb.jobs.jobs import JobStore
    from shared.mongodb.jobs.totals.bom_progress import JobBoms
    from shared.mongodb.lists.listings import Listings
    from shared.mongodb.previews.previews import PreviewStore
    from shared.mongodb.shops.shops import Shop, ShopStore
    from shared.mongodb.stock.stock import StockStore


class Records:
    """The stores over one database. Without `keys` no token can be read."""

    def __init__(self, mongo: Mongo, keys: Sequence[str] = ()) -> None:
        self.mongo = mongo
        self._keys = list(keys)

    async def shop(self, domain: str | None) -> Shop:
        """The shop of that domain, or the only one there is. Raises WrongUseError."""
        if domain is not None:
            known = await self.shops.get(shop_domain(domain, argument="--shop"))
            if known is None:
                raise WrongUseError(
                    f"--shop: {domain} is not known; add it with: trueup shop add {domain} --token-file PATH"
                )
            return known
        shops = await self.shops.all()
        if len(shops) == 1:
            return shops[0]
        if not shops:
            raise WrongUseError("--shop: there is no shop yet; add one with: trueup shop add DOMAIN --token-file PATH")
        raise WrongUseError(f"--shop: say which of the {len(shops)} shops, for instance --shop {shops[0].domain}")

    @cached_property
    def shops(self) -> ShopStore:
        """Shops and their tokens."""
        from shared.mongodb.shops.shops import ShopStore

        return ShopStore(self.mongo.db, self._keys)

    @cached_property
    def boms(self) -> BomStore:
        """BOMs and locations."""
        from shared.mongodb.catalogue.boms import BomStore

        return BomStore(self.mongo.db, self.mongo.transactions)

    @cached_property
    def stock(self) -> StockStore:
        """What is counted, cell by cell."""
        from shared.mongodb.stock.stock import StockStore

        return StockStore(self.mongo.db)

    @cached_property
    def previews(self) -> PreviewStore:
        """Previews and their rows."""
        from shared.mongodb.previews.previews import PreviewStore

        return PreviewStore(self.mongo.db, self.mongo.transactions)

    @cached_property
    def jobs(self) -> JobStore:
        """Jobs, to change them."""
        from shared.mongodb.jobs.jobs import JobStore

        return JobStore(self.mongo.db, self.mongo.transactions)

    @cached_property
    def cells(self) -> CellStore:
        """The cells of jobs, to change them."""
        from shared.mongodb.jobs.cells.cells import CellStore

        return CellStore(self.mongo.db)

    @cached_property
    def listings(self) -> Listings:
        """Jobs, cells and previews, page by page."""
        from shared.mongodb.lists.listings import Listings

        return Listings(self.mongo.db)

    @cached_property
    def job_boms(self) -> JobBoms:
        """The progress of jobs BOM by BOM."""
        from shared.mongodb.jobs.totals.bom_progress import JobBoms

        return JobBoms(self.mongo.db)

    @cached_property
    def letters(self) -> DeadLetterStore:
        """Dead letters."""
        from shared.mongodb.inbox.dead_letters import DeadLetterStore

        return DeadLetterStore(self.mongo.db)


@asynccontextmanager
async def looking() -> AsyncIterator[Records]:
    """The documents alone, for what only reads them. Raises WrongSetting, StoreUnavailable."""
    address = load_store_address()
    mongo = Mongo(address.uri, address.database)
    try:
        with store_must_answer():
            await mongo.must_answer()
            yield Records(mongo)
    finally:
        mongo.close()


def shop_domain(text: str, *, argument: str = "DOMAIN") -> str:
    """A shop's domain in lower case. Raises WrongUseError."""
    domain = named_shop(text.strip())
    if domain is None:
        raise WrongUseError(f"{argument}: {text!r} is no shop domain: it must look like name.myshopify.com")
    return domain
