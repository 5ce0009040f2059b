"""A change under a client's own key is made once, and answered as it was the first time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from ulid import ULID

from services.preview.api.http.app import ROUTES
from services.preview.api.http.reference.openapi import openapi_document
from shared.mongodb.requests.keyed_requests import Begun, KeptAnswer, KeyedRequests
from tests.integration.api.api_setup import PLACES, ApiShop, Reply

REPLAYED = "Idempotency-Replayed"
CELL = f"/cells/b/{PLACES[0]}"


def test_every_change_takes_a_key() -> None:
    """Every POST, PUT, PATCH and DELETE of the document that changes something names the header; no read does."""
    document = openapi_document(ROUTES)
    without = {
        route.name
        for route in ROUTES
        if route.method != "GET"
        and "Idempotency-Key"
        not in {one["name"] for one in document["paths"][route.path][route.method.lower()].get("parameters", ())}
    }
    assert without == {"readBoms", "countSelection", "weighPreview", "checkCounts", "previewMoments"}


async def test_the_first_answer_again(shop: ApiShop) -> None:
    """The same request under the same key changes nothing more, and gets status, body and headers of the first one."""
    await shop.bom("b", tracks_pre_assembled=True)
    first = await shop.call("PATCH", CELL, {"delta": 3}, Idempotency_Key="one")
    await shop.call("PATCH", CELL, {"delta": 5}, Idempotency_Key="two")
    again = await shop.call("PATCH", CELL, {"delta": 3}, Idempotency_Key='"one"')
    assert (first.status, again.status) == (200, 200)
    assert (first.text, first.headers["ETag"]) == (again.text, again.headers["ETag"])
    assert (REPLAYED in first.headers, again.headers[REPLAYED]) == (False, "true")
    assert (await shop.stock("b"))["count"] == 8


async def test_written_otherwise_it_is_the_same(shop: ApiShop) -> None:
    """The order of a body's fields, and blanks in it, make no other request."""
    await shop.bom("b", tracks_pre_assembled=True)
    url, headers = f"/api{CELL}", {"Authorization": f"Bearer {shop.token}", "Idempotency-Key": "k"}
    json = {"Content-Type": "application/json"}
    for body in ('{"delta":3,"cause":"built"}', ' {"cause": "built", "delta": 3}'):
        reply = await shop.world.request("PATCH", url, data=body, headers=headers | json)
        assert reply.status == 200
    assert (await shop.stock("b"))["count"] == 3


async def test_another_request_under_the_key(shop: ApiShop) -> None:
    """Another body or path under a used key is refused with 422 and changes nothing; another operation is not."""
    await shop.bom("b", tracks_pre_assembled=True)
    await shop.call("PATCH", CELL, {"delta": 3}, Idempotency_Key="k")
    for path, body in ((CELL, {"delta": 4}), (f"/cells/b/{PLACES[1]}", {"delta": 3})):
        reply = await shop.call("PATCH", path, body, Idempotency_Key="k")
        assert (reply.status, reply.json["type"]) == (422, "urn:trueup:problem:key-used")
        assert reply.fields == ["header.Idempotency-Key"]
    assert (await shop.stock("b"))["count"] == 3
    assert (await shop.call("PUT", "/settings", {"allow_negative": True}, Idempotency_Key="k")).status == 200


async def test_another_shop_has_keys_of_its_own(shop: ApiShop) -> None:
    """A key is the shop's: the same one of another shop is another request."""
    other = await shop.world.shop()
    for each, delta in ((shop, 3), (other, 4)):
        await each.bom("b", tracks_pre_assembled=True)
        reply = await each.call("PATCH", CELL, {"delta": delta}, Idempotency_Key="k")
        assert (reply.status, REPLAYED in reply.headers) == (200, False)


async def test_what_was_refused_may_be_corrected(shop: ApiShop) -> None:
    """A request that was refused as it is has used up no key."""
    missing = await shop.call("PATCH", CELL, {"delta": 3}, Idempotency_Key="k")
    assert missing.status == 404
    await shop.bom("b", tracks_pre_assembled=True)
    reply = await shop.call("PATCH", CELL, {"delta": 4}, Idempotency_Key="k")
    assert (reply.status, REPLAYED in reply.headers) == (200, False)


