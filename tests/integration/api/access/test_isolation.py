"""Every operation of the API against every wrong credential, and against the ids of another shop."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from services.preview.api.http.app import ROUTES
from services.preview.api.http.reference.openapi import openapi_document
from shared.domain.cell import CellKey
from shared.mongodb.schema import INDEXES
from tests.integration.api.access.named_things import TARGET, told_things, waiting_run
from tests.integration.api.access.server_keys import server_key
from tests.integration.api.api_setup import (
    CLIENT_ID,
    PLACES,
    PREVIOUS_SECRET,
    SECRET,
    ApiShop,
    ApiWorld,
    Reply,
    session_token,
)
from tests.integration.api.drift.test_api_drift import missed
from tests.integration.api.schedules.test_api_schedules import NIGHTLY
from tests.integration.shop_world import new_id


class Operation(NamedTuple):
    """One operation of the description."""

    name: str
    method: str
    path: str
    """Below `/api`, with its parameters in braces."""
    has_body: bool


OPERATIONS = [
    Operation(told["operationId"], method.upper(), path.removeprefix("/api"), "requestBody" in told)
    for path, methods in openapi_document(ROUTES)["paths"].items()
    for method, told in methods.items()
]

BODIES: dict[str, Any] = {
    "putBoms": {"bom_id": "new", "inventory_item_id": "1", "name": "New"},
    "readBoms": {"bom_ids": ["a"]},
    "countSelection": {"selection": {"bom_ids": "all"}, "among": ["a"]},
    "weighPreview": {"direction": "toLocal"},
    "postPreview": {"selection": {"bom_ids": "all"}},
    "postJob": {"direction": "toLocal", "selection": {"bom_ids": "all"}},
    "retryJob": {},
    "approveScheduleRun": {},
    "undoJob": {},
    "noteJob": {"text": "Seen."},
    "adjustCell": {"delta": 1},
    "putDriftPolicy": {"mode": "off"},
    "postSweep": {"full": True},
    "putSchedule": NIGHTLY,
    "previewMoments": {"timing": NIGHTLY["timing"]},
    "postScheduleRun": {"run_id": "01M0000000000000000000000A"},
    "approveDrift": {},
    "putSettings": {"allow_negative": True},
    "postCounts": {"counts": [{"bom_id": "b", "location_id": PLACES[0], "count": 1, "seen": None}]},
    "checkCounts": {"text": "bom_id,count\nb,1\n"},
    "postImport": {},
    "seeNotices": {"until": "2026-03-01T09:30:00Z"},
    "chooseMailMatters": {"matters": ["run_ended"]},
    "addMailAddress": {"address": "new@example.com"},
    "removeMailAddress": {"address": "ann@example.com"},
    "confirmMailAddress": {"address": "bob@example.com", "code": "12345678"},
    "testMailAddress": {"address": "ann@example.com"},
    "putTarget": TARGET,
    "addKey": {"name": "ERP", "scopes": ["read"]},
}
"""A body for each operation that takes one: with a right token every one of them is taken."""

QUERIES = {
    "findPlaces": f"location_id={PLACES[0]}&search=kit",
    "exportSheet": f"location_id={PLACES[0]}",
    "listVariants": "search=kit",
}
"""A query for each reading operation that needs one."""

MAKES_ITS_OWN = {"putSchedule", "putTarget"}
"""Whose id is the caller's to choose: under another shop's id it makes a thing of the caller's own."""


def test_every_operation_with_a_body_has_one_here() -> None:
    """An operation that is new in the description is tried with a body that it would take."""
    assert {operation.name for operation in OPERATIONS if operation.has_body} == set(BODIES)


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _signed(domain: str, algorithm: str, key: Any, **headers: Any) -> str:
    claims = jwt.decode(session_token(domain), options={"verify_signature": False})
    return jwt.encode(claims, key, algorithm=algorithm, headers=headers)


def _with(**claims: Any) -> Callable[[str], str]:
    return lambda domain: f"Bearer {session_token(domain, **claims)}"


