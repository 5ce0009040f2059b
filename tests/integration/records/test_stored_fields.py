"""What docs/reference/documents.md says is stored is what a shop's whole life leaves in a real MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shared.contract.messages import JobOptions, JobRequest, PreviewRequest
from shared.contract.selection import CellRef, LeaveOut, SelectionBody
from shared.domain.cell import CellKey
from shared.domain.comparison import CellClass, Direction
from shared.domain.drift import QuietHours, RepairPolicy
from shared.domain.job import JobSource
from shared.domain.notices import Happening, Matter
from shared.domain.run_limits import RunPlan, WaitsFor
from shared.domain.schedule import Action, Missed, RunOutcome, Skipped, Timing
from shared.domain.server_key import Scope
from shared.domain.words.codes import Code
from shared.importing.bom_file import BomFile, kept_line
from shared.importing.importing import Source
from shared.importing.wiring import importing_over
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.mongodb.catalogue.import_records import AskedOnPage
from shared.mongodb.catalogue.page_imports import PageImports
from shared.mongodb.catalogue.selections import SHORT
from shared.mongodb.connection import Mongo
from shared.mongodb.documents import DOCUMENTS
from shared.mongodb.drift.sweeps import Breaker, SweepStore
from shared.mongodb.inbox.dead_letters import DeadLetterStore
from shared.mongodb.inbox.webhook_inbox import WebhookInbox
from shared.mongodb.jobs.job import Approved, RunNote
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.jobs.leases import PlanLease
from shared.mongodb.jobs.notes import JobNotes
from shared.mongodb.notices.deliveries import DeliveryStore
from shared.mongodb.notices.mail import MailStore
from shared.mongodb.notices.notices import NoticeStore
from shared.mongodb.notices.recipients import SendState
from shared.mongodb.notices.targets import TargetStore
from shared.mongodb.previews.documents import PREVIEWS
from shared.mongodb.previews.preview import PreviewFailure
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.requests.keyed_requests import Begun, KeptAnswer, KeyedRequests
from shared.mongodb.schedules.run import DeliveryState
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schedules.schedule import ScheduleWanted
from shared.mongodb.schedules.schedules import ScheduleStore
from shared.mongodb.schema import INDEXES
from shared.mongodb.server_keys.request_shares import RequestShares
from shared.mongodb.server_keys.server_keys import ServerKeys
from shared.mongodb.shops.acts import Act
from shared.mongodb.shops.audit import AuditLog
from shared.mongodb.shops.certifications import CertificationStore, Noted, NotedLevel
from shared.mongodb.shops.compliance import NO_CUSTOMER_DATA, ComplianceNotes
from shared.mongodb.shops.departures import REDACT, UNINSTALLED, Departures
from shared.mongodb.shops.shop_settings import RunSettings, ShopSettings
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.shops.subscriptions import SubscriptionStore
from shared.mongodb.shops.tokens import Granted, TokenStore
from shared.mongodb.stock.adjustments import Adjustment
from shared.mongodb.stock.reads_wanted import ReadsWanted
from shared.schedules.outgoing_webhooks import new_secret
from shared.shopify.bulk.exports import Exports
from shared.shopify.calls.client import ShopifyClient
from tests.integration.importer.import_runs import run_import
from tests.integration.records.stored_fields import Compared
from tests.integration.shop_world import SHOP, ShopWorld, new_id, previewer
from tests.integration.sweeper.drift_setup import DriftWorld, drift_world
from tests.stored_access import StoredAccess


def test_every_collection_is_described_once() -> None:
    """What has indexes has a description, and the other way round."""
    assert set(DOCUMENTS) == set(INDEXES)


async def test_what_is_stored_is_what_is_described(
    vhost_url: str, mongodb_uri: str, database_name: str, tmp_path: Path
) -> None:
    """Every field of every document is described and of its kind, and every described field has a writer."""
    file = tmp_path / "boms.csv"
    file.write_text("name,sku,bom_id,tags\nThe new,C,C,t\nNone,nowhere,none,\n")
    async with drift_world(vhost_url, mongodb_uri, database_name, boms=4, locations=1) as drift:
        world = drift.shop
        await jobs_both_ways(world)
        await a_lost_webhook(drift)
        await the_apps_own(world)
        await an_import(world, file)
        await a_schedule(world)
        await of_the_shop(world)
        await a_preview_with_news(world)
        await what_is_told(world)
        await a_servers_key(world)
        await long_and_filtered(world)
        compared = {name: Compared(described) for name, described in DOCUMENTS.items()}
        await compare(world.mongo, compared)
        keys = world.settings.fernet_keys
    mongo = Mongo(mongodb_uri, database_name)
    try:
        # Nobody else is at work now who could take a turn first.
        await an_installation(mongo, keys)
        await compare(mongo, compared)
    finally:
        mongo.close()
    assert {name: sorted(one.wrong) for name, one in compared.items() if one.wrong} == {}
    unwritten = {f"{name}.{path}" for name, one in compared.items() for path in one.unwritten}
    assert sorted(unwritten - WRITTEN_ELSEWHERE) == []
    described = {f"{name}.{path}" for name, one in DOCUMENTS.items() for path in one.fields}
    assert sorted(WRITTEN_ELSEWHERE - described) == []


async def compare(mongo: Mongo, compared: Mapping[str, Compared]) -> None:
    """Look at every document there is."""
    for name, one in compared.items():
        async for document in mongo.db[name].find():
            one.add(document)
            if name != "shops" and document.get("shop") is not None:
                # By this a shop's documents are found, listed and deleted.
                assert str(document["_id"]).startswith(f"{document['shop']}|"), (name, document["_id"])


async def jobs_both_ways(world: ShopWorld) -> None:
    """A webhook, a preview, a push of it, its undo, a pull."""
    (place,) = world.locations
    await world.hand("B000", place, 3)
    async with previewer(world):
        preview = await world.preview()
    job = await world.run(Direction.TO_SHOPIFY, preview_id=preview)
    assert job["totals"]["updated"] == 1, job
    undo = await world.run(
        Direction.TO_SHOPIFY,
        {"cells": [{"bom_id": "B000", "location_id": place}]},
        source=JobSource.UNDO,
        of_job_id=job["job_id"],
    )
    assert undo["totals"]["updated"] == 1, undo
    await world.hand("B001", place, -100)
    refused = await world.run(Direction.TO_SHOPIFY, {"bom_ids": ["B001"]})
    assert refused["totals"]["errors"] == 1, refused
    await world.run(
        Direction.TO_SHOPIFY,
        {"bom_ids": ["B001"]},
        source=JobSource.RETRY,
        of_job_id=refused["job_id"],
        without_codes=[Code.BUNDLE_PARENT],
    )
    note = RunNote(new_id(), "Counted twice.", "user:1", datetime.now(UTC))
    assert await JobNotes(world.mongo.db).add(SHOP, refused["job_id"], note)
    await world.run(Direction.TO_LOCAL, {"bom_ids": ["B001"]})


async def a_servers_key(world: ShopWorld) -> None:
    """A key that was used and revoked, one of all shops, and a request that was counted."""
    keys, soon = ServerKeys(world.mongo.db), datetime.now(UTC) + timedelta(days=1)
    key, _ = await keys.add(SHOP, name="ERP", scopes=[Scope.READ], expires_at=soon, by="user:1", made_by="R")
    await keys.used(key)
    assert await keys.revoke(key.key_id, shop=SHOP, by="user:1") is not None
    await keys.add(None, name="All", scopes=[Scope.READ], expires_at=soon, by="test")
    assert (await RequestShares(world.mongo.db).take(SHOP, key.key_id, 1, rate=1.5, most=7.5)).requests == 1


async def a_lost_webhook(drift: DriftWorld) -> None:
    """A sale that no webhook told of is found and repaired."""
    (place,) = drift.shop.locations
    await drift.shop.sell("B002", place)
    await drift.drained()
    await drift.shop.verified()
    await drift.shop.edit({("B003", place): 40}, age=0)
    await drift.sweep()
    await drift.until(1, state="resolved")


async def the_apps_own(world: ShopWorld) -> None:
    """Hand adjustments, one of which moves nothing, and a BOM that is removed."""
    records = RecordStore(world.mongo.db, world.mongo.transactions)
    (place,) = world.locations
    ways: tuple[tuple[str, dict[str, Any]], ...] = (("by", {"delta": 2}), ("to", {"count": 9}), ("same", {"count": 9}))
    for key, asked in ways:
        await records.adjust(SHOP, Adjustment(CellKey("B002", place), key, "counted", "user:1", **asked))
    noted = Adjustment(CellKey("B002", place), "noted", "counted", "user:1", count=8, note="Yearly count")
    await records.adjust(SHOP, noted)
    await records.upsert(SHOP, WantedBom("gone", "987", "Gone", ("a tag",), tracks_pre_assembled=True), reference="t")
    await records.adjust(SHOP, Adjustment(CellKey("gone", place), "first", "counted", "user:1", count=1))
    await records.remove(SHOP, "gone", reference="t")


async def an_import(world: ShopWorld, file: Path) -> None:
    """A file of which one line makes a BOM and one does not."""
    items = [{"sku": "C", "levels": [{"location_id": world.locations[0], "available": 5, "age_seconds": 60}]}]
    await world.control("items", {"items": items})
    await run_import(world.settings, "--boms", str(file), "--tracks")
    await an_import_on_the_page(world, file)


async def an_import_on_the_page(world: ShopWorld, file: Path) -> None:
    """The same, looked at first and approved by a person; Shopify was away for a moment."""
    pages = PageImports(world.mongo.db)
    page = AskedOnPage(file=file.name, lines=2, tracks=True, by="user:1")
    lines = [kept_line(line) for line in BomFile(file).lines()]
    asked = await pages.ask(SHOP, "page|test", page, lines)
    await pages.note_progress(SHOP, asked.import_id, "items", 1, 2)
    await pages.put_off(SHOP, asked.import_id, 0, "Shopify was away.")
    source = Source(None, True, "page|test", kept=True)
    calls = ShopifyClient(
        world.http,
        StoredAccess(world.mongo.db, world.settings.fernet_keys),
        world.settings.shopify_url,
        world.settings.shopify_api_version,
    )
    importing = importing_over(world.mongo, calls, Exports(calls), boms_per_shop=100, progress=lambda *_: None)
    taken = await pages.take_next("process", [])
    assert taken is not None
    await importing.go_on(source, taken, "process")
    assert await pages.approve(SHOP, taken.import_id, "user:1") is not None
    approved = await pages.take_next("process", [])
    assert approved is not None
    await importing.go_on(source, approved, "process")
    await pages.note_result(SHOP, taken.import_id, {"new": 0})
    await pages.put_off(SHOP, taken.import_id, 0, "It was away again.")
    await pages.note_progress(SHOP, taken.import_id, "bases", 1, 2)
    await world.mongo.db["imports"].update_one({"import_id": taken.import_id}, {"$set": {"page.trouble": "Away."}})


async def a_schedule(world: ShopWorld) -> None:
    """A schedule under its lease, and a run of which somebody is told."""
    now = datetime.now(UTC)
    schedules = ScheduleStore(world.mongo.db, world.settings.fernet_keys, "process")
    runs = ScheduleRuns(world.mongo.db)
    wanted = ScheduleWanted(
        name="Nightly",
        enabled=True,
        action=Action.RECONCILE,
        direction=Direction.TO_LOCAL,
        selection=SelectionBody(bom_ids=["B000"], location_ids=world.locations),
        options=JobOptions(activate=True, allow_negative=False),
        timing=Timing.hourly(0),
        time_zone="UTC",
        missed=Missed.RUN_ONCE,
    )
    await schedules.put(
        SHOP,
        new_id(),
        wanted,
        next_at=now + timedelta(days=1),
        target_url="http://127.0.0.1:9/",
        secret="s" * 20,
        by="user:1",
    )
    schedule = await schedules.take_due(now + timedelta(days=2))
    assert schedule is not None
    run = await runs.note(schedule, new_id(), now, None)
    await runs.asked(run, schedule)
    plan = RunPlan(places=1, compared=1, largest_move=2, left=0).figures
    await runs.waits(run, plan, WaitsFor.SHARE)
    some = [CellRef(bom_id="a", location_id="1")]
    await runs.approve(run, "user:1", LeaveOut(classes=[CellClass.NO_BASE], bom_ids=["b"], cells=some, keep=some))
    await runs.begins(run, plan)
    wanted_now = await runs.note_now(schedule, new_id(), by="user:1", look_first=True)
    await runs.asked(wanted_now, schedule)
    await runs.waits(wanted_now, plan, WaitsFor.ASKED)
    await runs.stop_waiting(wanted_now, Skipped.DECLINED, "user:1")
    await runs.ended(run, RunOutcome.COMPLETED, {"total": 1}, deliver=True)
    await runs.note_delivery(run, DeliveryState.FAILED, "refused")


async def of_the_shop(world: ShopWorld) -> None:
    """What is kept of the shop itself, of requests, of acts and of what nobody could handle."""
    db = world.mongo.db
    await ComplianceNotes(db).note(SHOP, "customers/redact", NO_CUSTOMER_DATA, request_id="1")
    await AuditLog(db).note(Act(SHOP, "job.cancel", "user:1", "api", "an id"))
    await DeadLetterStore(db).keep(shop=SHOP, key="k", body=b"{", size=1, headers={"a": "b"}, reason="r", cause="c")
    sweeps = SweepStore(db)
    await sweeps.set_policy(SHOP, RepairPolicy(quiet=QuietHours(0, 60)), by="user:1")
    await ShopSettings(db).put(SHOP, RunSettings(allow_negative=True, activate=True), by="user:1")
    await sweeps.open_breaker(SHOP, Breaker("too many", datetime.now(UTC), 1, 2))
    await world.shops.keep_time_zone(SHOP, "Europe/Berlin")
    levels = NotedLevel("1", "gid://shopify/InventoryLevel/1", True, 5), NotedLevel("2", None, False, None)
    uri = "https://app.example.com/certify"
    certifications, now = CertificationStore(db), datetime.now(UTC)
    ended, under_way = (Noted(SHOP, new_id(), "1", "2", levels, now, uri) for _ in range(2))
    assert await certifications.note(ended)
    await certifications.close(ended)
    assert await certifications.note(under_way)


async def an_installation(mongo: Mongo, keys: list[str]) -> None:
    """A shop that is installed, set up, paused, brought back, paused again, probed, and said to have left."""
    db, shop = mongo.db, "another.myshopify.com"
    tokens, departures, now = TokenStore(db, keys), Departures(db), datetime.now(UTC)
    shops = ShopStore(db, keys)
    granted = Granted("access", "refresh", ("read_inventory",), now + timedelta(days=1), now + timedelta(days=30))
    assert await tokens.take_install("third.myshopify.com")
    assert await tokens.take_install(shop)
    await tokens.installed(shop, granted, now)
    assert await tokens.take_set_up(shop)
    await SubscriptionStore(db).keep(shop, {"1": "app/uninstalled"})
    await shops.pause(shop, "forbidden", "write_inventory")
    await shops.resume(shop)
    await shops.pause(shop, "forbidden", "write_inventory")
    (paused,) = await shops.paused()
    assert await shops.take_probe(paused)
    assert await tokens.take_refresh(shop, 1)
    for topic in (UNINSTALLED, REDACT):
        await departures.record(shop, topic, datetime.now(UTC))
    (departure,) = await departures.claimed()
    assert await departures.take_turn(departure)
    inbox = WebhookInbox(db)
    await mongo.transactions.run(lambda session: inbox.locations_due(session, shop))
    assert await PlanLease(db, "process").take(shop) is not None
    assert await SweepStore(db, "process").take(SHOP)
    await ReadsWanted(db).ask(SHOP, [CellKey("B000", "1")])


async def what_is_told(world: ShopWorld) -> None:
    """Notices, seen, dismissed and to be mailed; an address of webhooks with two secrets; a person who gets mails."""
    db, now = world.mongo.db, datetime.now(UTC)
    notices, mail = NoticeStore(db), MailStore(db)
    facts = {"name": "Nightly", "outcome": "failed", "reason": None}
    for subject in ("one", "two"):
        happening = Happening(
            shop=SHOP,
            matter=Matter.SCHEDULE_FAILED,
            subject=subject,
            occurrence=subject,
            at=now,
            facts=facts,
            open=True,
        )
        await notices.note(happening)
    first, second = (await notices.page(SHOP, None, 10)).items[:2]
    await notices.spread(first, mail=True)
    await notices.see_all(SHOP, now)
    await notices.dismiss(SHOP, second.notice_id, "42")
    targets, target_id = TargetStore(db, world.settings.fernet_keys), new_id()
    await targets.put(SHOP, target_id, url="http://127.0.0.1:9/", matters=[Matter.RUN_ENDED], enabled=True, by="42")
    for _ in range(2):
        await targets.set_secret(SHOP, target_id, new_secret().encode(), made_by=new_id())
    target = await targets.get(SHOP, target_id)
    assert target is not None
    await targets.note_refused(target)
    keyed = KeyedRequests(db, world.settings.fernet_keys)
    for key in ("ended", "under way"):
        begun = await keyed.begin(SHOP, "postJob", key, b"{}")
        assert isinstance(begun, Begun)
        if key == "ended":
            await keyed.answer(begun, KeptAnswer(202, {}, b"{}"))
    deliveries = DeliveryStore(db)
    await deliveries.make(target, "one", "job.ended", "{}")
    delivery = await deliveries.take_due(datetime.now(UTC))
    assert delivery is not None
    await deliveries.note(delivery, SendState.FAILED, "refused")
    await mail.choose(SHOP, [Matter.RUN_ENDED])
    for address in ("ann@example.com", "bob@example.com"):
        await mail.add(SHOP, address, "42")
        await mail.set_code(SHOP, address, "12345678")
    assert await mail.confirm(SHOP, "ann@example.com", "12345678")
    taken = await mail.take(SHOP)
    assert taken is not None
    await mail.note_round(SHOP, trouble="refused", mailed=True, again_at=now + timedelta(days=1))


async def a_preview_with_news(world: ShopWorld) -> None:
    """One that reads a value of which nobody has told."""
    await world.edit({("B003", world.locations[0]): 33})
    async with previewer(world):
        await world.preview()


async def long_and_filtered(world: ShopWorld) -> None:
    """Jobs and previews that are refused, filtered, or of long lists."""
    jobs, previews = (
        JobStore(world.mongo.db, world.mongo.transactions),
        PreviewStore(world.mongo.db, world.mongo.transactions),
    )
    cells = [{"bom_id": f"X{n}", "location_id": world.locations[0]} for n in range(SHORT + 1)]
    bom = {
        "text": "b",
        "tag": "t",
        "tracks_pre_assembled": True,
        "location_ids": world.locations,
        "cell_class": "in_sync",
        "differs": False,
        "except_bom_ids": ["B001"],
    }
    options = JobOptions(activate=True, allow_negative=False)
    for selection in ({"cells": cells}, {"filter": bom}, {"bom_ids": ["a"], "location_ids": world.locations}):
        body = SelectionBody.model_validate(selection)
        for few in (cells, cells[:1]):
            asked = JobRequest(
                shop=SHOP,
                job_id=new_id(),
                preview_id=new_id(),
                direction=Direction.TO_LOCAL,
                selection=body,
                source=JobSource.API,
                options=options,
                leave_out=LeaveOut.model_validate(
                    {"classes": ["in_sync"], "cells": few, "bom_ids": ["a"], "keep": cells[:1]}
                ),
            )
            told = Approved(cells=1, boms=1, left_out=1, refused={"NEGATIVE_TARGET": 1})
            await jobs.request(asked, refused=("TOO_MANY_JOBS", "Too many."), approved=told)
        await previews.request(
            PreviewRequest(shop=SHOP, preview_id=new_id(), selection=body),
            refused=PreviewFailure("TOO_MANY", "Too many.", "Wait."),
        )
    for selection in ({"cells": cells[:1]},):
        asked_for = PreviewRequest(shop=SHOP, preview_id=new_id(), selection=SelectionBody.model_validate(selection))
        await previews.request(asked_for)
        assert await previews.take_turn(SHOP, asked_for.preview_id, timedelta(minutes=1)) is not None


WRITTEN_ELSEWHERE = {
    # tests/integration/notices, and tests/integration/api/schedules.
    "webhook_targets.disabled_at",
    "schedules.target.previous_secret",
    "schedules.target.previous_until",
    # Only while work is under way, or where it was cut off.
    "cells.open",
    "cells.freed_at",
    "cells.published_at",
    "cells.claim",
    "jobs.publishing",
    "jobs.publishing.claim",
    "jobs.publishing.from",
    "jobs.publishing.until",
    "jobs.stood",
    "jobs.stood[].at",
    "jobs.stood[].at_no",
    "drift.open",
    "drift.due_at",
    "drift.event_at",
    "drift.late_told",
    "drift.late_at",
    "imports.owner",
    "imports.cursor",
    # tests/integration/api/previews/test_previews_resume.py.
    *(f"previews.{path}" for path in PREVIEWS.fields if path.startswith("bookmark")),
    "shops.sweep.asked_at",
    "jobs.held",
    "jobs.held.reason",
    "jobs.held.since",
    "jobs.held.until",
    "jobs.waits_for",
    "jobs.plan_failures",
    # What Shopify's refusals and silences leave behind: tests/integration/worker, sweeper and shop.
    "cells.activation",
    "cells.activation.events_no",
    "cells.activation.held",
    "cells.activation.key",
    "cells.activation.local",
    "cells.activation.manual_total",
    "cells.activation.settle_no",
    "cells.activation.tracks_rev",
    "cells.detail",
    "jobs.first_errors[].detail",
    "pushes.not_run",
    "pushes.outcomes[].code",
    "pushes.outcomes[].detail",
    "preview_rows.code",
    "previews.codes.*",
    "shops.redact_overdue_at",
    "shops.sweep.expected",
    "shops.sweep.silent_since",
    # Of rows that are left out, or that a push would refuse: tests/integration/api.
    "cells.left_out",
    "preview_rows.not_pushed",
    "preview_rows.reason",
    "previews.left_out.*",
    "previews.moves[].not_pushed.*",
    "stock.left_out",
    "schedule_runs.reason",
    # What a person decides about a missed webhook: tests/integration/sweeper.
    "drift.approved_at",
    "drift.approved_by",
    "drift.held",
    "drift.note",
    # An export's oddities, products and locations that webhooks tell of: tests/integration/importer and ingest.
    "import_items.refusal",
    "import_items.refusal.message",
    "import_items.refusal.variants",
    "import_items.refusal.why",
    "import_lines.tracks",
    "import_lines.variant_id",
    "boms.product_id",
    "locations.told_at",
    # Only of very many: rows between two milestones, BOMs near the limit.
    "previews.milestones[].kind",
    "previews.milestones[].no",
    "previews.milestones[].size",
    "shops.boms_made",
    # Only where traces are on: tests/integration/whole/test_tracing.py.
    "jobs.trace",
    "previews.trace",
    # The same body as a job's, which is in this walk.
    "schedules.selection.cells",
    "schedules.selection.cells[].bom_id",
    "schedules.selection.cells[].location_id",
    "schedules.selection.filter",
    "schedules.selection.filter.cell_class",
    "schedules.selection.filter.differs",
    "schedules.selection.filter.except_bom_ids",
    "schedules.selection.filter.location_ids",
    "schedules.selection.filter.tag",
    "schedules.selection.filter.text",
    "schedules.selection.filter.tracks_pre_assembled",
}
"""Described fields that this small walk need not write: their writers have tests of their own."""
