"""The API of a running Trueup: its address, and the key that it is asked with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp

from services.command_line.api.client import PATIENCE, Api
from services.command_line.outcome import WrongUseError
from shared.errors import WrongSetting
from shared.observing.hiding import hide
from shared.store_address import PREFIX, setting

URL, KEY = f"{PREFIX}URL", f"{PREFIX}KEY"

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@asynccontextmanager
async def over_http(shop: str | None) -> AsyncIterator[Api]:
    """The API of a running Trueup. Raises WrongSetting, WrongUseError for another shop than the key's."""
    url, key = _address(), setting("KEY")
    if not key:
        raise WrongSetting(f"{KEY}: {URL} is asked with a key; make one with: trueup keys add")
    hide(key)
    headers = {"Authorization": f"Bearer {key}"}
    if shop is not None:
        headers["Trueup-Shop"] = shop.strip().lower()  # which one, of a key for all shops
    async with aiohttp.ClientSession(headers=headers, timeout=PATIENCE) as http:
        api = Api(http, url, "", named=f"{URL}: {url}")
        api.shop = str((await api.get("/api/shop"))["shop"])
        if shop is not None and shop.strip().lower() != api.shop:
            raise WrongUseError(f"--shop: the key of {KEY} is for {api.shop}, not for {shop}")
        yield api


def _address() -> str:
    """The address of the Trueup that is asked. Raises WrongSetting."""
    url = (setting("URL") or "").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise WrongSetting(f"{URL}: must be the address of a Trueup, such as https://trueup.example.com")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        # The key goes with every request.
        raise WrongSetting(f"{URL}: must begin with https://; http:// only for a Trueup on this machine")
    return url