def _of(issuer: str, destination: str) -> Callable[[str], str]:
    """A token of these two, in which {} is the shop that asks."""
    return lambda domain: _with(iss=issuer.format(domain), dest=destination.format(domain))(domain)


def _other_payload(domain: str) -> str:
    head, _, signature = session_token("other.myshopify.com").split(".")
    return f"Bearer {head}.{session_token(domain).split('.')[1]}.{signature}"


def _without_signature(algorithm: str) -> Callable[[str], str]:
    return lambda domain: f"Bearer {_part({'alg': algorithm, 'typ': 'JWT'})}.{session_token(domain).split('.')[1]}."


_NOW = int(time.time())
_RSA = generate_private_key(65537, 2048)

WRONG: dict[str, Callable[[str], str | None]] = {
    "none": lambda _: None,
    "an empty header": lambda _: "",
    "no token behind the scheme": lambda _: "Bearer",
    "another scheme": lambda domain: f"Basic {session_token(domain)}",
    "the token alone": session_token,
    "garbage": lambda _: "Bearer garbage",
    "three parts of garbage": lambda _: "Bearer a.b.c",
    "no text": lambda _: "Bearer \udcff\udcfe",
    "an access token of Shopify's": lambda _: "Bearer shpat_x",
    "expired": _with(exp=_NOW - 60),
    "expired long ago": _with(exp=0),
    "not yet valid": _with(nbf=_NOW + 3600),
    "made in the future": _with(iat=_NOW + 3600),
    "an end that is no number": _with(exp="never"),
    "an end in a text": _with(exp=str(_NOW + 600)),
    "several apps', this one among them": _with(aud=["another app", CLIENT_ID]),
    "another app's": _with(aud="another app"),
    "several apps', none this one": _with(aud=["another app", CLIENT_ID + "x"]),
    "a user that is a number": _with(sub=42),
    "another secret": lambda domain: f"Bearer {session_token(domain, 'x' * 40)}",
    "a secret before the previous one": lambda domain: f"Bearer {session_token(domain, PREVIOUS_SECRET + 'x')}",
    "an empty secret": lambda domain: f"Bearer {_hs256(domain, b'')}",
    "another one's payload": _other_payload,
    "its signature cut off": lambda domain: f"Bearer {session_token(domain).rpartition('.')[0]}.",
    "its signature cut short": lambda domain: f"Bearer {session_token(domain)[:-4]}",
    "alg none": _without_signature("none"),
    "alg NONE": _without_signature("NONE"),
    "alg empty": _without_signature(""),
    "HS512": lambda domain: f"Bearer {_signed(domain, 'HS512', SECRET * 2)}",
    "HS384 with the right secret": lambda domain: f"Bearer {_signed(domain, 'HS384', SECRET + 'x' * 8)}",
    "RS256": lambda domain: f"Bearer {_signed(domain, 'RS256', _RSA)}",
    "a critical extension": lambda domain: f"Bearer {_signed(domain, 'HS256', SECRET, crit=['x'], x=1)}",
    "issued for another shop": _of("https://other.myshopify.com/admin", "https://{}"),
    "destined for another shop": _of("https://{}/admin", "https://other.myshopify.com"),
    "of a stranger's host": _of("https://evil.example/admin", "https://evil.example"),
    "of a host that ends alike": _of("https://evil-{}.example/admin", "https://evil-{}.example"),
    "of a host below the shop's": _of("https://a.{}/admin", "https://a.{}"),
    "the shop behind a user": _of("https://evil.example@{}/admin", "https://evil.example@{}"),
    "the shop as a user": _of("https://{}@evil.example/admin", "https://{}@evil.example"),
    "the shop with a port": _of("https://{}:8443/admin", "https://{}:8443"),
    "the shop behind a hash": _of("https://evil.example#{}", "https://evil.example#{}"),
    "the shop with a newline": _of("https://{}\n/admin", "https://{}\n"),
    "without https": _of("http://{}/admin", "http://{}"),
    "the shop's bare name": _of("{}", "{}"),
    **{
        f"without {claim}": _with(**{claim: None})
        for claim in ("iss", "dest", "aud", "sub", "exp", "nbf", "jti", "sid")
    },
}
"""What is no credential for a shop, made from the domain of the shop that asks."""


