"""Traces: off they cost nothing, on every log line names its trace, and a wrong address stops the start."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE

import pytest

from shared.errors import WrongSetting
from shared.settings import load_settings
from tests.waiting import ended

_OFF = """
import sys
from services.command_line import all_services, main
from shared.observing import tracing
from shared.observing.tracing import start_tracing
from shared.settings import load_settings
start_tracing("all", load_settings())
with tracing.span("work") as span:
    span.set("a", 1)
    assert tracing.carry({"a": "b"}) == {"a": "b"} and tracing.trace_id() is None
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""

_LOGS = """
import structlog
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from shared.observing import tracing
from shared.observing.logs import configure_logs
from shared.observing.telemetry import Telemetry
configure_logs("all", "info")
tracing.use(Telemetry("all", SimpleSpanProcessor(InMemorySpanExporter())))
log = structlog.get_logger()
log.info("before")
with tracing.span("work", parent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"):
    log.info("within")
"""


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings without an endpoint."""
    for name in ("TRUEUP_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TRUEUP_AMQP_URL", "amqp://trueup@127.0.0.1/")
    monkeypatch.setenv("TRUEUP_MONGODB_URI", "mongodb://127.0.0.1/")
    monkeypatch.setenv("TRUEUP_SHOPIFY_CLIENT_ID", "id")
    monkeypatch.setenv("TRUEUP_SHOPIFY_CLIENT_SECRET", "secret")
    monkeypatch.setenv("TRUEUP_TOKEN_KEYS", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")


async def run(program: str) -> tuple[str, str]:
    """Run it in a process of its own, since what a module loads stays loaded; what it printed and logged."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE, stderr=PIPE)
    printed, logged = await ended(process, what="a program with traces")
    assert process.returncode == 0, logged.decode()
    return printed.decode(), logged.decode()


async def test_off_nothing_of_opentelemetry_is_loaded() -> None:
    """Without an endpoint no service loads OpenTelemetry, and messages carry nothing of it."""
    printed, _ = await run(_OFF)
    assert printed.strip() == "[]"


async def test_log_lines_name_their_trace() -> None:
    """A line logged within a span names its trace; one outside has no such field."""
    _, logged = await run(_LOGS)
    before, within = [json.loads(line) for line in logged.splitlines()]
    assert "trace_id" not in before
    assert within["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("name", ["TRUEUP_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"])
def test_either_variable_names_the_collector(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trueup's own variable and OpenTelemetry's standard one both switch traces on; a wrong address is refused."""
    assert load_settings().otlp_endpoint is None
    monkeypatch.setenv(name, "http://collector:4318/")
    assert load_settings().otlp_endpoint == "http://collector:4318"
    monkeypatch.setenv(name, "collector:4317")
    with pytest.raises(WrongSetting, match=r"TRUEUP_OTLP_ENDPOINT: .*must be the http"):
        load_settings()


_ERRORS = """
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode
from shared.observing.telemetry import Telemetry
kept = InMemorySpanExporter()
telemetry = Telemetry("all", SimpleSpanProcessor(kept))
with telemetry._provider.get_tracer("a library").start_as_current_span("find shpat_c4n4ry") as span:
    span.set_attribute("url", "mongodb://u:c4n4ry@h/")
    span.record_exception(ValueError("c4n4ry"))
    span.set_status(Status(StatusCode.ERROR, "no such c4n4ry"))
try:
    with telemetry.span("work", "internal", None, [], {}):
        raise KeyError("c4n4ry")
except KeyError:
    pass
telemetry.stop()
print(*[span.to_json() for span in kept.get_finished_spans()])
"""


async def test_a_librarys_spans_hold_no_words_of_an_error() -> None:
    """Instrumentations keep exceptions and addresses; of an error only its type is passed on."""
    printed, _ = await run(_ERRORS)
    assert "c4n4ry" not in printed
    assert '"KeyError"' in printed