@pytest.mark.parametrize("key", ["", "two words", "x" * 151, "ü"])
async def test_what_is_no_key(shop: ApiShop, key: str) -> None:
    """A key of another form is refused by its name, before anything is done."""
    await shop.bom("b", tracks_pre_assembled=True)
    reply = await shop.call("PATCH", CELL, {"delta": 3}, Idempotency_Key=key)
    assert (reply.status, reply.fields) == (422, ["header.Idempotency-Key"])
    assert (await shop.stock("b"))["count"] is None


async def test_a_delta_without_a_key_is_refused(shop: ApiShop) -> None:
    """Nothing tells a repeat of it from a second one; with the cell's ETag it cannot count twice, so it is taken."""
    await shop.bom("b", tracks_pre_assembled=True)
    for tag in ({}, {"If_Match": "*"}):
        reply = await shop.call("PATCH", CELL, {"delta": 3}, **tag)
        assert (reply.status, reply.fields) == (400, ["header.Idempotency-Key"])
    etag = (await shop.call("GET", CELL)).headers["ETag"]
    assert (await shop.call("PATCH", CELL, {"delta": 3}, If_Match=etag)).status == 200
    assert (await shop.call("PATCH", CELL, {"delta": 3}, If_Match=etag)).status == 412


def _keyed(shop: ApiShop) -> KeyedRequests:
    return KeyedRequests(shop.world.mongo.db, [key.get_secret_value() for key in shop.world.settings.token_keys])


async def _begun(shop: ApiShop) -> dict[str, Any]:
    """The one document of a request under a key of this shop."""
    document: Any = await shop.world.mongo.db["idempotency_keys"].find_one({"shop": shop.domain})
    assert document is not None
    return dict(document)


async def _died(shop: ApiShop) -> str:
    """The process that worked on the request died before it could note the answer; returns the id that it made."""
    document = await _begun(shop)
    mine = {"held_by": "x", "held_until": datetime.now(UTC) - timedelta(seconds=1), "answer": None}
    await shop.world.mongo.db["idempotency_keys"].update_one({"_id": document["_id"]}, {"$set": mine})
    return str(document["made_id"])


async def test_while_the_first_is_under_way(shop: ApiShop) -> None:
    """A repeat is told to come again after the seconds of Retry-After, and changes nothing."""
    await shop.bom("b", tracks_pre_assembled=True)
    await shop.call("PATCH", CELL, {"delta": 3}, Idempotency_Key="k")
    later = {"held_by": "x", "held_until": datetime.now(UTC) + timedelta(minutes=1), "answer": None}
    await shop.world.mongo.db["idempotency_keys"].update_one({"shop": shop.domain}, {"$set": later})
    reply = await shop.call("PATCH", CELL, {"delta": 3}, Idempotency_Key="k")
    assert (reply.status, reply.json["type"]) == (409, "urn:trueup:problem:key-under-way")
    assert int(reply.headers["Retry-After"]) >= 1


Ask = Callable[[ApiShop], Awaitable[Reply]]


def _asks(method: str, path: str, body: Any = None) -> Ask:
    async def ask(shop: ApiShop) -> Reply:
        return await shop.call(method, path.format(target=TARGET), body, Idempotency_Key="k")

    return ask


TARGET = str(ULID())
_SECRET_OF = f"/notifications/targets/{TARGET}"
_URL = {"url": "https://example.com/hooks"}


@pytest.mark.parametrize(
    ("ask", "collection"),
    [
        pytest.param(_asks("PATCH", CELL, {"delta": 3}), "ledger", id="count"),
        pytest.param(
            _asks("POST", "/counts", {"counts": [{"bom_id": "b", "location_id": PLACES[0], "count": 4, "seen": None}]}),
            "ledger",
            id="counts",
        ),
        pytest.param(_asks("POST", "/previews", {"selection": {"bom_ids": "all"}}), "previews", id="preview"),
        pytest.param(
            _asks("POST", "/jobs", {"direction": "toLocal", "selection": {"bom_ids": ["b"]}}), "jobs", id="job"
        ),
        pytest.param(_asks("PUT", _SECRET_OF, _URL), "webhook_targets", id="target"),
    ],
)
async def test_a_crash_before_the_note_doubles_nothing(shop: ApiShop, ask: Ask, collection: str) -> None:
    """Where the process died between the change and the note of its answer, the next try finds what was made."""
    await shop.bom("b", tracks_pre_assembled=True)

    async def number() -> int:
        return int(await shop.world.mongo.db[collection].count_documents({"shop": shop.domain}))

    first = await ask(shop)
    assert first.status in {200, 201, 202}, first.text
    made = await number()
    await _died(shop)
    again = await ask(shop)
    assert (again.status, await number()) == (first.status, made), again.text
    assert REPLAYED not in again.headers
    assert (await ask(shop)).headers[REPLAYED] == "true"


