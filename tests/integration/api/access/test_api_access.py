"""Who may call the API, and what every wrong request is told."""

import asyncio
import base64
import io
import json
import time
from contextlib import closing
from typing import Any

import pytest

from shared.observing.operations import start_operations
from tests.integration.api.api_setup import PREVIOUS_SECRET, ApiShop, ApiWorld, session_token
from tests.waiting import arrival


async def test_both_client_secrets_sign(shop: ApiShop) -> None:
    """A token signed with the current or the previous client secret is taken."""
    assert (await shop.call("GET", "/boms")).status == 200
    token = session_token(shop.domain, PREVIOUS_SECRET)
    assert (await shop.call("GET", "/boms", Authorization=f"Bearer {token}")).status == 200


X = "https://x.myshopify.com"
NOT_QUITE_A_SHOP = (
    *(f"{X}/", f"{X}/a", f"{X}:443", f"{X}.", f"{X}?a=1", f"{X}#a", f" {X}", f"{X} ", f"{X}\n", f"{X}\t", f"{X}\x00"),
    *(
        "https://X.myshopify.com",
        "HTTPS://x.myshopify.com",
        "https://a@x.myshopify.com",
        "https://x.myshopify.com.evil",
    ),
    *("https://xmyshopify.com", "https://x.y.myshopify.com", "https://.myshopify.com", "https://-x.myshopify.com"),
    *("https://\u0445.myshopify.com", "https:///x.myshopify.com", "x.myshopify.com", "https:\\\\x.myshopify.com", ""),
)
NOT_QUITE_ITS_ADMIN = (
    *(X, f"{X}/", f"{X}/admin/", f"{X}/admin2", f"{X}/Admin", f"{X}//admin", f"{X}:443/admin", f"{X}/admin?x=1"),
    *(f"{X}/admin#", f"{X}/admin ", "https://y.myshopify.com/admin", "http://x.myshopify.com/admin", ""),
)
"""With the `dest` of another shop, or of the same one in another writing."""


@pytest.mark.parametrize(
    ("claims", "kind"),
    [
        ({"exp": int(time.time()) - 60}, "token-expired"),
        ({"nbf": int(time.time()) + 3600}, "token-early"),
        ({"aud": "another app"}, "token-audience"),
        ({"sub": None}, "token-claim"),
        ({"dest": "https://other.myshopify.com"}, "token-shop"),
        ({"iss": "https://evil.example/admin", "dest": "https://evil.example"}, "token-shop"),
        ({"iss": "https://evil.example#.myshopify.com", "dest": "https://evil.example#.myshopify.com"}, "token-shop"),
        ({"iss": "http://x.myshopify.com/admin", "dest": "http://x.myshopify.com"}, "token-shop"),
        *(({"iss": f"{dest}/admin", "dest": dest}, "token-shop") for dest in NOT_QUITE_A_SHOP),
        *(({"iss": iss}, "token-shop") for iss in NOT_QUITE_ITS_ADMIN),
    ],
)
async def test_wrong_claims_are_refused(shop: ApiShop, claims: dict[str, Any], kind: str) -> None:
    """Each claim is checked, and the problem says which is wrong and what to do."""
    reply = await shop.call("GET", "/boms", Authorization=f"Bearer {session_token(shop.domain, **claims)}")
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert reply.json["type"] == f"urn:trueup:problem:{kind}"
    assert reply.json["errors"][0]["remedy"]


async def test_leeway_covers_small_differences_of_clocks(shop: ApiShop) -> None:
    """A token that expired five seconds ago still counts: clocks may differ by ten."""
    token = session_token(shop.domain, exp=int(time.time()) - 5)
    assert (await shop.call("GET", "/boms", Authorization=f"Bearer {token}")).status == 200


