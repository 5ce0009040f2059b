"""Every operation of the API against every kind of key: whose, for what, and whether it works at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from services.preview.api.http.app import ROUTES
from services.preview.api.http.reference.openapi import openapi_document
from services.preview.api.scopes import NEEDED_TOO, SCOPE_OF, SCOPES
from shared.domain.server_key import Scope, read, written
from shared.mongodb.server_keys.server_keys import ServerKeys
from tests.backends.places import DatabasePool, VhostPool
from tests.integration.api.access.server_keys import by_key, server_key
from tests.integration.api.access.test_isolation import (
    MAKES_ITS_OWN,
    OPERATIONS,
    called,
    records_of,
    things,
    untouched,
)
from tests.integration.api.api_setup import ApiShop, ApiWorld, api_world
from tests.integration.api.schedules.test_api_schedules import NIGHTLY
from tests.integration.shop_world import new_id

UNHURRIED = dict.fromkeys(("requests_per_second", "key_requests_per_second", "shop_key_requests_per_second"), 10_000.0)
"""Limits that are in nobody's way."""


@pytest.fixture(scope="module")
async def world(amqp_url: str, vhosts: VhostPool, mongodb_uri: str, databases: DatabasePool) -> AsyncIterator[ApiWorld]:
    """One service that takes whatever number of requests."""
    vhost, database = vhosts.take(), databases.take()
    url = urlsplit(amqp_url)._replace(path=f"/{vhost}").geturl()
    async with api_world(url, mongodb_uri, database, **UNHURRIED) as started:
        yield started
    await vhosts.give_back(vhost)
    databases.give_back(database)


def test_every_operation_has_its_scope() -> None:
    """One that is new in the description says which a key needs, in one place, and the description says the same."""
    names = {operation.name for operation in OPERATIONS}
    assert set(SCOPE_OF) == names
    assert sum(len(of_scope) for of_scope in SCOPES.values()) == len(names), "in one scope each"
    assert set(NEEDED_TOO) <= names
    document = openapi_document(ROUTES)
    for methods in document["paths"].values():
        for told in methods.values():
            scope = str(SCOPE_OF[told["operationId"]])
            assert (told["security"], told["x-key-scope"]) == ([{"sessionToken": []}, {"key": []}], scope)
    for name in NEEDED_TOO:
        (told,) = [
            told for methods in document["paths"].values() for told in methods.values() if told["operationId"] == name
        ]
        assert NEEDED_TOO[name].told in told["description"]


async def test_a_key_opens_what_its_scope_says_and_nothing_else(shop: ApiShop) -> None:
    """Of five keys with one scope each every operation takes one; the others get a 403 that names what is missing."""
    world = shop.world
    ids = await things(shop)
    keys = {scope: (await server_key(world, shop.domain, [scope]))[1] for scope in Scope}
    wrong: list[object] = []
    before = await records_of(world, shop.domain)
    for operation in OPERATIONS:
        needed = SCOPE_OF[operation.name]
        for scope, key in keys.items():
            if scope is needed:
                continue
            reply = await called(shop, operation, ids, f"Bearer {key}")
            right = (
                reply.status == 403
                and reply.json["type"] == "urn:trueup:problem:key-scope"
                and f"the scope {needed}" in reply.json["detail"]
                and f'scope="{needed}"' in reply.headers["WWW-Authenticate"]
            )
            if not right:
                wrong.append((operation.name, scope, reply))
    assert wrong == []
    after = await records_of(world, shop.domain)
    for records in (before, after):
        for name in ("server_keys", "request_shares"):  # their last use, and their requests
            records.pop(name)
    assert after == before


async def test_with_its_scope_a_key_reads_what_a_person_does(shop: ApiShop) -> None:
    """Each reading operation answers a key with its scope as it does a session."""
    ids = await things(shop)
    _, key = await server_key(shop.world, shop.domain)
    for operation in OPERATIONS:
        if operation.method == "GET":
            reply = await called(shop, operation, ids, f"Bearer {key}")
            assert reply.status in {200, 409, 503 if operation.name == "listVariants" else 200}, (operation.name, reply)


