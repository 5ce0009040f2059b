"""A shop's tokens, encrypted at rest: numbered, refreshed by one at a time, and the right to install a shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.errors import ShopPaused
from shared.mongodb.access.cipher import Cipher
from shared.mongodb.lease import Lease
from shared.mongodb.schema import Database, Document, found
from shared.mongodb.shops.departures import CLAIMS
from shared.mongodb.shops.shops import WITHOUT_TOKENS

REFRESH = Lease(until="refresh_until", lasts=timedelta(seconds=40))
"""The right to refresh a shop's tokens: longer than a call to the token endpoint may take."""

INSTALL = Lease(until="install_until", lasts=timedelta(seconds=60))
"""The right to install a shop."""

SET_UP = Lease(until="set_up_at", lasts=timedelta(seconds=60), notes_the_beginning=True)
"""A turn at a shop's webhooks and locations."""


@dataclass(frozen=True, slots=True)
class Granted:
    """Tokens to be kept. No expiry: the token does not expire."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    scopes: tuple[str, ...]
    expires_at: datetime | None
    refresh_expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """Tokens as kept. `number` rises with every change, so that nobody refreshes what was refreshed already."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    number: int
    expires_at: datetime | None


_ENCRYPTED = ("token", "refresh_token")


class TokenStore:
    """Reads and writes tokens. `keys` are Fernet keys; the first encrypts, all decrypt."""

    def __init__(self, database: Database, keys: Sequence[str]) -> None:
        self._shops = database["shops"]
        self._cipher = Cipher(keys)

    async def get(self, domain: str, *, although_paused: bool = False) -> StoredTokens:
        """The tokens. Raises ShopPaused where the shop takes no calls, or has no token."""
        fields = ("token", "refresh_token", "token_no", "token_expires_at", "status", "pause_reason", "pause_detail")
        document = found(await self._shops.find_one({"_id": domain}, dict.fromkeys(fields, 1)))
        if document is None or "token" not in document:
            raise ShopPaused(domain, "unknown shop")
        if document["status"] != "active" and not although_paused:
            reason = document.get("pause_reason") or document["status"]
            raise ShopPaused(domain, reason, document.get("pause_detail"))
        sealed = document.get("refresh_token")
        return StoredTokens(
            access=self._cipher.decrypt(document["token"]).decode(),
            refresh=None if sealed is None else self._cipher.decrypt(sealed).decode(),
            number=document["token_no"],
            expires_at=document.get("token_expires_at"),
        )

    async def take_refresh(self, domain: str, number: int) -> bool:
        """Take the right to refresh the tokens of this number; it ends by itself when the taker dies."""
        taken = await REFRESH.take(self._shops, {"_id": domain, "token_no": number}, projection={"_id": 1})
        return taken is not None

    async def give_back_refresh(self, domain: str, number: int) -> None:
        """Let another try at once."""
        await REFRESH.give_back(self._shops, {"_id": domain, "token_no": number})

    async def keep(self, domain: str, granted: Granted, number: int) -> bool:
        """Replace the tokens of this number; False where somebody else has done it."""
        # Shopify's own word, where it gives it: a webhook that named other scopes may have been an old one.
        scopes = {"scopes": list(granted.scopes)} if granted.scopes else {}
        result = await self._shops.update_one(
            {"_id": domain, "token_no": number},
            {"$set": {**self._fields(granted), **scopes, "token_no": number + 1}, "$unset": {REFRESH.until: ""}},
        )
        return result.modified_count == 1

    async def take_install(self, domain: str) -> bool:
        """Take the right to install the shop, which may be a new one; False while another is at it, or has done it."""
        first: Document = {
            "shop": domain,
            "created_at": datetime.now(UTC),
            "job_no": 0,
            "drift_policy": "repair",
            "status": "installing",
            "pause_reason": "installing",
        }
        which: Document = {"_id": domain, "$or": WITHOUT_TOKENS}
        return await INSTALL.take(self._shops, which, first=first, projection={"_id": 1}) is not None

    async def installed(self, domain: str, granted: Granted, at: datetime) -> None:
        """The shop has the app since Shopify's time `at`; what Shopify said before is not about this installation.

        Its webhooks and locations are still to be set up.
        """
        values: Document = {
            **self._fields(granted),
            "scopes": list(granted.scopes),
            "status": "active",
            "pause_reason": None,
            "pause_detail": None,
            "paused_at": None,
            "installed_at": at,
            "set_up_due": True,
        }
        gone = dict.fromkeys((INSTALL.until, REFRESH.until, SET_UP.until, *CLAIMS), "")
        await self._shops.update_one({"_id": domain}, {"$set": values, "$unset": gone, "$inc": {"token_no": 1}})

    async def not_installed(self, domain: str) -> None:
        """Shopify refused: a new shop is forgotten, a known one stays as it was."""
        await INSTALL.give_back(self._shops, {"_id": domain})
        await self._shops.delete_one({"_id": domain, "status": "installing"})

    async def to_set_up(self) -> list[str]:
        """Active shops whose set-up is due, and nobody's turn."""
        condition = {"status": "active", "set_up_due": True, **SET_UP.free(datetime.now(UTC))}
        return [document["_id"] async for document in self._shops.find(condition, {"_id": 1})]

    async def take_set_up(self, domain: str) -> bool:
        """Take a turn at setting the shop up."""
        taken = await SET_UP.take(self._shops, {"_id": domain, "set_up_due": True}, projection={"_id": 1})
        return taken is not None

    async def set_up(self, domain: str) -> None:
        """Webhooks and locations are as they should be."""
        await self._shops.update_one({"_id": domain}, {"$unset": {"set_up_due": "", SET_UP.until: ""}})

    async def encrypt_anew(self) -> int:
        """Encrypt every token by the first key; returns the number of shops. Raises InvalidToken for an unknown key."""
        changed = 0
        async for shop in self._shops.find({"token": {"$ne": None}}, dict.fromkeys(_ENCRYPTED, 1)):
            values = {name: self._cipher.rotate(shop[name]) for name in _ENCRYPTED if shop.get(name) is not None}
            # One that was refreshed meanwhile is encrypted by whoever did it.
            same = {name: shop[name] for name in values}
            result = await self._shops.update_one({"_id": shop["_id"], **same}, {"$set": values})
            changed += result.modified_count
        return changed

    def _fields(self, granted: Granted) -> Document:
        return {
            "token": self._cipher.encrypt(granted.access.encode()),
            "refresh_token": None if granted.refresh is None else self._cipher.encrypt(granted.refresh.encode()),
            "token_expires_at": granted.expires_at,
            "refresh_expires_at": granted.refresh_expires_at,
        }