def _hs256(domain: str, key: bytes) -> str:
    """A token as PyJWT refuses to make it."""
    import hashlib  # noqa: PLC0415  # for this one token
    import hmac  # noqa: PLC0415

    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{session_token(domain).split('.')[1]}"
    signature = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@asynccontextmanager
async def untouched(world: ApiWorld, shop: ApiShop) -> AsyncIterator[None]:
    """Nothing of the shop is read or written meanwhile, by the server's own profile.

    Every statement on a shop's records names it. Some of the service's own look at all shops, whoever calls.
    """
    database = world.mongo.db
    await database.command("profile", 2)
    try:
        yield
    finally:
        await database.command("profile", 0)
    seen = database["system.profile"].find({"ns": {"$in": [f"{database.name}.{name}" for name in INDEXES]}})
    assert [(one["op"], one["ns"]) async for one in seen if shop.domain in str(one)] == []
    await database.drop_collection("system.profile")


async def called(shop: ApiShop, operation: Operation, ids: dict[str, str], authorization: str | None) -> Reply:
    """One call of an operation with these ids in its path."""
    headers = {} if authorization is None else {"Authorization": authorization}
    if operation.name == "adjustCell":
        headers["Idempotency-Key"] = new_id()
    body = BODIES.get(operation.name)
    path = f"/api{operation.path.format(**ids)}"
    if operation.name in QUERIES:
        path += f"?{QUERIES[operation.name]}"
    return await shop.world.request(operation.method, path, json=body, headers=headers)


async def things(shop: ApiShop) -> dict[str, str]:
    """One of each thing that an operation can name; returns their ids, as path parameters."""
    bom_id, schedule_id = f"kit-{new_id()}", new_id()
    await shop.bom(bom_id, tracks_pre_assembled=True)
    failed = {"bom_id": bom_id, "location_id": PLACES[0], "state": "error", "code": "READ_FAILED"}
    made = await shop.call("PUT", f"/schedules/{schedule_id}", NIGHTLY)
    assert made.status == 201, made.text
    await missed(shop, bom_id)
    return {
        "bom_id": bom_id,
        "drift_id": (await shop.call("GET", "/drift")).json["items"][0]["drift_id"],
        "import_id": await shop.checked_import(),
        "location_id": PLACES[0],
        "preview_id": await shop.preview({CellKey(bom_id, PLACES[0]): 4}),
        "job_id": await shop.job([failed]),
        "schedule_id": schedule_id,
        "run_id": await waiting_run(shop, schedule_id),
        "key_id": (await server_key(shop.world, shop.domain))[0].key_id,
        **await told_things(shop),
    }


async def records_of(world: ApiWorld, domain: str) -> dict[str, list[Any]]:
    """Every document of a shop."""
    return {name: [one async for one in world.mongo.db[name].find({"shop": domain}).sort("_id", 1)] for name in INDEXES}


async def test_no_wrong_credential_reads_or_writes_anything(world: ApiWorld, shop: ApiShop) -> None:
    """Each operation with each of them: 401, a problem that tells nothing of the shop, no look at the store."""
    ids = await things(shop)
    wrong: list[tuple[str, str, object]] = []
    async with untouched(world, shop):
        for credential, make in WRONG.items():
            authorization = make(shop.domain)
            for operation in OPERATIONS:
                reply = await called(shop, operation, ids, authorization)
                right = (
                    reply.status == 401
                    and reply.headers["Content-Type"] == "application/problem+json"
                    and reply.headers.get("WWW-Authenticate") == "Bearer"
                    and not any(value in reply.text for value in (shop.domain, *ids.values()))
                )
                if not right:
                    wrong.append((credential, operation.name, reply))
    assert wrong == []


