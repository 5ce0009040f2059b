"""How the admin page is served: its files, the headers around it, and who may sign in without Shopify."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from services.preview.api.http.auth import SessionTokens
from services.preview.api.http.failures import problems
from services.preview.bootstrap import add_page
from services.preview.page.headers import guard
from shared.errors import WrongSetting
from shared.serving.server import start_server
from shared.settings import Settings, load_settings
from tests.integration.api.api_setup import CLIENT_ID, SECRET, ApiShop, ApiWorld, Reply, settings_for

SHOP = "a-shop.myshopify.com"
HTML = "<!doctype html><html><head><title>Trueup</title></head><body></body></html>"
SCRIPT = "export const answer = 42;\n" * 100
DEMO = {"X-Trueup-Demo": "1"}


@dataclass
class Front:
    """A running front with a page."""

    http: aiohttp.ClientSession
    url: str

    async def call(self, method: str, path: str, **headers: str) -> Reply:
        """One request as it is, its body not unpacked."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, self.url + path, headers=named) as response:
            return Reply(response.status, response.headers, (await response.read()).decode("latin-1"))


@asynccontextmanager
async def front(page: Path | None, *, demo: str | None = None) -> AsyncIterator[Front]:
    """Only the page, with the API's middleware and headers, and without the servers behind it."""
    settings = settings_for("amqp://x:y@127.0.0.1/v", "mongodb://127.0.0.1", "x")
    settings = settings.model_copy(update={"page_directory": page, "demo_sign_in": demo})
    app = web.Application(middlewares=[problems])
    app.on_response_prepare.append(guard)
    add_page(app, settings)
    server = await start_server(app, "127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession(auto_decompress=False, headers={"Accept-Encoding": "identity"}) as http:
            yield Front(http, f"http://127.0.0.1:{server.port}")
    finally:
        await server.close()


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A built page."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(HTML)
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "index-Ab12.js").write_text(SCRIPT)
    return tmp_path


async def test_every_address_of_the_page_is_its_index(page: Path) -> None:
    """The page finds its own way from any of its addresses, and is asked for anew each time it is opened."""
    async with front(page) as at:
        for path in ("/", "/history/01J?x=1", "/drift", "/index.html", "/apiary"):
            reply = await at.call("GET", path)
            assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-cache"), path
            assert '<meta name="trueup-session" content="none">' in reply.text
        etag = (await at.call("GET", "/drift")).headers["ETag"]
        again = await at.call("GET", "/drift", If_None_Match=etag)
        assert (again.status, again.text) == (304, "")
        assert (await at.call("GET", "/api/nothing")).status == 404
        assert (await at.call("GET", "/webhooks/shopify")).status == 404


async def test_hashed_files_are_kept_for_ever(page: Path) -> None:
    """A file with a hash in its name never changes; it comes compressed to those who can unpack it."""
    async with front(page) as at:
        reply = await at.call("GET", "/assets/index-Ab12.js", Accept_Encoding="gzip, br")
        assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert reply.headers["Content-Type"].startswith("text/javascript")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert gzip.decompress(reply.text.encode("latin-1")).decode() == SCRIPT
        assert (await at.call("GET", "/assets/index-Ab12.js", Accept_Encoding="identity")).text == SCRIPT
        assert (await at.call("GET", "/favicon.svg")).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["index-0000.js", "../index.html", "..%2findex.html", "%2e%2e/%2e%2e/etc/passwd"])
async def test_no_path_leads_out_of_the_bundle(page: Path, name: str) -> None:
    """Only the files of the build are served, whatever the path says."""
    async with front(page) as at:
        reply = await at.call("GET", f"/assets/{name}")
        assert "root:" not in reply.text
        assert reply.status == 404 or "<title>Trueup</title>" in reply.text


