"""A key from its making to its end: shown once, looked up seldom, noted as who did it, refused when it is revoked."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ulid import ULID

from services.preview.api.http import server_keys as checking
from services.preview.api.http.responses.problem import ProblemError
from services.preview.api.http.server_keys import KNOWN_FOR, MAX_STRANGERS, KeyCallers
from shared.domain.server_key import Scope, written
from shared.mongodb.server_keys.server_keys import MAX_ACTIVE, KeptKey, ServerKeys
from tests.integration.api.access.server_keys import by_key, server_key
from tests.integration.api.api_setup import PLACES, ApiShop, ApiWorld
from tests.waiting import arrival, stored


class CountedKeys(ServerKeys):
    """The store, which counts the looks at it."""

    looks = 0

    async def find(self, key_id: str) -> KeptKey | None:
        """One look."""
        self.looks += 1
        return await super().find(key_id)


async def test_a_key_is_shown_once_and_listed_without_its_secret(shop: ApiShop) -> None:
    """Made by a person, it works; no list and no document holds it, or its secret."""
    made = await shop.call("POST", "/keys", {"name": "  The ERP ", "scopes": ["read", "count"], "days": 30})
    assert made.status == 201, made.text
    assert made.headers["Cache-Control"] == "no-store"
    key = made.json["key"]
    assert key.startswith(f"trueup_live_{made.json['key_id']}_")
    assert (await by_key(shop.world, key, "GET", "/boms")).status == 200
    listed = (await shop.call("GET", "/keys")).json["items"]
    assert [(one["name"], one["scopes"], one["state"]) for one in listed] == [("The ERP", ["read", "count"], "active")]
    assert listed[0]["last_used_at"] is not None
    assert listed[0]["created_by_name"] == "Staff member 42"
    document = await shop.world.mongo.db["server_keys"].find_one({"key_id": made.json["key_id"]})
    secret = key.rpartition("_")[2]
    for shown in (str(listed), str(document)):
        assert secret not in shown
        assert secret[:20] not in shown


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "scopes": ["read"]}, "body.name"),
        ({"name": "a\nb", "scopes": ["read"]}, "body.name"),
        ({"name": "x" * 101, "scopes": ["read"]}, "body.name"),
        ({"name": "x", "scopes": []}, "body.scopes"),
        ({"name": "x", "scopes": ["write"]}, "body.scopes.0"),
        ({"name": "x", "scopes": ["push"]}, "body"),
        ({"name": "x", "scopes": ["read"], "days": 0}, "body.days"),
        ({"name": "x", "scopes": ["read"], "days": 10_000}, "body.days"),
    ],
)
async def test_a_key_that_makes_no_sense_is_not_made(shop: ApiShop, body: dict[str, Any], field: str) -> None:
    """422 with the field."""
    reply = await shop.call("POST", "/keys", body)
    assert (reply.status, reply.fields) == (422, [field])


async def test_a_shop_has_so_many_keys_and_no_more(shop: ApiShop) -> None:
    """Those that have ended do not count, and those asked for at once find no more room than there is."""
    keys = ServerKeys(shop.world.mongo.db)
    for number in range(MAX_ACTIVE - 2):
        await server_key(shop.world, shop.domain, name=str(number))
    await server_key(shop.world, shop.domain, days=-1)
    replies = await asyncio.gather(*(shop.call("POST", "/keys", {"name": "x", "scopes": ["read"]}) for _ in range(6)))
    assert sorted(reply.status for reply in replies) == [201, 201, 409, 409, 409, 409]
    assert await keys.active(shop.domain) == MAX_ACTIVE


async def test_a_revoked_key_is_refused_in_every_process_within_a_second(world: ApiWorld, shop: ApiShop) -> None:
    """At once where it was revoked; elsewhere when what was found of it counts no more, which is within a second."""
    assert KNOWN_FOR * 2 < 1
    now = 0.0
    store = CountedKeys(world.mongo.db)
    elsewhere = KeyCallers(store, clock=lambda: now)
    key, text = await server_key(world, shop.domain)
    for _ in range(100):
        assert (await elsewhere.caller(text, None)).user == key.actor
    assert store.looks == 1, "one look for a hundred requests"
    assert (await by_key(world, text, "GET", "/boms")).status == 200
    assert (await shop.call("DELETE", f"/keys/{key.key_id}")).status == 204
    here = await by_key(world, text, "GET", "/boms")
    assert (here.status, here.json["type"]) == (401, "urn:trueup:problem:key-revoked")
    now += KNOWN_FOR
    with pytest.raises(ProblemError, match="revoked"):
        await elsewhere.caller(text, None)
    assert store.looks == 2
    assert (await shop.call("DELETE", f"/keys/{key.key_id}")).status == 204, "safe to repeat"
    (listed,) = (await shop.call("GET", "/keys")).json["items"]
    assert (listed["state"], listed["revoked_by"]) == ("revoked", "user:42")


async def test_many_at_once_look_once(world: ApiWorld, shop: ApiShop) -> None:
    """A hundred requests at the same moment wait for one look."""
    store = CountedKeys(world.mongo.db)
    callers = KeyCallers(store, clock=lambda: 0.0)
    _, text = await server_key(world, shop.domain)
    await asyncio.gather(*(callers.caller(text, None) for _ in range(100)))
    assert store.looks == 1


async def test_a_flood_of_keys_that_nobody_has_costs_the_store_little(world: ApiWorld, shop: ApiShop) -> None:
    """Of a thousand some are looked up, the rest is refused unseen; a key that was known goes on working."""
    now = 0.0
    store = CountedKeys(world.mongo.db)
    callers = KeyCallers(store, clock=lambda: now)
    _, text = await server_key(world, shop.domain)
    await callers.caller(text, None)
    statuses = []
    for number in range(1000):
        with pytest.raises(ProblemError) as refused:
            await callers.caller(written(f"{number:012}", bytes(32)), None)
        statuses.append(refused.value.status.value)
    assert statuses.count(401) == store.looks - 1 == MAX_STRANGERS - 1
    assert statuses.count(429) == 1000 - statuses.count(401)
    now += KNOWN_FOR
    assert (await callers.caller(text, None)).shop == shop.domain
    now += 1
    assert await _looked_up(callers, now) == int(checking.STRANGERS_PER_SECOND * (1 + KNOWN_FOR))


async def _looked_up(callers: KeyCallers, mark: float) -> int:
    """How many more strangers are looked up now."""
    for number in range(1000):
        try:
            await callers.caller(written(f"x{int(mark * 10):05}{number:06}", bytes(32)), None)
        except ProblemError as refused:
            if refused.status == 429:
                return number
    return 1000


async def test_the_last_use_is_written_once_a_minute(world: ApiWorld, shop: ApiShop) -> None:
    """Whatever the number of requests and processes; a minute later it is written again."""
    keys = world.mongo.db["server_keys"]
    key, text = await server_key(world, shop.domain)
    several = [KeyCallers(ServerKeys(world.mongo.db)) for _ in range(3)]
    await world.mongo.db.command("profile", 2)
    try:
        for _ in range(10):
            await asyncio.gather(*(callers.caller(text, None) for callers in several))
    finally:
        await world.mongo.db.command("profile", 0)
    profile = world.mongo.db["system.profile"]
    writes = [one async for one in profile.find({"ns": keys.full_name, "op": "update", "nModified": {"$gt": 0}})]
    await world.mongo.db.drop_collection("system.profile")
    assert len(writes) == 1
    first = await keys.find_one({"key_id": key.key_id})
    assert first is not None
    early = first["last_used_at"] - timedelta(seconds=61)
    await keys.update_one({"key_id": key.key_id}, {"$set": {"last_used_at": early}})
    await KeyCallers(ServerKeys(world.mongo.db)).caller(text, None)
    again = await keys.find_one({"key_id": key.key_id})
    assert again is not None
    assert again["last_used_at"] > early


async def test_who_did_it_is_the_key(shop: ApiShop) -> None:
    """Its id and name stand in ledger, job, preview and audit log; people read its name."""
    world = shop.world
    key, text = await server_key(world, shop.domain, name="Warehouse (north)")
    assert key.actor == f"key:{key.key_id} (Warehouse (north))"
    put = await by_key(
        world,
        text,
        "PUT",
        "/boms",
        {"bom_id": "a", "name": "A", "inventory_item_id": "1", "tracks_pre_assembled": True},
    )
    assert put.status in {200, 201}, put.text
    counted = await by_key(
        world,
        text,
        "POST",
        "/counts",
        {"counts": [{"bom_id": "a", "location_id": PLACES[0], "count": 5, "seen": None}]},
        Idempotency_Key=str(ULID()),
    )
    assert counted.status == 200, counted.text
    preview = await by_key(world, text, "POST", "/previews", {"selection": {"bom_ids": ["a"]}})
    job_id = str(ULID())
    job = await by_key(
        world, text, "POST", "/jobs", {"job_id": job_id, "direction": "toLocal", "selection": {"bom_ids": ["a"]}}
    )
    assert (preview.status, job.status) == (202, 202)
    assert (job.json["requested_by"], job.json["source"]) == (key.actor, "api")
    assert job.json["who"] == "Warehouse (north) (a server's key)"
    db = world.mongo.db
    assert await db["previews"].find_one({"preview_id": preview.json["preview_id"], "requested_by": key.actor})
    assert await db["ledger"].count_documents({"shop": shop.domain, "reference": key.actor}) > 0 or (
        await db["adjustments"].count_documents({"shop": shop.domain, "actor": key.actor}) > 0
    )
    acts = (await shop.call("GET", "/audit")).json["items"]
    assert {(one["act"], one["actor"], one["by"]) for one in acts} >= {("job.start", key.actor, "api")}


async def test_making_and_revoking_are_noted(shop: ApiShop) -> None:
    """Who made which key, and who revoked it; never the key."""
    made = await shop.call("POST", "/keys", {"name": "ERP", "scopes": ["read"]})
    await shop.call("DELETE", f"/keys/{made.json['key_id']}")
    acts = (await shop.call("GET", "/audit")).json["items"]
    actor = f"key:{made.json['key_id']} (ERP)"
    assert [(one["act"], one["actor"], one["subject"]) for one in acts] == [
        ("key.revoke", "user:42", actor),
        ("key.add", "user:42", actor),
    ]


async def test_a_stream_ends_with_its_key(world: ApiWorld, shop: ApiShop) -> None:
    """Whoever follows a run by a key that is revoked, by whatever process, hears no more."""
    job_id = await shop.job([], state="running")
    key, text = await server_key(world, shop.domain, [Scope.READ])
    url = f"{world.url}/api/jobs/{job_id}/events"
    async with world.client.get(url, headers={"Authorization": f"Bearer {text}"}) as answer:
        assert answer.status == 200
        await arrival(answer.content.readuntil(b"\n\n"), what="the present state")
        await ServerKeys(world.mongo.db).revoke(key.key_id, shop=shop.domain, by="test")
        rest = await arrival(answer.text(), what="the end of the stream")
    assert rest.endswith(": the key works no more\n\n")


async def test_a_forged_key_is_noted_of_no_shop(world: ApiWorld, shop: ApiShop) -> None:
    """That somebody tries stands in the log, and nothing of what he sent."""
    forged = written("zzzzzzzzzzzz", b"7" * 32)
    before = datetime.now(UTC) - timedelta(seconds=1)
    assert (await by_key(world, forged, "GET", "/boms")).status == 401
    noted = await stored(world.mongo.db["audit"], {"shop": None, "act": "sign-in.refused", "at": {"$gte": before}})
    assert noted["subject"].startswith("key-unknown")
    assert forged[20:50] not in str(noted)
    assert shop.domain not in str(noted)


async def test_a_key_asked_for_twice_is_made_once(shop: ApiShop) -> None:
    """A repeat under the client's own key gets the same one; another caller does not; a try that died leaves none."""
    world = shop.world
    body = {"name": "ERP", "scopes": ["read"]}
    first = await shop.call("POST", "/keys", body, Idempotency_Key="once")
    again = await shop.call("POST", "/keys", body, Idempotency_Key="once")
    assert (first.status, again.status, again.json["key"]) == (201, 201, first.json["key"])
    _, manager = await server_key(world, shop.domain, [Scope.MANAGE])
    stranger = await by_key(world, manager, "POST", "/keys", body, Idempotency_Key="once")
    assert stranger.status in {403, 422}
    assert "trueup_live_" not in stranger.text
    # As a process leaves it that died between the making and the note.
    await world.mongo.db["idempotency_keys"].update_one(
        {"shop": shop.domain}, {"$set": {"answer": None, "held_by": "gone", "held_until": None}}
    )
    third = await shop.call("POST", "/keys", body, Idempotency_Key="once")
    assert third.status == 201
    states = {one["key_id"]: one["state"] for one in (await shop.call("GET", "/keys")).json["items"]}
    assert (states[first.json["key_id"]], states[third.json["key_id"]]) == ("revoked", "active")