async def test_a_secret_is_made_once_and_not_kept_in_the_clear(shop: ApiShop) -> None:
    """A new secret that was asked for twice under a key is one, also after a crash; no document holds it readable."""
    made = await shop.call("PUT", _SECRET_OF, _URL)
    assert made.status == 201
    rotate = _asks("POST", f"{_SECRET_OF}/secret")
    secret = (await rotate(shop)).json["secret"]
    assert secret != made.json["secret"]
    assert (await rotate(shop)).json["secret"] == secret
    await _died(shop)
    assert (await rotate(shop)).json["secret"] == secret
    kept = await _begun(shop)
    assert secret not in str(kept)
    assert secret.encode() not in b"".join([kept["asked"], kept["answer"]])


async def test_answers_under_changed_keys_of_ours_are_not_guessed(shop: ApiShop) -> None:
    """An answer that can no longer be decrypted is told as such; the change is not made again."""
    await shop.bom("b", tracks_pre_assembled=True)
    await shop.call("PATCH", CELL, {"delta": 3}, Idempotency_Key="k")
    await shop.world.mongo.db["idempotency_keys"].update_one({"shop": shop.domain}, {"$set": {"asked": b"x"}})
    reply = await shop.call("PATCH", CELL, {"delta": 3}, Idempotency_Key="k")
    assert (reply.status, reply.json["type"]) == (409, "urn:trueup:problem:key-unreadable")
    assert (await shop.stock("b"))["count"] == 3


async def test_two_tries_at_once_have_one_right(shop: ApiShop) -> None:
    """Of many that begin at the same time one works, and so it is when a dead one's right is taken over."""
    keyed = _keyed(shop)

    async def begin() -> object:
        return await keyed.begin(shop.domain, "op", "k", b"asked")

    async def begun_by(number: int) -> list[Begun]:
        tries = await asyncio.gather(*[begin() for _ in range(number)])
        return [one for one in tries if isinstance(one, Begun)]

    first = await begun_by(20)
    await _died(shop)
    second = await begun_by(20)
    assert [one.first for one in (*first, *second)] == [True, False]
    assert first[0].made_id == second[0].made_id
    # Who was slower than its right says nothing any more.
    await keyed.answer(first[0], KeptAnswer(200, {}, b""))
    assert (await _begun(shop))["answer"] is None


@pytest.mark.parametrize("number", [pytest.param(60, id="short"), pytest.param(500, marks=pytest.mark.full, id="full")])
async def test_doubled_and_reordered_requests_count_once(shop: ApiShop, number: int) -> None:
    """Requests that come twice, out of order and side by side each change once: counts, bulk counts and previews."""
    await shop.bom("b", tracks_pre_assembled=True)
    await shop.bom("c", tracks_pre_assembled=True)
    chance = Random(7)  # noqa: S311  # an order, no secret
    changes = [(str(ULID()), chance.randrange(1, 9)) for _ in range(number)]
    waiting = [*changes, *changes]
    chance.shuffle(waiting)
    statuses: Counter[int] = Counter()

    async def sender() -> None:
        while waiting:
            key, delta = waiting.pop()
            path = f"/cells/{'b' if delta % 2 else 'c'}/{PLACES[0]}"
            while (reply := await shop.call("PATCH", path, {"delta": delta}, Idempotency_Key=key)).status != 200:
                # Under way, or more than the shop may ask for at once: as the answer says, again.
                assert reply.status in {409, 429, 503}, reply.text
                statuses[reply.status] += 1
            statuses[200] += 1

    await asyncio.gather(*[sender() for _ in range(6)])
    assert statuses[200] == 2 * number
    counts = {name: (await shop.stock(name))["count"] or 0 for name in ("b", "c")}
    wanted = {"b": 0, "c": 0}
    for _, delta in changes:
        wanted["b" if delta % 2 else "c"] += delta
    assert counts == wanted
    entries = await shop.world.mongo.db["ledger"].count_documents({"shop": shop.domain, "field": "count"})
    assert entries == number
