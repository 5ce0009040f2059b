"""Traces, with OpenTelemetry's own exporter that keeps spans in memory."""

from collections.abc import Iterator, Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.observing import tracing
from shared.observing.telemetry import Telemetry
from tests.integration.api.api_setup import SECRET
from tests.integration.api.jobs.test_api_whole_way import admin_of, last
from tests.integration.shop_world import TOKEN, reconciler, shop_world
from tests.waiting import until


@pytest.fixture
def kept() -> Iterator[InMemorySpanExporter]:
    """The spans of everything that is started after it."""
    exporter = InMemorySpanExporter()
    tracing.use(Telemetry("tests", SimpleSpanProcessor(exporter)))
    yield exporter
    tracing.stop_tracing()


def id_of(span: ReadableSpan) -> int:
    """The span's own id."""
    assert span.context is not None
    return int(span.context.span_id)


def trace_of(span: ReadableSpan) -> int:
    """The id of its trace."""
    assert span.context is not None
    return int(span.context.trace_id)


def way_up(span: ReadableSpan, spans: Sequence[ReadableSpan]) -> list[str]:
    """The names from a span up to the root of its trace."""
    by_id = {id_of(one): one for one in spans}
    names = [span.name]
    while span.parent is not None and span.parent.span_id in by_id:
        span = by_id[span.parent.span_id]
        names.append(span.name)
    return names


async def test_one_trace_from_http_to_shopify(
    vhost_url: str, mongodb_uri: str, database_name: str, kept: InMemorySpanExporter
) -> None:
    """A job's request, its planning, batches, stores, calls to Shopify and end are one trace without secrets."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=2) as world,
        reconciler(world),
        admin_of(world) as shop,
    ):
        await world.add_boms({"a": [7, 7], "b": [4, 4]}, tracks=True)
        await world.agree()
        for place in world.locations:
            await shop.call("PATCH", f"/cells/a/{place}", {"delta": 3}, Idempotency_Key=f"k{place}")
        asked = await shop.call("POST", "/jobs", {"direction": "toShopify", "selection": {"bom_ids": "all"}})
        job = await last(shop, f"/jobs/{asked.json['job_id']}/events")
        assert (job["state"], job["totals"]["updated"]) == ("completed", 2)
        token = shop.token

        def told() -> bool:
            return any(span.name == "process job.finished" for span in kept.get_finished_spans())

        # The document ends before the event leaves, and the event before it is taken.
        await until(told, what="the end of the job was told", progress=lambda: len(kept.get_finished_spans()))
    spans = kept.get_finished_spans()

    root = next(span for span in spans if span.name == "POST /api/jobs")
    of_job = [span for span in spans if trace_of(span) == trace_of(root)]
    push = next(span for span in of_job if span.name == "shopify inventorySetQuantities")
    cells = way_up(push, of_job)[2]
    assert way_up(push, of_job) == [push.name, "work on batch", cells, "fill window", root.name]
    assert cells.startswith("publish cell.")
    inside = [span.name for span in of_job if span.parent is not None and span.parent.span_id == id_of(push)]
    assert inside.count("POST") == 1
    assert push.attributes is not None
    assert (push.attributes["trueup.rows"], push.attributes["trueup.outcome"]) == (2, "ok")
    batch = next(span for span in of_job if span.name == "work on batch")
    published = next(span for span in of_job if span.name == cells)
    assert [link.context.span_id for link in batch.links] == [id_of(published)]
    assert published.attributes is not None
    assert published.attributes["trueup.messages"] == 4
    names = {span.name for span in of_job}
    assert {"process job.request", "start job", "publish job.finished", "process job.finished"} <= names
    commands = {name.rpartition(".")[2] for name in names if name.startswith((f"{database_name}.", "admin."))}
    assert {"find", "insert", "update", "commitTransaction"} <= commands

    shown = "\n".join(span.to_json() for span in spans)
    for secret in (TOKEN, SECRET, token, "Bearer", "Authorization", "Access-Token"):
        assert secret not in shown
    # What goes out by itself (leases, the watchdog's looks) begins no trace.
    assert {span.name.split(" ")[0] for span in spans if span.parent is None} <= {"GET", "POST", "PATCH", "process"}