async def test_unsigned_and_foreign_tokens_are_refused(shop: ApiShop) -> None:
    """No token, another scheme, a foreign signature, `alg: none` and the query string are all 401."""
    parts = session_token(shop.domain).split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode().rstrip("=")
    headers = [
        "",
        "Basic YTpi",
        "Bearer",
        f"Bearer {none}.{parts[1]}.",
        f"Bearer {session_token(shop.domain, 'x' * 40)}",
        "Bearer a.b.c",
    ]
    for header in headers:
        reply = await shop.call("GET", "/boms", Authorization=header)
        assert (reply.status, reply.headers["Content-Type"]) == (401, "application/problem+json"), header
    reply = await shop.world.request("GET", f"/api/boms?token={shop.token}")
    assert reply.status == 401
    assert shop.token not in reply.text


async def test_a_shop_cannot_be_installed_while_shopify_is_away(world: ApiWorld) -> None:
    """A shop that never installed the app, or uninstalled it, is told to come again; nothing of it is kept."""
    header = {"Authorization": f"Bearer {session_token('stranger.myshopify.com')}"}
    reply = await world.request("GET", "/api/boms", headers=header)
    assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
    assert await world.mongo.db["shops"].count_documents({"_id": "stranger.myshopify.com"}) == 0
    gone = await world.shop()
    await world.mongo.db["shops"].update_one({"_id": gone.domain}, {"$set": {"status": "uninstalled"}})
    assert (await gone.call("GET", "/boms")).status == 503


async def test_a_shop_never_sees_another_ones_things(world: ApiWorld) -> None:
    """BOMs, previews, jobs and cells of another shop are as unknown as those that do not exist."""
    mine, other = await world.shop(), await world.shop()
    await other.bom("theirs")
    job_id = await other.job([])
    preview_id = await other.preview({})
    assert (await mine.call("GET", "/boms")).json["items"] == []
    paths = [
        f"/jobs/{job_id}",
        f"/jobs/{job_id}/cells",
        f"/jobs/{job_id}/boms",
        f"/jobs/{job_id}/events",
        f"/jobs/{job_id}/export.csv",
        f"/jobs/{job_id}/undo",
        f"/previews/{preview_id}",
        f"/previews/{preview_id}/rows",
        f"/previews/{preview_id}/events",
        f"/previews/{preview_id}/export.csv",
        "/cells/theirs/53716844710",
    ]
    for path in paths:
        assert (await other.call("GET", path)).status in {200, 409}, path
        assert (await mine.call("GET", path)).status == 404, path
    assert (await mine.call("DELETE", "/boms/theirs")).status == 404
    body = {"direction": "toLocal", "preview_id": preview_id}
    assert (await mine.call("POST", "/jobs", body)).status == 404


async def test_unknown_routes_and_methods_are_problems(shop: ApiShop) -> None:
    """A path that does not exist is 404, a method that a path does not have is 405 and names those it has."""
    reply = await shop.call("GET", "/nothing")
    assert (reply.status, reply.headers["Content-Type"]) == (404, "application/problem+json")
    reply = await shop.call("POST", "/boms", {})
    assert (reply.status, reply.headers["Allow"]) == (405, "GET,PUT")
    assert reply.json["status"] == 405


async def test_bodies_that_cannot_be_read_are_problems(shop: ApiShop) -> None:
    """Wrong JSON names line and column, another media type and a body above 1 MB are told apart."""
    header = {"Authorization": f"Bearer {shop.token}", "Content-Type": "application/json"}

    async def put(data: bytes, **more: str) -> Any:
        return await shop.world.request("PUT", "/api/boms", data=io.BytesIO(data), headers=header | more)

    reply = await put(b'{"bom_id": "a",\n  "name": }')
    assert reply.status == 400
    assert "line 2, column 11" in reply.json["detail"]
    for wrong in (b"\xff", b"[" * 100_000, b'{"n": NaN}', b'{"n": ' + b"9" * 5000 + b"}", b'"\\ud800"'):
        assert (await put(wrong)).status in {400, 422}, wrong[:20]
    assert (await put(b"a=1", **{"Content-Type": "application/x-www-form-urlencoded"})).status == 415
    reply = await put(b'"' + b"a" * 1_100_000 + b'"')
    assert (reply.status, reply.headers["Content-Type"]) == (413, "application/problem+json")


