"""Tokens for every call: refreshed before they expire or when Shopify refuses them, by one replica at a time."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): token.refresh.

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from shared.errors import ShopifyError, ShopifyUnclear, ShopPaused
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.shops.tokens import Granted, StoredTokens, TokenStore
from shared.shopify.calls.tokens import WRONG_SECRET, Grant, TokenEndpoint, TokenRefused

log = structlog.get_logger()

EARLY = timedelta(minutes=2)
"""An access token that expires within this time is refreshed before the call."""

LONGEST_WAIT = 45.0
"""Seconds to wait for another replica's refresh; its right to it has ended by then."""

_LOOK_AGAIN = 0.05


class ShopAccess:
    """Implements the Shopify client's `Access`."""

    def __init__(self, shops: ShopStore, tokens: TokenStore, endpoint: TokenEndpoint) -> None:
        self._shops = shops
        self._tokens = tokens
        self._endpoint = endpoint

    async def token(self, domain: str) -> str:
        """The access token. Read before every call, so that a pause is seen by every part.

        Raises ShopPaused; where an expired token cannot be refreshed now, ShopifyThrottled or ShopifyUnclear.
        """
        stored = await self._tokens.get(domain)
        left = None if stored.expires_at is None else stored.expires_at - datetime.now(UTC)
        if left is None or left > EARLY or stored.refresh is None:
            return stored.access
        if left > timedelta(0):
            return await self._early(domain, stored)
        fresh = await self._after(domain, stored.number)
        if fresh is None:
            await self.pause(domain, "unauthorized")
            raise ShopPaused(domain, "unauthorized")
        return fresh

    async def renewed(self, domain: str, refused: str, *, although_paused: bool = False) -> str | None:
        """Another token after Shopify refused this one; None: there is none. Raises ShopifyError."""
        stored = await self._tokens.get(domain, although_paused=although_paused)
        if stored.access != refused:
            return stored.access
        return await self._after(domain, stored.number, sure=although_paused)

    async def pause(self, domain: str, reason: str, detail: str | None = None) -> None:
        """Stop all calls for the shop."""
        if await self._shops.pause(domain, reason, detail):
            log.warning("shop_paused", shop=domain, reason=reason, detail=detail)

    async def _early(self, domain: str, stored: StoredTokens) -> str:
        """The token still works: neither another's refresh nor a failed one is waited for."""
        if not await self._tokens.take_refresh(domain, stored.number):
            return stored.access
        try:
            return await self._refresh(domain, stored) or stored.access
        except ShopifyError as error:
            log.warning("early_refresh_failed", shop=domain, reason=str(error))
            return stored.access

    async def _after(self, domain: str, number: int, *, sure: bool = False) -> str | None:
        """The access token that follows the one of this number: refreshed here, or by whoever is at it already.

        `sure`: that there is none must be the shop's doing; raises ShopifyUnclear where it is ours.
        """
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                while True:
                    stored = await self._tokens.get(domain, although_paused=True)
                    if stored.number != number:
                        return stored.access
                    if stored.refresh is None:
                        return None
                    if await self._tokens.take_refresh(domain, number):
                        return await self._refresh(domain, stored, sure=sure)
                    await asyncio.sleep(_LOOK_AGAIN)
        except TimeoutError:
            raise ShopifyUnclear("another replica's refresh of the token has not ended") from None

    async def _refresh(self, domain: str, stored: StoredTokens, *, sure: bool = False) -> str | None:
        """Refresh under the right to it; None where Shopify refuses."""
        try:
            grant = await self._ask(domain, stored.refresh or "")
        except TokenRefused as refused:
            await self._tokens.give_back_refresh(domain, stored.number)
            # Somebody whose right had ended may have been faster all the same.
            now = await self._tokens.get(domain, although_paused=True)
            log.warning("refresh_refused", shop=domain, code=refused.code)
            if sure and refused.code == WRONG_SECRET and now.number == stored.number:
                raise ShopifyUnclear("the token endpoint does not take the client secret") from None
            return now.access if now.number != stored.number else None
        except BaseException:
            await self._tokens.give_back_refresh(domain, stored.number)
            raise
        if await self._tokens.keep(domain, granted_of(grant), stored.number):
            log.info("token_refreshed", shop=domain, number=stored.number + 1)
            return grant.access_token
        return (await self._tokens.get(domain, although_paused=True)).access

    async def _ask(self, domain: str, refresh_token: str) -> Grant:
        """A lost answer is made good at once: the token used stays valid until its replacement is first used."""
        try:
            return await self._endpoint.refresh(domain, refresh_token)
        except ShopifyUnclear as unclear:
            log.warning("refresh_unclear", shop=domain, reason=str(unclear))
            return await self._endpoint.refresh(domain, refresh_token)


class AlthoughPaused:
    """The `Access` of a probe: it calls for a shop that is paused, and pauses nothing."""

    def __init__(self, access: ShopAccess, tokens: TokenStore) -> None:
        self._access = access
        self._tokens = tokens

    async def token(self, domain: str) -> str:
        """The access token as it is stored. Raises ShopPaused where there is none."""
        return (await self._tokens.get(domain, although_paused=True)).access

    async def renewed(self, domain: str, refused: str) -> str | None:
        """The next token, as for every call."""
        return await self._access.renewed(domain, refused, although_paused=True)

    async def pause(self, domain: str, reason: str, detail: str | None = None) -> None:
        """It is paused."""


def granted_of(grant: Grant) -> Granted:
    """What Shopify gave, in the form in which it is kept."""
    return Granted(
        access=grant.access_token,
        refresh=grant.refresh_token,
        scopes=grant.scopes,
        expires_at=grant.expires_at,
        refresh_expires_at=grant.refresh_expires_at,
    )
