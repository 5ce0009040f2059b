"""Reaching the API: over HTTP with a key where `TRUEUP_URL` names a Trueup, else over the stores.

Either way is loaded when it is gone: over HTTP no driver of a store, over the stores no more than the API itself.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from shared.store_address import setting

if TYPE_CHECKING:
    from services.command_line.api.client import Api, Json


def is_remote() -> bool:
    """Whether commands ask a Trueup over HTTP."""
    return bool(setting("URL"))


def reached(shop: str | None, *, asks: bool) -> AbstractAsyncContextManager[Api]:
    """The API of the shop, or of the only one there is. `asks`: for work that other processes have to hear of.

    Entering it raises WrongUseError, WrongSetting, and what the servers' being away raises.
    """
    if is_remote():
        from services.command_line.api.over_http import over_http

        return over_http(shop)
    from services.command_line.api.over_stores import over_stores

    return over_stores(shop, asks=asks)


async def every_shop() -> list[Json]:
    """Each shop that can be reached, as the API shows it: all of the stores, or those of the key."""
    if is_remote():
        async with reached(None, asks=False) as api:
            return [await api.get("/api/shop")]
    from services.command_line.api.over_stores import shops_of_stores

    return await shops_of_stores()
