"""Asking the API and reading its answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote

import aiohttp
from ulid import ULID
from yarl import URL

from services.command_line.api.problems import ApiUnavailable, problem_of

Json: TypeAlias = dict[str, Any]
"""A document of the API: every field as its description says."""

PAGE = 250
"""Items asked for at once: the most that the API gives."""

PATIENCE = aiohttp.ClientTimeout(total=120, sock_connect=10)
"""For an answer; a table or a stream may take longer."""

_OPENED_AGAIN = 5
"""Times that a stream is opened again although it told nothing."""

_PAUSE = 1.0
"""Seconds before a stream that broke is opened again."""

_PROBLEM = "application/problem+json"
_ELSEWHERE = 300
"""From here on it is no answer of a Trueup, or a problem: an address that leads to another one is no Trueup's."""


class Api:
    """One shop's API. Each method raises ApiRefused, ApiUnavailable or ApiFault where it is not given what it asks."""

    def __init__(self, http: aiohttp.ClientSession, base: str, shop: str, *, named: str) -> None:
        """`base`: where it is; `named`: how it is named where it is away."""
        self._http = http
        self._base = base
        self._named = named
        self.shop = shop

    async def get(self, path: str, **query: object) -> Json:
        """What is read at a path."""
        return await self.ask("GET", path, query=query)

    async def post(self, path: str, body: Json | None = None, *, key: str | None = None) -> Json:
        """Have something done. `key`: the same again does nothing more."""
        return await self.ask("POST", path, body=body, key=key)

    async def put(self, path: str, body: object) -> Json:
        """Have something be so."""
        return await self.ask("PUT", path, body=body)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """One request and the document it is answered with; nothing where it has none."""
        sent = dict(headers or {})
        if method != "GET":
            sent["Idempotency-Key"] = key or str(ULID())
        try:
            async with self._http.request(
                method, self._url(path), params=_query(query), json=body, headers=sent, allow_redirects=False
            ) as response:
                await _must_be_good(response)
                body = await response.read()
                return _document(response.status, body)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._away(error) from None

    async def pages(self, path: str, **query: object) -> AsyncIterator[Json]:
        """The pages of a list from its first to its last."""
        cursor: str | None = None
        while True:
            page = await self.get(path, **query, **({} if cursor is None else {"cursor": cursor}))
            yield page
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def items(self, path: str, **query: object) -> AsyncIterator[Json]:
        """The items of a list, all of them."""
        async for page in self.pages(path, limit=PAGE, **query):
            for item in page["items"]:
                yield item

    async def download(self, path: str, write: Callable[[bytes], object], **query: object) -> None:
        """Hand a table over as it comes."""
        try:
            async with self._http.get(self._url(path), params=_query(query), allow_redirects=False) as response:
                await _must_be_good(response)
                async for part in response.content.iter_any():
                    write(part)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._away(error) from None

    async def states(self, path: str, ended: Callable[[Json], bool]) -> AsyncIterator[Json]:
        """The states of a job or preview as they come; the last one is its end."""
        silent = 0
        while True:
            silent += 1
            try:
                async with self._http.get(
                    self._url(path), timeout=aiohttp.ClientTimeout(total=None, sock_read=60), allow_redirects=False
                ) as response:
                    await _must_be_good(response)
                    async for state in _events(response):
                        silent = 0
                        yield state
                        if ended(state):
                            return
            except (aiohttp.ClientError, TimeoutError, ApiUnavailable) as error:
                if silent > _OPENED_AGAIN:
                    raise self._away(error) from None
                await asyncio.sleep(_PAUSE)

    def _url(self, path: str) -> URL:
        return URL(f"{self._base}{path}", encoded=True)

    def _away(self, error: Exception) -> ApiUnavailable:
        if isinstance(error, ApiUnavailable):
            return error
        why = "it does not answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
        return ApiUnavailable(f"{self._named} cannot be reached: {why}")


def path_of(*parts: str) -> str:
    """The path of these words, each as one, whatever is in it."""
    return "/api/" + "/".join(quote(part, safe="") for part in parts)


async def _must_be_good(response: aiohttp.ClientResponse) -> None:
    if response.status < _ELSEWHERE:
        return
    document = await response.json(content_type=None) if response.content_type == _PROBLEM else None
    raise problem_of(response.status, document)


def _document(status: int, body: bytes) -> Json:
    try:
        found: Json = json.loads(body) if body else {}
    except ValueError:
        raise problem_of(status, None) from None
    return found


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[Json]:
    """The data of each event of a stream."""
    # A state may be longer than a line of aiohttp's reader may be.
    rest = b""
    async for part in response.content.iter_any():
        *whole, rest = (rest + part).split(b"\n\n")
        for event in whole:
            for line in event.split(b"\n"):
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))


def _query(query: Mapping[str, object] | None) -> dict[str, str]:
    given = {name.rstrip("_"): value for name, value in (query or {}).items() if value is not None}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}
