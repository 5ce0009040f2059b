"""Traces: what a unit of work is called, whose part it is, and what it carries on. Off unless an endpoint is set.

Off, a span costs a look at one name, and nothing of OpenTelemetry is loaded: that is `shared/observing/telemetry.py`'s.
Spans hold names, ids, counts and outcomes; never a header, a body, a query string or the words of an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from shared.errors import WrongSetting
from shared.observing.spans import CARRIED, Kind, Span, SpanValue, Tracing

if TYPE_CHECKING:
    from aiohttp import TraceConfig

    from shared.setting_groups import ProcessSettings


class _Ignored:
    def set(self, name: str, value: SpanValue) -> None:
        """Nobody keeps it."""


_IGNORED = _Ignored()
_present: Tracing | None = None


def start_tracing(service: str, settings: ProcessSettings) -> None:
    """Keep traces from now on, where the settings name an endpoint. Before connections are made.

    Raises WrongSetting where OpenTelemetry is not installed.
    """
    if settings.otlp_endpoint is None:
        return
    try:
        from shared.observing.telemetry import exporting  # noqa: PLC0415  # off, nothing of it is loaded
    except ImportError as error:
        raise WrongSetting(
            f"wrong settings: TRUEUP_OTLP_ENDPOINT: needs the packages of trueup[tracing]; {error.name} is missing"
        ) from None
    use(exporting(service, settings.otlp_endpoint, settings.trace_ratio))


def use(tracing: Tracing | None) -> None:
    """Keep traces by this one; None: no more."""
    global _present  # noqa: PLW0603  # one per process, like the logs' and the metrics' set-up
    _present = tracing


def stop_tracing() -> None:
    """Send what is kept, and keep no more. Blocks for some seconds at most."""
    if _present is not None:
        _present.stop()
        use(None)


def on() -> bool:
    """Whether traces are kept."""
    return _present is not None


def span(
    name: str, *, kind: Kind = "internal", parent: str | None = None, links: Iterable[str] = (), **attributes: SpanValue
) -> AbstractContextManager[Span]:
    """A span around a piece of work, under `parent` or, without, under the present one.

    Attributes get the prefix `trueup.`, or are given by `set` under their full name.
    """
    return _span(name, kind, parent, links, attributes)


def batch_span(name: str, origins: Iterable[str | None], **attributes: SpanValue) -> AbstractContextManager[Span]:
    """One span for work on several messages: under the first one's span, linked to each that was traced."""
    links = [origin for origin in dict.fromkeys(origins) if origin is not None]
    return _span(name, "internal", links[0] if links else None, links, attributes)


@contextmanager
def _span(
    name: str, kind: Kind, parent: str | None, links: Iterable[str], attributes: Mapping[str, SpanValue]
) -> Iterator[Span]:
    if _present is None:
        yield _IGNORED
        return
    named = {f"trueup.{key}": value for key, value in attributes.items()}
    with _present.span(name, kind, parent, links, named) as one:
        yield one


def carried() -> str | None:
    """The present span, to be stored, and given later as a `parent`."""
    return None if _present is None else _present.carried()


def carry(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a message with the present span beside them; one that is there already stays."""
    now = carried()
    return dict(headers) if now is None else {CARRIED: now, **headers}


def trace_id() -> str | None:
    """The present trace's id."""
    return None if _present is None else _present.trace_id()


def http_client_configs() -> list[TraceConfig]:
    """What makes an aiohttp client trace its requests."""
    return [] if _present is None else _present.http_client_configs()


def mongodb_listeners() -> list[Any]:
    """What makes a MongoDB client trace its commands."""
    return [] if _present is None else _present.mongodb_listeners()
