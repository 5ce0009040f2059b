"""A Shopify client's access to shops whose tokens were given by hand: as they are stored, with nothing to refresh."""

from __future__ import annotations

from collections.abc import Sequence

from shared.mongodb.schema import Database
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.shops.tokens import TokenStore


class StoredAccess:
    """Implements the Shopify client's `Access`."""

    def __init__(self, database: Database, keys: Sequence[str]) -> None:
        self._shops = ShopStore(database, list(keys))
        self._tokens = TokenStore(database, keys)

    async def token(self, domain: str) -> str:
        """The access token. Raises ShopPaused."""
        return (await self._tokens.get(domain)).access

    async def renewed(self, domain: str, refused: str) -> str | None:
        """Another token than the refused one, where somebody has stored one meanwhile."""
        token = await self.token(domain)
        return None if token == refused else token

    async def pause(self, domain: str, reason: str, detail: str | None = None) -> None:
        """Stop all calls for the shop."""
        await self._shops.pause(domain, reason, detail)
