"""Requests that somebody has tampered with, sent as bytes: every one is answered, and never with a failure of ours."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from ulid import ULID

from services.preview.api.http.app import ROUTES
from services.preview.api.http.route import AnyRoute
from shared.domain.cell import CellKey
from shared.domain.schedule import Skipped
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.stock.adjustments import Adjustment
from tests.backends.places import DatabasePool, VhostPool
from tests.integration.api.access.named_things import told_things, waiting_run
from tests.integration.api.access.server_keys import server_key
from tests.integration.api.api_setup import PLACES, ApiShop, ApiWorld, api_world
from tests.integration.api.drift.test_api_drift import missed
from tests.integration.api.schedules.test_api_schedules import NIGHTLY, store_of
from tests.waiting import arrival, writes_to

UNHURRIED: dict[str, Any] = {
    "requests_per_second": 10_000.0,
    "requests_at_once": 100,
    "open_previews_per_shop": 1000,
    "open_jobs_per_shop": 1000,
}
"""Limits that are in nobody's way: a request that is refused for its number says nothing of what is in it."""

INTERNAL, TOO_MANY = 500, 429
NO_HTTP = "no valid HTTP/1.1"
"""In the answer to a request line or header that is none."""

HOSTILE: tuple[bytes, ...] = (
    b"",
    b"%00",
    b"\xff\xfe",
    b"%FF%FE",
    b"%ED%A0%80",
    b"\xed\xa0\x80",
    b"%F0%9F%98%80",
    b"%25",
    b"%",
    b"%zz",
    b"+",
    b"-1",
    b"-0",
    b"1e400",
    b"NaN",
    b"9" * 25,
    b"-" + b"9" * 25,
    b"9223372036854775808",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"$where",
    b"%7B%22%24gt%22%3A%22%22%7D",
    b"..%2f..%2fx",
    b"%0d%0aX-Injected:%201",
    b"a" * 3000,
    b"%C2%B2",
    b"%D9%A1",
    b"0001-01-01T00:00:00%2B14:00",
    b"0001-01-01T00:00:00Z",
    b"9999-12-31T23:59:59.999999-14:00",
    b"9999-12-31T23:59:59Z",
    b"2026-02-30T00:00:00Z",
    b"2026-01-01T24:00:00Z",
    b"2026-01-01T00:00:00%2B99:99",
    b"2026-01-01T00:00:00-23:59",
    b"-0001-01-01T00:00:00Z",
    b"10000-01-01T00:00:00Z",
    b"2026-01-01T00:00",
    b"1767225600",
    b"1e18",
    b"99999999999999999",
)
"""Values that some reader somewhere has stumbled over, percent-encoded or as they are."""

KEYS: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1.5,
    10**12,
    10**15,
    10**17,
    2**63 - 1,
    -(2**63) + 1,
    2**63,
    -(10**18),
    10**400,
    -62135596800000,
    -62135596800001,
    253402300799999,
    253402300800000,
    "",
    "\x00",
    "\ud800",
    "\udfff\ud800",
    "￿",
    "a" * 600,
    "$",
    [],
    {},
    [1],
    {"$gt": ""},
    float("nan"),
    float("inf"),
)
"""Sort keys that a cursor may be made to hold."""


@pytest.fixture(scope="module")
async def world(amqp_url: str, vhosts: VhostPool, mongodb_uri: str, databases: DatabasePool) -> AsyncIterator[ApiWorld]:
    """One service for the module, without limits that count."""
    vhost, database = vhosts.take(), databases.take()
    url = urlsplit(amqp_url)._replace(path=f"/{vhost}").geturl()
    try:
        async with api_world(url, mongodb_uri, database, **UNHURRIED) as started:
            yield started
    finally:
        await vhosts.give_back(vhost)
        databases.give_back(database)


@dataclass
class Answer:
    """An answer: its status, whether it is a problem document, and what it says."""

    status: int
    is_problem: bool
    text: str


