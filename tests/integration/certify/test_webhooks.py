"""Webhooks come to a certification's own address, and are judged; nothing of it is left afterwards."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest import mock

from shared.certifying.certification import PROBES, Probe
from shared.certifying.guard import LIMIT
from shared.certifying.probes.probing import Probing
from shared.certifying.receiver import Receiver, receiving
from shared.certifying.report import Report, Verdict
from shared.mongodb.connection import Mongo
from shared.running.clock import SYSTEM_CLOCK
from shared.shopify.calls.requests import request_body
from shared.shopify.shop_queries import SUBSCRIBE
from simulator.http.server import Simulator, start
from simulator.replay.__main__ import replay_file
from simulator.settings import Settings
from tests.integration.certify.certified import Store
from tests.waiting import until

SECRET = "the client's"
SOME = {name: PROBES[name] for name in ("keys", "webhooks")}


@asynccontextmanager
async def told(mongodb_uri: str, database_name: str, secret: str = SECRET) -> AsyncIterator[tuple[Store, Receiver]]:
    """A store whose Shopify keeps the world's time, and a receiver; `secret`: by which it checks."""
    running = await start(Simulator(client_id="id", client_secret=SECRET))
    mongo = Mongo(mongodb_uri, database_name)
    await mongo.prepare()
    try:
        store = await Store(running, mongo, SYSTEM_CLOCK, "hooks.myshopify.com").open()
        receiver = Receiver("", [secret], SYSTEM_CLOCK)
        async with receiving(receiver, "127.0.0.1", 0, ["/certify/run"]) as port:
            receiver.uri = f"http://127.0.0.1:{port}/certify/run"
            yield store, receiver
    finally:
        await running.close()
        mongo.close()


def seen(report: Report) -> dict[str, Verdict]:
    """The verdicts about webhooks."""
    return {line.fact.id: line.verdict for line in report.lines if line.fact.id.startswith("hook.") and line.fact.probe}


def hurried(probe: Probe, receiver: Receiver) -> Probe:
    """A probe that waits for one webhook and for no more."""

    async def pause(_: Probing, __: float) -> None:
        await until(lambda: bool(receiver.arrivals), what="a webhook")

    async def run(probing: Probing) -> None:
        with mock.patch.object(Probing, "pause", pause):
            await probe(probing)

    return run


async def test_every_topic_that_can_be_caused_comes(mongodb_uri: str, database_name: str, tmp_path: Path) -> None:
    """Updates, connects and disconnects, signed, with their headers, and no subscription is left."""
    async with told(mongodb_uri, database_name) as (store, receiver):
        report = await store.certify(tmp_path, receiver=receiver)
        verdicts = seen(report)
        assert report.stopped is None
        assert [line.fact.id for line in (*report.otherwise, *report.not_tried)] == []
        assert store.points <= report.points <= LIMIT
        assert verdicts.pop("hook.doubles") is Verdict.SKIPPED
        assert set(verdicts.values()) == {Verdict.AS_BELIEVED}, verdicts
        assert store.tenant.webhooks.subscriptions == {}
    document = json.loads((tmp_path / "recordings" / "certify.json").read_text(encoding="utf-8"))
    assert (await replay_file(document, Settings())).other == []


async def test_doubles_are_known_by_their_id(mongodb_uri: str, database_name: str, tmp_path: Path) -> None:
    """What comes twice bears one webhook id."""
    async with told(mongodb_uri, database_name) as (store, receiver):
        store.tenant.webhooks.set_mode({"duplicate_ratio": 1.0})
        report = await store.certify(tmp_path, probes=SOME, receiver=receiver)
        assert seen(report)["hook.doubles"] is Verdict.AS_BELIEVED


async def test_a_signature_of_nobodys_is_told(mongodb_uri: str, database_name: str, tmp_path: Path) -> None:
    """A secret that is not the app's: nothing that came counts, and the report says why."""
    async with told(mongodb_uri, database_name, secret="another's") as (store, receiver):
        report = await store.certify(
            tmp_path, probes=SOME | {"webhooks": hurried(PROBES["webhooks"], receiver)}, receiver=receiver
        )
        assert seen(report)["hook.signature"] is Verdict.OTHERWISE
        assert seen(report)["hook.update"] is Verdict.OTHERWISE


async def test_an_earlier_certifications_subscriptions_are_removed(
    mongodb_uri: str, database_name: str, tmp_path: Path
) -> None:
    """Also where it died before it could note them: they lead to the address that was noted before; others stay."""
    async with told(mongodb_uri, database_name) as (store, receiver):
        async with store.certification(tmp_path, receiver=receiver) as made:
            await made.journal.note(await made.look(store.asked()))
            for uri in (receiver.uri, "https://elsewhere.example.com/"):
                variables = {"topic": "INVENTORY_LEVELS_UPDATE", "uri": uri, "fields": None}
                body = request_body(SUBSCRIBE, variables)
                await made.client.call(store.domain, "webhookSubscriptionCreate", body, changes=True)
        async with store.certification(tmp_path) as made:
            assert await made.clean_up(store.domain)
            assert not await made.clean_up(store.domain)
        left = [one.uri for one in store.tenant.webhooks.subscriptions.values()]
        assert left == ["https://elsewhere.example.com/"]
