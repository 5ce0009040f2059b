"""The audit log: who did what, in which way, to what; of one's own shop, and never what was not done."""

from __future__ import annotations

from structlog.testing import capture_logs
from ulid import ULID

from services.preview.api.http import sign_ins
from services.preview.api.http.app import ROUTES
from services.preview.api.http.sign_ins import SignIns
from shared.contract.messages import BomRemove, BomUpsert, JobCancel, JobRequest
from shared.contract.seal import Seals
from shared.contract.selection import SelectionBody
from shared.domain.cell import CellKey
from shared.domain.comparison import Direction
from shared.domain.job import JobSource
from shared.mongodb.connection import Mongo
from shared.mongodb.shops.acts import Act
from shared.mongodb.shops.audit import AuditLog
from shared.rabbitmq.publishing.publisher import Publisher
from shared.rabbitmq.topology import BOM_REMOVE, BOM_UPSERT, JOB_CANCEL, JOB_REQUEST
from tests.integration.api.api_setup import PLACES, ApiShop, ApiWorld, session_token
from tests.integration.command_line.command_line_runs import trueup
from tests.integration.shop_world import ENDED, SHOP, reconciler, shop_world
from tests.waiting import stored

NOT_NOTED = {
    "postPreview",  # nothing is changed by it
    "countSelection",  # nor by this
    "readBoms",  # nor by this
    "previewMoments",  # nor by this: when a schedule would run
    "checkCounts",  # nor by this: what a file of counts would change
    "seeNotices",  # somebody has looked
    "weighPreview",  # a question; what may be left out is too long for an address
    "adjustCell",  # the ledger has it, with its actor
}

SCHEDULE = {
    "name": "Nightly",
    "action": "preview",
    "selection": {"bom_ids": "all"},
    "timing": {"kind": "daily", "at": "02:30"},
    "time_zone": "Europe/Berlin",
}


def test_every_request_that_changes_something_is_noted() -> None:
    """A new one cannot be forgotten."""
    changing = {route.name for route in ROUTES if route.method != "GET"}
    assert {route.name for route in ROUTES if route.act is not None} == changing - NOT_NOTED


async def acts_of(shop: ApiShop) -> list[tuple[str, str, str, str]]:
    """What is noted of the shop, the oldest first."""
    reply = await shop.call("GET", "/audit?limit=250")
    assert reply.status == 200, reply.text
    return [(e["act"], e["actor"], e["by"], e["subject"]) for e in reversed(reply.json["items"])]


async def test_what_a_user_does_is_noted_and_what_is_refused_is_not(shop: ApiShop) -> None:
    """Each act with the user of the session token and what it was done to; a refused request is no act."""
    job_id, nightly = str(ULID()), str(ULID())
    await shop.call("PUT", "/boms", {"bom_id": "a", "name": "A", "inventory_item_id": "1"})
    await shop.call("PUT", "/drift/policy", {"mode": "notify"})
    assert (await shop.call("PUT", "/drift/policy", {"mode": "never"})).status == 422
    put = await shop.call("PUT", f"/schedules/{nightly}", SCHEDULE)
    assert put.status == 201, put.text
    await shop.call("DELETE", f"/schedules/{nightly}")
    assert (await shop.call("DELETE", f"/schedules/{nightly}")).status == 404
    preview_id = await shop.preview({CellKey("a", PLACES[0]): 3})
    started = await shop.call("POST", "/jobs", {"job_id": job_id, "direction": "toLocal", "preview_id": preview_id})
    assert started.status == 202, started.text
    assert (await shop.call("POST", f"/jobs/{job_id}/cancel")).status == 202
    assert (await shop.call("POST", "/jobs/01K0000000000000000000000A/cancel")).status == 404
    assert (await shop.call("DELETE", "/boms/a")).status == 204
    assert await acts_of(shop) == [
        ("bom.change", "user:42", "api", "a"),
        ("policy.change", "user:42", "api", ""),
        ("schedule.change", "user:42", "api", nightly),
        ("schedule.remove", "user:42", "api", nightly),
        ("job.start", "user:42", "api", job_id),
        ("job.cancel", "user:42", "api", job_id),
        ("bom.remove", "user:42", "api", "a"),
    ]


