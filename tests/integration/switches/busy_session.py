"""An HTTP session around whose calls the world goes on: sales, messages, hand adjustments, and workers that die."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

Meanwhile = Callable[[str, str], Awaitable[None]]
"""Called with `before` or `after`, and the text of the call."""


class BusySession:
    """Calls `meanwhile` before a POST leaves and after its answer is read or lost. Stands in for aiohttp's session."""

    def __init__(self, http: aiohttp.ClientSession, meanwhile: Meanwhile) -> None:
        self._http = http
        self._meanwhile = meanwhile

    @asynccontextmanager
    async def post(self, url: str, **options: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """As aiohttp's, with the world going on around it."""
        text = options["data"].decode()
        await self._meanwhile("before", text)
        try:
            response = await self._http.post(url, **options)
            await response.read()
        finally:
            # Also where the answer is lost: the call may have been executed.
            await self._meanwhile("after", text)
        async with response:
            yield response
