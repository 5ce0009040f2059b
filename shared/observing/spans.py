"""What a span is, and what keeps them: for those who make spans and for the one who exports them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from aiohttp import TraceConfig

CARRIED = "traceparent"
"""The header, of HTTP and of messages, that names a trace and the span to go on from (W3C Trace Context)."""

Kind = Literal["internal", "server", "client", "producer", "consumer"]
SpanValue = str | int | float | bool


class Span(Protocol):
    """One unit of work under way."""

    def set(self, name: str, value: SpanValue) -> None:
        """Note something about it."""


class Tracing(Protocol):
    """What keeps traces."""

    def span(
        self, name: str, kind: Kind, parent: str | None, links: Iterable[str], attributes: Mapping[str, SpanValue]
    ) -> AbstractContextManager[Span]:
        """A span; `parent` and `links` are in the form of CARRIED."""

    def carried(self) -> str | None:
        """The present span in the form of CARRIED; None: there is none."""

    def trace_id(self) -> str | None:
        """The present trace's id: 32 hexadecimal digits."""

    def http_client_configs(self) -> list[TraceConfig]:
        """For aiohttp.ClientSession."""

    def mongodb_listeners(self) -> list[Any]:
        """For the MongoDB client; their class is the driver's, which only its adapter knows."""

    def stop(self) -> None:
        """Send what is kept. Blocks for some seconds at most."""