async def ask(
    shop: ApiShop, method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]] = (), body: bytes = b""
) -> Answer:
    """One request as bytes, on a connection of its own."""
    url = urlsplit(shop.world.url)

    async def talk() -> bytes:
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        own = [(b"Authorization", b"Bearer " + shop.token.encode())]
        if body:
            own += [(b"Content-Type", b"application/json"), (b"Content-Length", str(len(body)).encode())]
        given = dict([(b"Host", b"127.0.0.1"), (b"Connection", b"close"), *own, *headers])
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in given.items())
        writer.write(method.encode() + b" " + target + b" HTTP/1.1\r\n" + lines + b"\r\n" + body)
        answer = await reader.read()
        writer.close()
        return answer

    raw = await arrival(talk(), what=f"an answer to {method} {target!r}", progress=writes_to(shop.world.mongo.db))
    head, _, text = raw.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    return Answer(status, b"application/problem+json" in head, text.decode("utf-8", "replace"))


def cursor_of(keys: object) -> bytes:
    """What a cursor with these keys would look like."""
    return base64.urlsafe_b64encode(json.dumps(keys).encode()).rstrip(b"=")


def tampered(cursor: str, every: int) -> Iterator[bytes]:
    """A cursor with each bit flipped (of each `every`-th sign), cut off, grown, and filled with something else."""
    sound = cursor.encode()
    for at in range(0, len(sound), every):
        for bit in range(8):
            yield quote(sound[:at] + bytes([sound[at] ^ 1 << bit]) + sound[at + 1 :]).encode()
        yield sound[:at]
    yield from (sound + more for more in (b"A", b"AA", b"%3D", b"%00", b"\xff", b"=="))
    keys = json.loads(base64.urlsafe_b64decode(sound + b"=" * (-len(sound) % 4)))
    for at in range(len(keys)):
        for key in KEYS:
            yield cursor_of([*keys[:at], key, *keys[at + 1 :]])
    for other in (None, 1, "a", {}, {"0": 1}, [], [keys], [*keys, 1], keys[:-1], [None] * len(keys)):
        yield cursor_of(other)
    for text in (b"[" * 700, b"[1" + b"0" * 700 + b"]", b"\xff" * 9, b"[1]\x00", b" " + json.dumps(keys).encode()):
        yield base64.urlsafe_b64encode(text).rstrip(b"=")


@dataclass
class Filled:
    """A shop that has something of everything, and the sound values of its paths."""

    shop: ApiShop
    values: dict[str, str]

    def path(self, route: AnyRoute) -> str:
        """The route's path with the values of what is there."""
        return route.path.format(**{name: self.values[name] for name in route.path_names()})


@pytest.fixture(scope="module")
async def looked_at(world: ApiWorld) -> Filled:
    """A shop for all requests that change nothing."""
    return await fill(await world.shop())


@pytest.fixture
async def filled(world: ApiWorld, looked_at: Filled, route: AnyRoute) -> Filled:
    """A shop for the test of a route: of its own where the route may change something."""
    return looked_at if route.method == "GET" else await fill(await world.shop())


