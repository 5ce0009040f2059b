"""Event streams: the present state first, then the newer ones, and the last one closes."""

import asyncio
from typing import Any
from unittest.mock import Mock

import pytest
from pydantic import BaseModel
from ulid import ULID

from services.preview import bootstrap
from services.preview.api.http.hub import EventHub
from services.preview.api.http.responses import sse as events
from shared.contract.messages import JobFinished, JobProgress
from shared.domain.job import JobState
from shared.mongodb.schema import key_of
from shared.rabbitmq.consuming.delivery import Delivery
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import JOB_FINISHED, JOB_PROGRESS
from tests.integration.api.api_setup import ApiShop, api_world
from tests.waiting import arrival, time_passes


async def change(shop: ApiShop, job_id: str, **values: Any) -> None:
    """Change a job's document as the reconciler does."""
    await shop.world.mongo.db["jobs"].update_one({"_id": key_of(shop.domain, job_id)}, {"$set": values})


async def test_a_stream_tells_each_state_until_the_last(shop: ApiShop) -> None:
    """The first state comes at once, an event brings the next, and the end closes the stream."""
    job_id = await shop.job([], state="running")
    publisher = await Publisher.open(shop.world.settings.amqp_url.get_secret_value(), "tests")
    states: list[str] = []
    async for state in shop.events(f"/jobs/{job_id}/events"):
        states.append(f"{state['state']} {state['totals']['updated']}")
        figures: dict[str, Any] = {"shop": shop.domain, "job_id": job_id, "totals": {}}
        if len(states) == 1:
            await change(shop, job_id, totals=dict.fromkeys(state["totals"], 1))
            await publisher.event(JOB_PROGRESS, JobProgress(state=JobState.RUNNING, **figures))
        elif len(states) == 2:
            await change(shop, job_id, state="completed")
            await publisher.event(JOB_FINISHED, JobFinished(state=JobState.COMPLETED, **figures))
    await publisher.close()
    assert states == ["running 0", "running 1", "completed 1"]


async def test_a_lost_event_is_made_up_for(shop: ApiShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any event the heartbeat reads the state again; a state that stays the same is not repeated."""
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    job_id = await shop.job([], state="running")
    states: list[str] = []
    ending: asyncio.Task[None] | None = None
    async for state in shop.events(f"/jobs/{job_id}/events"):
        states.append(state["state"])
        ending = ending or asyncio.create_task(_end_later(shop, job_id))
    assert states == ["running", "completed"]
    assert ending is not None
    await ending


async def _end_later(shop: ApiShop, job_id: str) -> None:
    await time_passes(0.5, why="several heartbeats of which none is told")
    await change(shop, job_id, state="completed")


async def test_what_has_ended_sends_its_last_state(shop: ApiShop) -> None:
    """The stream of something already ended is one state long."""
    job_id = await shop.job([])
    assert [s["job_id"] async for s in shop.events(f"/jobs/{job_id}/events")] == [job_id]
    preview_id = await shop.preview({})
    assert [s["state"] async for s in shop.events(f"/previews/{preview_id}/events")] == ["ready"]


async def test_a_preview_that_fails_says_so_in_its_stream(shop: ApiShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preview asked for over HTTP is computed from the queue; where Shopify is away it ends with the reason."""
    monkeypatch.setattr("shared.reading.retrying.TRIES", 1)
    await shop.bom("b")
    body = {"selection": {"bom_ids": ["b"]}, "preview_id": str(ULID())}
    reply = await shop.call("POST", "/previews", body)
    assert (reply.status, reply.json["state"]) == (202, "requested")
    states = [state async for state in shop.events(f"/previews/{body['preview_id']}/events")]
    assert states[-1]["state"] == "failed"
    assert states[-1]["failure"]["code"] == "READ_FAILED"
    again = await shop.call("POST", "/previews", body)
    assert (again.status, again.json["state"]) == (202, "failed")
    other = await shop.call("POST", "/previews", body | {"selection": {"bom_ids": "all"}})
    assert (other.status, other.fields) == (409, ["body.preview_id"])


class Number(BaseModel):
    """A state that is only a number."""

    n: int


async def test_a_slow_reader_gets_the_latest_state() -> None:
    """A thousand changes while a reader is slow leave one state to send, the newest; nothing is queued for it."""
    hub = EventHub()
    present = Number(n=0)

    async def read() -> events.State:
        return present, present.n == 1000

    told = Delivery("job.progress", b'{"shop": "s", "job_id": "j"}', {}, False, "events", 0.0, Mock())
    with hub.listening(("s", "j")) as changed:
        texts = events._texts(hub, changed, "job", read)
        states = [await anext(texts)]
        for number in range(1, 1001):
            present = Number(n=number)
            await hub.handle(told)
        states += [text async for text in texts]
    assert states == ['event: job\ndata: {"n":0}\n\n', 'event: job\ndata: {"n":1000}\n\n']


async def test_streams_end_when_the_service_stops(
    vhost_url: str, mongodb_uri: str, database_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopping service closes its streams at once instead of waiting for their jobs to end."""
    # Requests have ten seconds; what waited for them would wait for ever here.
    monkeypatch.setattr(bootstrap, "SHUTDOWN", 10_000.0)
    async with api_world(vhost_url, mongodb_uri, database_name) as own:
        shop = await own.shop()
        job_id = await shop.job([], state="running")
        states = []
        stopping: asyncio.Task[None] | None = None
        async for state in shop.events(f"/jobs/{job_id}/events"):
            states.append(state["state"])
            stopping = asyncio.create_task(own.service.stop())
        assert stopping is not None
        await arrival(stopping, what="the end of the service")
        assert states == ["running"]
