"""Calls and their whole answers, listened to where they go over the HTTP session."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import aiohttp

from shared.shopify.calls.answers import json_in

_HEADERS = (
    "X-Shopify-API-Version",
    "X-Shopify-API-Deprecated-Reason",
    "Deprecation",
    "Sunset",
    "Date",
)
"""Of an answer's headers those that say something of Shopify, and no secret."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call that was answered. `path` names the probe and the call's number in it."""

    path: str
    query: str
    variables: Mapping[str, Any]
    response: Mapping[str, Any]
    headers: Mapping[str, str]
    at: datetime

    @property
    def data(self) -> Mapping[str, Any]:
        """The answer's data, empty where it has none."""
        return self.response.get("data") or {}

    @property
    def codes(self) -> list[str]:
        """The codes of its top-level errors."""
        errors = self.response.get("errors")
        listed = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
        return [str((error.get("extensions") or {}).get("code")) for error in listed]

    def payload(self, root: str) -> Mapping[str, Any]:
        """What a root field answers, empty where it is null."""
        return self.data.get(root) or {}

    def user_errors(self, root: str) -> list[Mapping[str, Any]]:
        """The errors in a mutation's payload."""
        return list(self.payload(root).get("userErrors") or [])

    @property
    def cost(self) -> Mapping[str, Any]:
        """What the answer tells of points."""
        extensions = self.response.get("extensions")
        cost = extensions.get("cost") if isinstance(extensions, dict) else None
        return cost if isinstance(cost, dict) else {}


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer as it came: its status, headers and body."""

    sent: str
    status: int
    headers: Mapping[str, str]
    document: Any


class Listener:
    """Keeps the last answer of the Admin API that came over a session; `trace` is given to the session."""

    def __init__(self) -> None:
        self.last: Heard | None = None
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_start.append(self._begin)
        self.trace.on_request_chunk_sent.append(self._sent)
        self.trace.on_request_end.append(self._answered)
        self.trace.on_response_chunk_received.append(self._read)

    async def _begin(self, _: aiohttp.ClientSession, context: SimpleNamespace, about: Any) -> None:
        context.sent, context.wanted = b"", about.url.path.endswith("/graphql.json")

    async def _sent(self, _: aiohttp.ClientSession, context: SimpleNamespace, about: Any) -> None:
        context.sent += about.chunk

    async def _answered(self, _: aiohttp.ClientSession, context: SimpleNamespace, about: Any) -> None:
        context.status = about.response.status
        context.headers = {name: about.response.headers[name] for name in _HEADERS if name in about.response.headers}

    async def _read(self, _: aiohttp.ClientSession, context: SimpleNamespace, about: Any) -> None:
        if not context.wanted:
            return
        try:
            document = json_in(about.chunk)
        except ValueError:
            return
        self.last = Heard(context.sent.decode(errors="replace"), context.status, context.headers, document)

    def answer_to(self, body: str) -> Heard | None:
        """The whole answer to this very call, where one has come that means something."""
        heard = self.last
        if heard is None or heard.sent != body or heard.status != HTTPStatus.OK or not isinstance(heard.document, dict):
            return None
        return heard


def request_of(body: str) -> tuple[str, dict[str, Any]]:
    """Query and variables of a call's text."""
    document = json.loads(body)
    return document["query"], document["variables"]