async def fill(shop: ApiShop) -> Filled:
    """Three of each: BOMs, previews, jobs with cells, drift, schedules with runs."""
    for number in range(3):
        await shop.bom(f"b{number}", tracks_pre_assembled=True)
    rows = {CellKey(f"b{number}", place): number for number in range(3) for place in PLACES}
    preview_ids = [await shop.preview(rows) for _ in range(3)]
    settled = {"settle_no": 0, "tracks_rev": (await shop.stock("b0"))["tracks_rev"]}
    ended = {"local_before": 1, "local_after": 2, "shopify_before": 1, "shopify_after": 2, "settled": settled}
    cells: list[dict[str, Any]] = [
        {"bom_id": key.bom_id, "location_id": key.location_id, "state": "updated", **ended} for key in rows
    ]
    earlier = datetime.now(UTC) - timedelta(minutes=1)
    out = {"preview_id": preview_ids[0], "leave_out": {"classes": ["no_base"]}}
    job_ids = [await shop.job(cells, requested_at=earlier + timedelta(seconds=number), **out) for number in range(3)]
    await missed(shop, "b0", "b1", "b2")
    for count in (1, 2, 2):
        counted = Adjustment(CellKey("b0", PLACES[0]), str(ULID()), "counted", "user:42", count=count)
        await shop.records.adjust(shop.domain, counted)
    schedule_id = str(ULID())
    # Each is an act of the audit log, too.
    statuses = [(await shop.call("PUT", f"/schedules/{schedule_id}", NIGHTLY)).status for _ in range(3)]
    assert statuses == [201, 200, 200]
    schedule = await store_of(shop).get(shop.domain, schedule_id)
    assert schedule is not None
    for number in range(3):
        due = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=number)
        await ScheduleRuns(shop.world.mongo.db).note(schedule, str(ULID()), due, Skipped.OVERLAP)
    values = {
        "bom_id": "b0",
        "location_id": PLACES[0],
        "preview_id": preview_ids[0],
        "job_id": job_ids[0],
        "schedule_id": schedule_id,
        "run_id": await waiting_run(shop, schedule_id),
        "key_id": (await server_key(shop.world, shop.domain))[0].key_id,
        "import_id": (await shop.checked_import(lines=3), await shop.checked_import())[0],
        "drift_id": (await shop.call("GET", "/drift")).json["items"][0]["drift_id"],
        **await told_things(shop, 3),
    }
    return Filled(shop, values)


def harmless(answer: Answer) -> bool:
    """Whether an answer is none of a failure, and says what is wrong where something is.

    What is no HTTP is refused with 400 by the server itself, before anything of ours sees it.
    """
    assert answer.status != TOO_MANY, answer
    return answer.status < 400 or (answer.status < INTERNAL and answer.is_problem)


LISTS = [route for route in ROUTES if "cursor" in route.params.model_fields]
SORTED = {
    "listBoms": ("", "sort=-name&", "sort=bom_id&"),
    "listPreviewRows": ("", "sort=size&", "sort=size&only=differences&", "sort=-name&"),
}


@pytest.mark.parametrize("every", [pytest.param(30, id="short"), pytest.param(1, marks=pytest.mark.full, id="full")])
@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.name)
async def test_a_tampered_cursor_is_refused_and_never_fails(filled: Filled, route: AnyRoute, every: int) -> None:
    """Every list, in every order: what is no cursor of it is a problem of the caller's, named as such."""
    failed = []
    for query in SORTED.get(route.name, ("",)):
        where = f"{filled.path(route)}?{query}limit=1"
        first = await filled.shop.world.request("GET", where, headers={"Authorization": f"Bearer {filled.shop.token}"})
        cursor = first.json["next_cursor"]
        assert cursor is not None, first.text
        for value in tampered(cursor, every):
            answer = await ask(filled.shop, "GET", where.encode() + b"&cursor=" + value)
            named = answer.status < 400 or "query.cursor" in answer.text or NO_HTTP in answer.text
            if not harmless(answer) or not named:
                failed.append((value, answer))
    assert not failed


def asked_of(route: AnyRoute) -> list[str]:
    """The names of a route's query parameters."""
    elsewhere = {*route.path_names(), *route.header_names()}
    return [field.alias or name for name, field in route.params.model_fields.items() if name not in elsewhere]


ENDLESS = {"watchPreview", "watchJob"}
"""Streams: of what has ended they end, too."""