async def test_a_key_that_does_not_work_reads_and_writes_nothing(world: ApiWorld, shop: ApiShop) -> None:
    """Expired, revoked, unknown, with another's secret, mistyped: 401 for each operation, no look at a record."""
    ids = await things(shop)
    _, expired = await server_key(world, shop.domain, days=-1)
    gone, revoked = await server_key(world, shop.domain)
    await ServerKeys(world.mongo.db).revoke(gone.key_id, shop=shop.domain, by="test")
    other, others = await server_key(world, shop.domain)
    unknown = written("000000000000", bytes(32))
    swapped = written(other.key_id, bytes(32))
    assert read(unknown) is not None
    assert read(swapped) is not None
    wrong_keys = {
        expired: "key-expired",
        revoked: "key-revoked",
        unknown: "key-unknown",
        swapped: "key-unknown",
        others[:-1]: "key-malformed",
        f"{others}0": "key-malformed",
        others.replace("live", "test"): "key-malformed",
        "trueup_live_": "key-malformed",
    }
    failed: list[object] = []
    async with untouched(world, shop):
        for key, kind in wrong_keys.items():
            for operation in OPERATIONS:
                reply = await called(shop, operation, ids, f"Bearer {key}")
                right = (
                    reply.status == 401
                    and reply.json["type"] == f"urn:trueup:problem:{kind}"
                    and reply.headers.get("WWW-Authenticate") == "Bearer"
                    and not any(value in reply.text for value in (shop.domain, key, *ids.values()))
                )
                if not right:
                    failed.append((kind, operation.name, reply))
    assert failed == []


async def test_with_the_other_shops_key_everything_is_refused(world: ApiWorld) -> None:
    """Ids of a shop are unknown to another's key, its name in the header is refused, its documents stay as they are."""
    mine, other = await world.shop(), await world.shop()
    await mine.bom("mine")
    theirs = await things(other)
    _, key = await server_key(world, mine.domain)
    before = await records_of(world, other.domain)
    # What makes things of one's own comes last.
    for operation in sorted(OPERATIONS, key=lambda one: one.name in MAKES_ITS_OWN):
        reply = await called(mine, operation, theirs, f"Bearer {key}")
        # The locations of these shops have the same ids.
        if "{" in operation.path and operation.name not in {*MAKES_ITS_OWN, "getLocation"}:
            assert reply.status == 404, (operation.name, reply)
        else:
            assert not any(value in reply.text for value in (other.domain, theirs["bom_id"], theirs["job_id"]))
        named = await by_key(world, key, operation.method, operation.path.format(**theirs), Trueup_Shop=other.domain)
        assert (named.status, named.json["type"]) == (403, "urn:trueup:problem:key-shop"), operation.name
    assert await records_of(world, other.domain) == before


async def test_a_key_of_all_shops_names_the_one_it_means(world: ApiWorld) -> None:
    """Without the header it is told so; with it, it sees that shop alone; a shop without the app is none."""
    one, two = await world.shop(), await world.shop()
    await one.bom("a")
    await two.bom("b")
    _, key = await server_key(world, None, [Scope.READ])
    unnamed = await by_key(world, key, "GET", "/boms")
    assert (unnamed.status, unnamed.fields) == (422, ["header.Trueup-Shop"])
    for shop, bom in ((one, "a"), (two, "b")):
        listed = await by_key(world, key, "GET", "/boms", Trueup_Shop=shop.domain.upper())
        assert [item["bom_id"] for item in listed.json["items"]] == [bom]
    for name in ("nobody.myshopify.com", two.domain):
        if name == two.domain:
            await world.mongo.db["shops"].update_one({"_id": name}, {"$set": {"status": "uninstalled"}})
        gone = await by_key(world, key, "GET", "/boms", Trueup_Shop=name)
        assert (gone.status, gone.json["type"]) == (403, "urn:trueup:problem:shop-unknown")
    assert await world.mongo.db["request_shares"].count_documents({"shop": "nobody.myshopify.com"}) == 0
    for wrong in ("x", "https://a.myshopify.com", ""):
        assert (await by_key(world, key, "GET", "/boms", Trueup_Shop=wrong)).fields == ["header.Trueup-Shop"]