async def test_the_log_is_paged_and_shows_ones_own_shop(world: ApiWorld, shop: ApiShop) -> None:
    """Page by page, the newest first; another shop's acts are nowhere."""
    audit, other = AuditLog(world.mongo.db), await world.shop()
    for number in range(5):
        await audit.note(Act(shop.domain, "job.start", "user:1", "api", str(number)))
    await audit.note(Act(other.domain, "job.start", "user:2", "api", "theirs"))
    seen, path = [], "/audit?limit=2"
    while True:
        page = (await shop.call("GET", path)).json
        seen += [entry["subject"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        path = f"/audit?limit=2&cursor={page['next_cursor']}"
    assert seen == ["4", "3", "2", "1", "0"]
    assert [entry[3] for entry in await acts_of(other)] == ["theirs"]
    assert (await shop.call("GET", "/audit?cursor=xx")).fields == ["query.cursor"]


async def test_forged_tokens_are_noted_a_few_times_and_of_no_shop(world: ApiWorld, shop: ApiShop) -> None:
    """A flood of them leaves a few entries, which say how many there were and nothing of what they said."""
    before = await world.mongo.db["audit"].count_documents({"shop": None})
    for _ in range(3 * sign_ins.MAX_NOTED):
        token = session_token(shop.domain, secret="a forger's own secret, of a fair length as well", sub="c4n4ry")
        assert (await shop.call("GET", "/boms", Authorization=f"Bearer {token}")).status == 401
    expired = session_token(shop.domain, exp=1_000_000_000)
    assert (await shop.call("GET", "/boms", Authorization=f"Bearer {expired}")).status == 401
    kept = [entry async for entry in world.mongo.db["audit"].find({"shop": None})]
    assert 1 <= len(kept) - before <= 2 * sign_ins.MAX_NOTED  # at most two minutes' worth
    assert "c4n4ry" not in repr(kept)
    assert shop.domain not in repr(kept)
    assert await acts_of(shop) == []


async def test_what_was_not_noted_is_told_with_the_next(world: ApiWorld) -> None:
    """The count of those held back."""
    now = [0.0]
    tries = SignIns(AuditLog(world.mongo.db), clock=lambda: now[0])
    with capture_logs() as lines:
        for _ in range(sign_ins.MAX_NOTED + 7):
            await tries.refused("token-signature")
        now[0] += sign_ins.SECONDS
        await tries.refused("token-signature")
        await tries.refused("token-expired")
    told = [line["subject"] for line in lines if line["event"] == "audit"]
    assert told == ["token-signature"] * sign_ins.MAX_NOTED + ["token-signature, and 7 others before it"]


async def test_a_store_that_is_away_undoes_no_act() -> None:
    """The line says it all the same."""
    mongo = Mongo("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1", "away")
    try:
        with capture_logs() as lines:
            await AuditLog(mongo.db).note(Act("a.myshopify.com", "job.start", "user:1", "api", "J"))
    finally:
        mongo.close()
    assert [(line["event"], line["subject"]) for line in lines] == [("audit", "J"), ("audit_not_kept", "J")]


async def test_the_command_line_notes_and_shows(world: ApiWorld, shop: ApiShop) -> None:
    """What a command has done is noted as its own, and `trueup audit list` shows it."""
    paused = await trueup(world.settings, "shop", "pause", "--shop", shop.domain)
    assert paused.code == 0, paused.errors
    listed = await trueup(world.settings, "audit", "list", "--shop", shop.domain, "--json")
    acts = listed.document["items"]
    assert [(act["act"], act["by"], act["actor"]) for act in acts] == [("shop.pause", "command", "trueup command line")]
    shown = await trueup(world.settings, "audit", "list", "--shop", shop.domain)
    assert "shop.pause" in shown.output


async def test_what_a_foreign_client_has_done_is_noted_as_its_own(world: ApiWorld, shop: ApiShop) -> None:
    """A message without the seal of Trueup's parts: a mapping made, moved and removed; a repeat changes nothing."""

    async def mapped(item: str) -> None:
        await stored(world.mongo.db["boms"], {"shop": shop.domain, "bom_id": "f", "inventory_item_id": item})

    foreign = await Publisher.open(world.settings.amqp_url.get_secret_value(), "foreign")
    ours = await Publisher.open(
        world.settings.amqp_url.get_secret_value(), "ours", Seals(world.settings.client_secrets)
    )
    try:
        for publisher, bom_id in ((foreign, "f"), (foreign, "f"), (ours, "own")):
            message = BomUpsert(
                shop=shop.domain, bom_id=bom_id, inventory_item_id="71" if bom_id == "f" else "72", name="F"
            )
            await publisher.command(BOM_UPSERT, message)
        await foreign.command(BOM_UPSERT, BomUpsert(shop=shop.domain, bom_id="f", inventory_item_id="73", name="F"))
        await mapped("73")
        await foreign.command(BOM_REMOVE, BomRemove(shop=shop.domain, bom_id="f"))
        await stored(world.mongo.db["audit"], {"shop": shop.domain, "act": "bom.remove"})
    finally:
        await foreign.close()
        await ours.close()
    assert await acts_of(shop) == [
        ("bom.change", "amqp:", "message", "f"),
        ("bom.change", "amqp:", "message", "f"),
        ("bom.remove", "amqp:", "message", "f"),
    ]


async def test_a_foreign_clients_job_is_noted_once(vhost_url: str, mongodb_uri: str, database_name: str) -> None:
    """Under what it says of itself; what Trueup's own parts publish is theirs to note, what has no effect no act."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as made, reconciler(made):
        await made.add_boms({"A": [7]}, tracks=True)
        foreign = await Publisher.open(vhost_url, "foreign")
        request = JobRequest(
            shop=SHOP,
            job_id=str(ULID()),
            direction=Direction.TO_LOCAL,
            selection=SelectionBody(bom_ids="all"),
            source=JobSource.API,
            requested_by="user:42",
        )
        try:
            for _ in range(2):
                await foreign.command(JOB_REQUEST, request)
            await stored(made.mongo.db["audit"], {"shop": SHOP, "act": "job.start"})
            await stored(made.mongo.db["jobs"], {"job_id": request.job_id}, lambda job: job["state"] in ENDED)
            await foreign.command(JOB_CANCEL, JobCancel(shop=SHOP, job_id=request.job_id))  # it has ended: no act
        finally:
            await foreign.close()
        await made.run(Direction.TO_LOCAL)
        entries = [entry async for entry in made.mongo.db["audit"].find({})]
    assert [(e["act"], e["actor"], e["by"], e["subject"]) for e in entries] == [
        ("job.start", "amqp:user:42", "message", request.job_id)
    ]