BEFORE_A_BODY: dict[str, tuple[dict[str, str], int]] = {
    "no token": ({"Authorization": ""}, 401),
    "a token of nobody": ({"Authorization": "Bearer a.b.c"}, 401),
    "a token nested deeply": ({"Authorization": f"Bearer {'W1tbW1tbW1tb' * 1_000}.e30.e30"}, 401),
    "another media type": ({"Content-Type": "text/plain"}, 415),
    "compressed": ({"Content-Encoding": "gzip"}, 415),
    "too large": ({"Content-Length": "2000000"}, 413),
}


@pytest.mark.parametrize("name", BEFORE_A_BODY)
async def test_what_cannot_be_taken_is_refused_before_its_body(shop: ApiShop, name: str) -> None:
    """The answer comes although nothing of the body has been sent."""
    changed, status = BEFORE_A_BODY[name]
    own = {"Authorization": f"Bearer {shop.token}", "Content-Type": "application/json", "Content-Length": "1000"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in (own | changed).items())
    reader, writer = await asyncio.open_connection("127.0.0.1", shop.world.service.port)
    with closing(writer):
        writer.write(f"PUT /api/boms HTTP/1.1\r\nHost: test\r\n{lines}\r\n".encode())
        head = await arrival(reader.readuntil(b"\r\n\r\n"), what="an answer")
        assert int(head.split()[1]) == status
        assert b"application/problem+json" in head


async def test_every_mistake_is_named_at_once(shop: ApiShop) -> None:
    """Several wrong parameters or fields are all named, each with where it is."""
    reply = await shop.call("GET", "/boms?limit=9999&tracks=maybe&nonsense=1&tag=a&tag=b")
    assert reply.status == 422
    assert set(reply.fields) == {"query.limit", "query.tracks", "query.nonsense", "query.tag"}
    reply = await shop.call("PUT", "/boms", {"bom_id": 5, "inventory_item_id": "x", "name": "", "colour": "red"})
    assert set(reply.fields) == {"body.bom_id", "body.inventory_item_id", "body.name", "body.colour"}
    assert (await shop.call("GET", "/boms?cursor=bm90IG91cnM")).fields == ["query.cursor"]


async def test_a_failure_of_ours_shows_no_traceback(shop: ApiShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected exception is a 500 with an id to report, and nothing of the inside."""

    async def broken(*_: object) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setattr("shared.mongodb.catalogue.boms.BomStore.locations", broken)
    reply = await shop.call("GET", "/locations")
    assert reply.status == 500
    assert reply.json["type"] == "urn:trueup:problem:internal"
    assert "inside" not in reply.text


async def test_operations_port_tells_and_counts(world: ApiWorld, shop: ApiShop) -> None:
    """/livez and /readyz answer, and /metrics counts requests under their route, never under the path as sent."""
    await shop.call("GET", "/cells/secret-bom/1")
    base = f"http://127.0.0.1:{world.service.operations_port}"
    for path in ("/livez", "/readyz"):
        async with world.client.get(base + path) as response:
            assert response.status == 200
    async with world.client.get(f"{base}/metrics") as response:
        text = await response.text()
    assert 'route="/api/cells/{bom_id}/{location_id}"' in text
    assert "secret-bom" not in text


async def test_what_does_not_work_makes_a_service_unready(world: ApiWorld) -> None:
    """/readyz is 503 and names the part as soon as one does not work."""

    async def ready() -> dict[str, bool]:
        return {"broker": False, "mongodb": True}

    operations = await start_operations("127.0.0.1", 0, ready)
    async with world.client.get(f"http://127.0.0.1:{operations.port}/readyz") as response:
        assert response.status == 503
        parts = {"broker": False, "mongodb": True}
        assert await response.json() == {"ready": False, "parts": parts, "reasons": {}}
    await operations.close()