@pytest.mark.parametrize("direction", ["toShopify", "toLocal"])
async def test_what_writes_to_shopify_needs_push(shop: ApiShop, direction: str) -> None:
    """A run, a retry, an undo, a schedule and its runs: with push or towards our own records, else 403."""
    world = shop.world
    ids = await things(shop)
    job_id = await shop.job(
        [{"bom_id": ids["bom_id"], "location_id": ids["location_id"], "state": "error", "code": "READ_FAILED"}],
        direction=direction,
    )
    schedule = NIGHTLY | {"action": "reconcile", "direction": direction}
    schedule_id = new_id()
    assert (await shop.call("PUT", f"/schedules/{schedule_id}", schedule)).status == 201
    runs = f"/schedules/{schedule_id}/runs"
    asked = [
        ("POST", "/jobs", {"direction": direction, "selection": {"bom_ids": "all"}}),
        ("POST", f"/jobs/{job_id}/retry", {}),
        ("POST", f"/jobs/{job_id}/undo", {}),
        ("POST", runs, {"run_id": new_id()}),
        ("POST", f"{runs}/{new_id()}/approve", None),
        ("PUT", f"/schedules/{new_id()}", schedule),
    ]
    without = [Scope.READ, Scope.RECONCILE, Scope.MANAGE]
    _, key = await server_key(world, shop.domain, without)
    _, pushing = await server_key(world, shop.domain, [*without, Scope.PUSH])
    for method, path, body in asked:
        reply = await by_key(world, key, method, path, body)
        refused = reply.status == 403
        assert refused == (direction == "toShopify"), (path, reply)
        if refused:
            assert 'scope="push"' in reply.headers["WWW-Authenticate"]
            assert (await by_key(world, pushing, method, path, body)).status != 403, path


async def test_nobody_has_done_by_a_schedule_or_a_policy_what_he_may_not_do(shop: ApiShop) -> None:
    """`manage` alone makes no schedule that reconciles, and no policy that repairs."""
    _, key = await server_key(shop.world, shop.domain, [Scope.MANAGE])
    reconciling = NIGHTLY | {"action": "reconcile", "direction": "toLocal"}
    refused = await by_key(shop.world, key, "PUT", f"/schedules/{new_id()}", reconciling)
    assert (refused.status, 'scope="reconcile"' in refused.headers["WWW-Authenticate"]) == (403, True)
    assert (await by_key(shop.world, key, "PUT", "/drift/policy", {"mode": "repair"})).status == 403
    assert (await by_key(shop.world, key, "PUT", "/drift/policy", {"mode": "notify"})).status == 200


async def test_a_key_makes_no_key_that_may_more_or_lives_longer(shop: ApiShop) -> None:
    """With `manage` it may make keys of its own scopes, that end with it; a person may make any."""
    world = shop.world
    maker, key = await server_key(world, shop.domain, [Scope.READ, Scope.MANAGE], days=2)
    more = await by_key(world, key, "POST", "/keys", {"name": "x", "scopes": ["read", "count"]})
    assert (more.status, 'scope="count"' in more.headers["WWW-Authenticate"]) == (403, True)
    same = await by_key(world, key, "POST", "/keys", {"name": "x", "scopes": ["read"], "days": 700})
    assert same.status == 201
    assert datetime.fromisoformat(same.json["expires_at"]) <= maker.expires_at.astimezone(UTC)
    assert same.json["created_by"] == maker.actor
    assert (await shop.call("POST", "/keys", {"name": "all", "scopes": [str(one) for one in Scope]})).status == 201