@pytest.mark.parametrize("every", [pytest.param(15, id="short"), pytest.param(1, marks=pytest.mark.full, id="full")])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_hostile_values_are_refused_everywhere(filled: Filled, route: AnyRoute, every: int) -> None:
    """In every parameter of every operation, paths, headers and the token: refused with a problem, or of no effect."""
    failed = []
    body = b"{}" if route.body is not None else b""
    # In the short form each operation gets a share of its own.
    for value in HOSTILE[ROUTES.index(route) % every :: every]:
        requests: list[tuple[bytes, list[tuple[bytes, bytes]]]] = []
        sound = filled.path(route).encode()
        requests += [(sound + b"?" + name.encode() + b"=" + value, []) for name in asked_of(route)]
        requests += [(sound + b"?" + value + b"=" + value, [])]
        for name in route.path_names():
            others = {other: filled.values[other] for other in route.path_names()} | {name: "\x00"}
            requests.append((route.path.format(**others).encode().replace(b"\x00", value or b"%20"), []))
        # The gone ids keep a sound request from changing what the others are sent to.
        names = [*route.header_names().values(), "Last-Event-ID", "Accept-Encoding", "traceparent"]
        requests += [(sound + b"?x=1", [(name.encode(), value)]) for name in names if b"%" not in value]
        requests += [(sound, [(b"Authorization", b"Bearer " + value)])]
        for target, headers in requests:
            answer = await ask(filled.shop, route.method, target, headers, body)
            # What asks Shopify is told here that nobody answers.
            asked_shopify = route.name == "listVariants" and (answer.status, answer.is_problem) == (503, True)
            if not asked_shopify and not harmless(answer):
                failed.append((route.method, target, headers, answer))
    assert not failed


TOKENS = (
    base64.urlsafe_b64encode(b"[" * 5000).rstrip(b"=") + b".e30.x",
    base64.urlsafe_b64encode(b'{"alg":"HS256","crit":["x"]}').rstrip(b"=") + b".e30.x",
    base64.urlsafe_b64encode(b'{"alg":5}').rstrip(b"=") + b".e30.x",
    base64.urlsafe_b64encode(b"[]").rstrip(b"=") + b".e30.x",
    b"a.b.c.d.e",
    b"..",
    b"\xff.\xff.\xff",
    b"e30.e30." + b"A" * 4000,
)


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: repr(token[:24]))
async def test_a_token_of_any_form_is_401(shop: ApiShop, token: bytes) -> None:
    """What cannot be read as a session token is refused as one."""
    answer = await ask(shop, "GET", b"/api/boms", [(b"Authorization", b"Bearer " + token)])
    assert (answer.status, answer.is_problem) == (401, True), answer


TEXTS = ("\\u0000", "\\ud800", "\\udfffx", "x" * 300, "\\uffff", "$", "|", "a|b", "\\u0000a", "\\ud83d\\ude00")
BODIES = {
    "putBoms": '{{"bom_id": "{0}", "inventory_item_id": "5", "name": "{0}", "tags": ["{0}"]}}',
    "postPreview": '{{"selection": {{"filter": {{"text": "{0}", "tag": "{0}"}}}}}}',
    "postJob": '{{"direction": "toLocal", "selection": {{"filter": {{"text": "{0}"}}}}}}',
    "putSchedule": (
        '{{"name": "{0}", "action": "preview", "selection": {{"filter": {{"text": "{0}"}}}},'
        ' "timing": {{"kind": "daily", "at": "02:30"}}, "target": {{"url": "https://a.example/{0}", "secret": "{0}"}}}}'
    ),
    "adjustCell": '{{"delta": 1, "cause": "{0}"}}',
    "putDriftPolicy": '{{"quiet_hours": {{"start": "{0}", "end": "01:00", "time_zone": "{0}"}}}}',
}


@pytest.mark.parametrize("route", [route for route in ROUTES if route.name in BODIES], ids=lambda route: route.name)
async def test_hostile_texts_in_a_body_are_refused_or_kept(filled: Filled, route: AnyRoute) -> None:
    """NUL, half surrogates and separators of ours in every text of a body, and as the names of its fields."""
    failed = []
    for text in TEXTS:
        for body in (BODIES[route.name].format(text), f'{{"{text}": "{text}"}}', f'["{text}"]', f'"{text}"'):
            answer = await ask(filled.shop, route.method, filled.path(route).encode(), body=body.encode())
            if not harmless(answer):
                failed.append((body, answer))
    assert not failed
    # What was kept can be listed and searched.
    for query in ("/api/boms?with_cells=true", "/api/facets", "/api/schedules", "/api/previews", "/api/jobs"):
        assert (await ask(filled.shop, "GET", query.encode())).status == 200