async def test_the_right_credentials_are_taken_everywhere(shop: ApiShop) -> None:
    """With a token of the current or the previous secret each reading operation answers: the ids above are real."""
    ids = await things(shop)
    for secret in (SECRET, PREVIOUS_SECRET):
        for operation in OPERATIONS:
            if operation.method == "GET":
                reply = await called(shop, operation, ids, f"Bearer {session_token(shop.domain, secret)}")
                # 409: of a job with nothing to undo. 503: Shopify is asked, and does not answer here.
                assert reply.status in {200, 409, 503 if operation.name == "listVariants" else 200}, (
                    operation.name,
                    reply,
                )


def nobodys_ids(ids: dict[str, str]) -> dict[str, str]:
    """Ids of the same form that name nothing."""
    form = {"delivery_id": f"msg_{new_id()}", "key_id": "nobodyskey00", "location_id": PLACES[0]}
    return {name: form.get(name) or new_id() for name in ids}


async def test_another_shops_ids_are_as_ids_that_nobody_has(world: ApiWorld) -> None:
    """404 for each, word for word that of an id that does not exist; the other shop's documents stay as they are."""
    mine, other = await world.shop(), await world.shop()
    await mine.bom("mine")
    theirs = await things(other)
    before = await records_of(world, other.domain)
    authorization = f"Bearer {mine.token}"
    # What makes things of one's own comes last.
    for operation in sorted(OPERATIONS, key=lambda one: one.name in MAKES_ITS_OWN):
        if "{" not in operation.path or operation.name == "getLocation":
            continue  # the locations of these shops have the same ids
        nobodys = nobodys_ids(theirs)
        foreign = await called(mine, operation, theirs, authorization)
        unknown = await called(mine, operation, nobodys, authorization)
        if operation.name in MAKES_ITS_OWN:
            assert (foreign.status, unknown.status) == (201, 201)
            continue
        assert foreign.status == 404, operation.name
        assert _without(foreign.text, theirs) == _without(unknown.text, nobodys), operation.name
    assert await records_of(world, other.domain) == before


async def test_another_shops_ids_in_bodies_and_queries_find_nothing(world: ApiWorld) -> None:
    """A preview, a job, a BOM or a schedule of another shop is as unknown there as one that nobody has."""
    mine, other = await world.shop(), await world.shop()
    theirs = await things(other)
    before = await records_of(world, other.domain)
    nobodys = nobodys_ids(theirs)

    async def answers(ids: dict[str, str]) -> list[tuple[int, str]]:
        bom = {"bom_ids": [ids["bom_id"]]}
        asked: list[tuple[str, str, Any]] = [
            ("POST", "/jobs", {"direction": "toLocal", "preview_id": ids["preview_id"]}),
            ("POST", "/jobs", {"direction": "toLocal", "selection": bom, "preview_id": ids["preview_id"]}),
            ("POST", "/jobs", {"direction": "toLocal", "selection": bom}),
            ("POST", "/previews", {"selection": bom}),
            ("GET", f"/jobs?of_job_id={ids['job_id']}", None),
            ("GET", f"/history/export.csv?of_job_id={ids['job_id']}", None),
            ("GET", f"/drift?job_id={ids['job_id']}", None),
            ("GET", f"/boms?search={ids['bom_id']}", None),
        ]
        replies = [await mine.call(method, path, body) for method, path, body in asked]
        return [(reply.status, _without(reply.text, ids)) for reply in replies]

    assert await answers(theirs) == await answers(nobodys)
    assert await records_of(world, other.domain) == before


def _without(text: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace(value, f"<{name}>")
    return text


@pytest.mark.parametrize("place", ["query", "cookie"])
async def test_a_token_counts_in_its_header_alone(shop: ApiShop, place: str) -> None:
    """A right token elsewhere than in the header, where logs and other sites could get at it, is none."""
    ids = await things(shop)
    for operation in OPERATIONS:
        path = f"/api{operation.path.format(**ids)}"
        if place == "query":
            path += f"?authorization=Bearer%20{shop.token}&id_token={shop.token}&session={shop.token}"
        cookies = {"Cookie": f"session={shop.token}; Authorization={shop.token}"} if place == "cookie" else {}
        reply = await shop.world.request(operation.method, path, json={}, headers=cookies)
        assert reply.status == 401, operation.name
