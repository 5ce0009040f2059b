"""Traces by OpenTelemetry, sent over OTLP. Loaded only where an endpoint is set; all else speaks to `tracing.py`.

HTTP requests that we send and MongoDB commands are traced by OpenTelemetry's own instrumentations. Those for aio-pika
and for aiohttp's server are not used: the first makes two spans per message, so 800 for a job of 400 cells, and ends
the receiver's before the work begins; the second replaces `web.Application` by a subclass, which aiohttp warns of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.aiohttp_client import create_trace_config
from opentelemetry.instrumentation.pymongo import CommandTracer
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.observing.hiding import without_secrets
from shared.observing.spans import CARRIED, Kind, Span, SpanValue
from shared.version import VERSION

if TYPE_CHECKING:
    from aiohttp import TraceConfig
    from opentelemetry.context import Context
    from opentelemetry.trace import TraceState
    from opentelemetry.util.types import Attributes
    from yarl import URL

_EXPORT_TIMEOUT = 5.0
"""Seconds for one batch; a collector that is away must not hold up the end of a process."""

_KINDS: Mapping[Kind, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_NO_ROOTS = frozenset({SpanKind.CLIENT, SpanKind.PRODUCER})
_W3C = TraceContextTextMapPropagator()


class WorkThatComesIn(Sampler):
    """A trace begins where work comes in, a share of them by trace id.

    What goes out by itself begins none: leases, probes and the watchdog's looks would bury the traces of jobs.
    """

    def __init__(self, ratio: float) -> None:
        self._share = TraceIdRatioBased(ratio)

    def should_sample(  # noqa: PLR0917  # the signature is OpenTelemetry's
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Whether to keep the trace that this span would begin."""
        chosen = ALWAYS_OFF if kind in _NO_ROOTS else self._share
        return chosen.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        """For the trace's readers."""
        return f"WorkThatComesIn({self._share.get_description()})"


class _WithoutSecrets(SpanProcessor):
    """Passes spans on as they may be shown, whoever made them: instrumentations keep the words of errors."""

    def __init__(self, inner: SpanProcessor) -> None:
        self._inner = inner

    def on_start(self, span: trace.Span, parent_context: Context | None = None) -> None:
        """Nothing is known yet."""

    def on_end(self, span: ReadableSpan) -> None:
        """Pass it on: no events, which are exceptions, of an error the type alone, and no secret."""
        description = span.status.description
        self._inner.on_end(
            ReadableSpan(
                name=without_secrets(span.name),
                context=span.context,
                parent=span.parent,
                resource=span.resource,
                attributes={
                    name: without_secrets(value) if isinstance(value, str) else value
                    for name, value in (span.attributes or {}).items()
                },
                links=span.links,
                kind=span.kind,
                status=Status(
                    span.status.status_code,
                    description if description is not None and description.isidentifier() else None,
                ),
                start_time=span.start_time,
                end_time=span.end_time,
                instrumentation_scope=span.instrumentation_scope,
            )
        )

    def shutdown(self) -> None:
        """Send what is kept."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what is kept."""
        return self._inner.force_flush(timeout_millis)


class _Open:
    def __init__(self, inner: trace.Span) -> None:
        self._inner = inner

    def set(self, name: str, value: SpanValue) -> None:
        """Note something about it."""
        self._inner.set_attribute(name, value)


class Telemetry:
    """Keeps traces with one provider of its own."""

    def __init__(self, service: str, processor: SpanProcessor, ratio: float = 1.0) -> None:
        """`ratio`: the share of traces kept, of those that begin here; one that began elsewhere is kept as there."""
        resource = Resource.create({SERVICE_NAME: f"trueup-{service}", SERVICE_VERSION: VERSION})
        self._provider = TracerProvider(
            sampler=ParentBased(root=WorkThatComesIn(ratio)), resource=resource, shutdown_on_exit=False
        )
        self._provider.add_span_processor(_WithoutSecrets(processor))
        self._tracer = self._provider.get_tracer("trueup", VERSION)
        # The instrumentation of aiohttp's client would send our trace ids to Shopify, who has no use for them.
        self._before = propagate.get_global_textmap()
        propagate.set_global_textmap(CompositePropagator([]))

    @contextmanager
    def span(
        self, name: str, kind: Kind, parent: str | None, links: Iterable[str], attributes: Mapping[str, SpanValue]
    ) -> Iterator[Span]:
        """A span; of an error only its type is kept, its words may show more than a trace should."""
        with self._tracer.start_as_current_span(
            name,
            context=None if parent is None else _W3C.extract({CARRIED: parent}),
            kind=_KINDS[kind],
            attributes=attributes,
            links=[Link(_context_of(link)) for link in links],
            record_exception=False,
            set_status_on_exception=False,
        ) as inner:
            try:
                yield _Open(inner)
            except Exception as error:
                inner.set_status(Status(StatusCode.ERROR, type(error).__name__))
                inner.set_attribute("error.type", type(error).__name__)
                raise

    def carried(self) -> str | None:
        """The present span in the form of CARRIED."""
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get(CARRIED)

    def trace_id(self) -> str | None:
        """The present trace's id."""
        context = trace.get_current_span().get_span_context()
        return trace.format_trace_id(context.trace_id) if context.is_valid else None

    def http_client_configs(self) -> list[TraceConfig]:
        """For aiohttp.ClientSession."""
        return [create_trace_config(url_filter=_without_secrets, tracer_provider=self._provider)]

    def mongodb_listeners(self) -> list[CommandTracer]:
        """For the MongoDB client: names of commands and collections, no documents."""
        return [CommandTracer(self._provider.get_tracer("trueup.mongodb", VERSION), capture_statement=False)]

    def stop(self) -> None:
        """Send what is kept."""
        self._provider.shutdown()
        propagate.set_global_textmap(self._before)


class NoRedirects(requests.Session):
    """The exporter's session: its headers may carry the key of a collector, which goes to no other host."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Nowhere: what redirects has not taken the spans."""


def exporting(service: str, endpoint: str, ratio: float) -> Telemetry:
    """Traces sent in batches to a collector's OTLP port over HTTP, such as `http://collector:4318`.

    OTEL_EXPORTER_OTLP_HEADERS and the other variables of the exporter hold as well.
    """
    exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=_EXPORT_TIMEOUT, session=NoRedirects())
    return Telemetry(service, BatchSpanProcessor(exporter), ratio)


def _context_of(carried: str) -> trace.SpanContext:
    return trace.get_current_span(_W3C.extract({CARRIED: carried})).get_span_context()


def _without_secrets(url: URL) -> str:
    """The query of a bulk result's address is the permission to read it."""
    return str(url.with_query(None).with_user(None))