async def test_a_page_that_is_not_built_says_so(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a build the answer is one line with the remedy, and a build is taken up without a restart."""
    monkeypatch.setattr("services.preview.page.bundle._PLACES", (page / "dist",))
    async with front(None) as at:
        reply = await at.call("GET", "/")
        assert reply.status == 404
        assert "make page" in reply.text
        assert reply.text.count("\n") == 1
        (page / "dist").mkdir()
        (page / "dist" / "index.html").write_text(HTML)
        assert (await at.call("GET", "/")).status == 200


def test_a_wrong_directory_stops_the_start(tmp_path: Path) -> None:
    """A directory set for the page that holds none is a wrong setting, told in one line."""
    settings = settings_for("amqp://x:y@127.0.0.1/v", "mongodb://127.0.0.1", "x")
    with pytest.raises(WrongSetting, match=r"TRUEUP_PAGE_DIRECTORY: there is no index.html"):
        add_page(web.Application(), settings.model_copy(update={"page_directory": tmp_path}))


async def test_only_the_shop_and_shopifys_admin_may_frame_it(page: Path) -> None:
    """Embedded, the shop named and Shopify's admin may frame the page; else nobody may."""
    async with front(page) as at:
        plain = await at.call("GET", "/")
        assert "frame-ancestors 'none'" in plain.headers["Content-Security-Policy"]
        assert "script-src 'self';" in plain.headers["Content-Security-Policy"]
        assert "shopify" not in plain.headers["Content-Security-Policy"] + plain.text
        framed = await at.call("GET", f"/?shop={SHOP}&host=abc&embedded=1&id_token=x.y.z")
        policy = framed.headers["Content-Security-Policy"]
        assert f"frame-ancestors https://{SHOP} https://admin.shopify.com" in policy
        assert "script-src 'self' https://cdn.shopify.com/shopifycloud/app-bridge.js;" in policy
        assert 'content="app-bridge"' in framed.text
        assert framed.text.index("app-bridge.js") < framed.text.index("<title>")
        assert f'<meta name="shopify-api-key" content="{CLIENT_ID}">' in framed.text
        for wrong in ("evil.example", "x.myshopify.com.evil.example", "x.myshopify.com%20https://evil.example", ""):
            policy = (await at.call("GET", f"/?shop={wrong}&host=abc")).headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy
            assert "evil" not in policy


async def test_no_answer_is_guessed_kept_or_told_further(page: Path) -> None:
    """Every answer, also an error, says what it is, stays with its own origin, and leaks no address."""
    async with front(page) as at:
        for path in ("/", "/assets/nothing.js", "/api/nothing"):
            headers = (await at.call("GET", path)).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert "default-src 'none'" in headers["Content-Security-Policy"]


async def test_the_demo_signs_in_its_own_page_only(page: Path) -> None:
    """With the setting, the demo's page gets a token of a minute; other sites, other names and others get none."""
    async with front(page, demo=SHOP) as at:
        assert 'content="demo"' in (await at.call("GET", "/")).text
        reply = await at.call("POST", "/demo/session-token", X_Trueup_Demo="1")
        assert (reply.status, reply.json["shop"], reply.json["expires_in"]) == (200, SHOP, 60)
        caller = SessionTokens(CLIENT_ID, [SECRET]).caller(f"Bearer {reply.json['token']}")
        assert (caller.shop, caller.user) == (SHOP, "user:demo")
        assert (await at.call("POST", "/demo/session-token")).status == 403
        assert (await at.call("POST", "/demo/session-token", **DEMO, Host="evil.example")).status == 403
        assert (await at.call("GET", "/demo/session-token", **DEMO)).status == 405
        preflight = await at.call("OPTIONS", "/demo/session-token", Origin="https://evil.example")
        assert preflight.status == 405
        assert "Access-Control-Allow-Origin" not in preflight.headers
    async with front(page) as at:
        assert (await at.call("POST", "/demo/session-token", **DEMO)).status in {404, 405}


@pytest.mark.parametrize(
    ("own", "shopify", "shop_domain"),
    [
        ("0.0.0.0", "http://127.0.0.1:9/{shop}", SHOP),  # noqa: S104  # the very thing that must be refused
        ("127.0.0.1", "https://{shop}", SHOP),
        ("127.0.0.1", "http://127.0.0.1:9/{shop}", "no shop"),
    ],
)
def test_the_demos_sign_in_stops_a_start_in_production(
    monkeypatch: pytest.MonkeyPatch, own: str, shopify: str, shop_domain: str
) -> None:
    """A service that others can reach, or that works with real shops, does not start with the demo's sign-in."""
    given = settings_for("amqp://x:y@127.0.0.1/v", "mongodb://127.0.0.1", "x")
    environment = {
        "AMQP_URL": given.amqp_url.get_secret_value(),
        "MONGODB_URI": given.mongodb_uri.get_secret_value(),
        "SHOPIFY_CLIENT_ID": CLIENT_ID,
        "SHOPIFY_CLIENT_SECRET": SECRET,
        "TOKEN_KEYS": given.token_keys[0].get_secret_value(),
        "HOST": own,
        "SHOPIFY_URL": shopify,
        "DEMO_SIGN_IN": shop_domain,
    }
    for name, value in environment.items():
        monkeypatch.setenv(f"TRUEUP_{name}", value)
    with pytest.raises(WrongSetting, match="TRUEUP_DEMO_SIGN_IN"):
        load_settings()
    monkeypatch.setenv("TRUEUP_DEMO_SIGN_IN", "")
    assert Settings().demo_sign_in is None


async def test_a_cookie_signs_in_nobody(world: ApiWorld, shop: ApiShop) -> None:
    """The API knows bearer tokens only, sets no cookie and answers no other origin: a foreign site can ask nothing."""
    cookie = {"Cookie": f"session={shop.token}; Authorization=Bearer {shop.token}"}
    reply = await world.request("POST", "/api/jobs", json={"direction": "toLocal"}, headers=cookie)
    assert (reply.status, reply.json["type"]) == (401, "urn:trueup:problem:no-token")
    reply = await shop.call("GET", "/boms", Origin="https://evil.example")
    assert reply.status == 200
    assert reply.headers["Cache-Control"] == "no-store"
    assert not {"Set-Cookie", "Access-Control-Allow-Origin"} & set(reply.headers)
    preflight = await world.request("OPTIONS", "/api/jobs", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in preflight.headers
