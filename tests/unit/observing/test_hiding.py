"""No secret is shown: by its value, by its form, by its name; and what is no secret stays readable."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode

import pytest

from shared.errors import ShopifyUnclear
from shared.observing import hiding
from shared.observing.hiding import MAX_READ, hide, without_secrets

PASSWORD = "p@ss/w:rd'with\"signs-4711"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiIsImRlc3QiOiJ4In0.c2lnbmF0dXJlLWNhbmFyeQ"
C = "canary4711canary"


@pytest.fixture(autouse=True)
def _known_here() -> None:
    """The canary alone: what other tests' modules have made known says nothing here."""
    hiding._known.clear()
    hide(C)


@pytest.mark.parametrize(
    "shown",
    [
        f"amqp://trueup:{C}@broker:5672/%2F did not answer",
        f"mongodb://u:p/{C}@a:1,b:2/?replicaSet=r",
        f"redis://{C}@h",
        f"GET /?id_token={C}&shop=a.myshopify.com HTTP/1.1",
        f"https://a/auth?code={C}&state=1",
        f"https://a/auth?hmac={C}",
        f"client_id=1&client_secret={C}",
        f"refresh_token={C}",
        f"b'Authorization: Bearer {C}\\r\\nHost: x'",
        f"Authorization: Digest username={C}",
        f"('Authorization', 'Custom {C}')",
        f"(b'X-Shopify-Access-Token', b'{C}')",
        f"{{'X-Shopify-Hmac-Sha256': '{C}='}}",
        f"Cookie: a=b; session={C}",
        f"x-trueup-seal: {C}",
        f'{{"access_token":"{C}","scope":"x"}}',
        f"{{'refresh_token': '{C}'}}",
        json.dumps(json.dumps({"client_secret": C})),
        f"it said Bearer {C} and",
        f"basic {b64encode(C.encode()).decode()}",
        f"the token shpat_{C} is",
        f"shpca_{C}shpss_{C}",
        f"shpua_{C}",
        f"a customer {C}@example.com wrote",
    ],
)
def test_a_secret_is_known_by_its_form(shown: str) -> None:
    """Whoever says it, in whatever notation."""
    told = without_secrets(shown)
    assert C not in told
    assert b64encode(C.encode()).decode() not in told
    assert "***" in told


@pytest.mark.parametrize("jwt", [JWT, JWT[:40], JWT.rsplit(".", 1)[0]], ids=["whole", "cut", "unsigned"])
def test_a_session_token_is_known_by_its_form(jwt: str) -> None:
    """A cut one, too."""
    assert "eyJ" not in without_secrets(f"bad token {jwt}, it says")


@pytest.mark.parametrize(
    "text",
    [
        "RabbitMQ cannot be reached: ConnectionRefusedError",
        "trueup.indexing: it bears no seal of the front, which alone has verified Shopify's signature",
        "selection.bom_ids.3: String should have at most 64 characters",
        "X-Shopify-Hmac-Sha256 does not sign this body",
        "must look like amqp://user:password@host:port/vhost",
        "[{'message': 'Throttled', 'extensions': {'code': 'THROTTLED', 'cost': 12}}]",
        "https://a.myshopify.com/admin/api/2026-10/graphql.json answered 502",
        "a Basic plan",
        "the Authorization header holds no bearer token",
        "01K0000000000000000000000A",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """A line must still say what is wrong."""
    assert without_secrets(text) == text


def test_a_secret_of_the_settings_is_known_by_its_value() -> None:
    """As it is, in an address, quoted, encoded, in a repr, and as broker's and HTTP's credentials."""
    from urllib.parse import quote  # noqa: PLC0415  # of this test alone

    address = f"amqp://user:{quote(PASSWORD, safe='')}@h/"
    hide(address, "plainsecretvalue12345")
    forms = [
        PASSWORD,
        quote(PASSWORD, safe=""),
        repr(PASSWORD)[1:-1],
        b64encode(f"user:{PASSWORD}".encode()).decode(),
        b64encode(f"\0user\0{PASSWORD}".encode()).decode(),
        "plainsecretvalue12345",
        b64encode(b"plainsecretvalue12345").decode().rstrip("="),
    ]
    for form in forms:
        assert form not in without_secrets(f"xx{form}yy")


def test_a_short_password_takes_no_names_off_the_lines() -> None:
    """One that is a short word is known by its address alone, a longer one where it stands alone."""
    hide("amqp://trueup:trueup@h/", "indexers")
    assert (
        without_secrets("trueup.indexing of 'trueup' and my.indexers") == "trueup.indexing of 'trueup' and my.indexers"
    )
    assert without_secrets("amqp://trueup:trueup@h/ and 'indexers'") == "*** and '***'"


@pytest.mark.parametrize("keep_end", [False, True])
def test_a_cut_leaves_no_part_of_a_secret(keep_end: bool) -> None:
    """A secret across the end of what is looked at is not shown in part."""
    secret = "s" + "0123456789abcdef" * 8
    hide(secret)
    for shift in (1, 40, 100, len(secret) - 1):
        filler = "x " * MAX_READ
        text = filler[: MAX_READ - shift] + secret + filler
        text = text[::1] if not keep_end else filler + secret + filler[: MAX_READ - shift]
        told = without_secrets(text, keep_end=keep_end)
        assert not [n for n in range(len(secret) - 12) if secret[n : n + 12] in told]


def test_an_error_of_ours_holds_no_secret() -> None:
    """Its words are stored and answered."""
    assert C not in str(ShopifyUnclear(f"Shopify said Bearer {C}"))


PROGRAM = r"""
import asyncio, gc, logging, sys, threading, warnings
from pydantic import SecretStr
import structlog
from shared.observing.hiding import hide
from shared.observing.logs import configure_logs
C = "canary4711canary"
hide(C)
configure_logs("trial", "debug")
log = structlog.get_logger()

class Odd:
    def __repr__(self): return f"<Odd {C}>"

class Broken:
    def __repr__(self): raise RuntimeError(C)

class Dropped:
    def __del__(self): raise ValueError(f"in the finaliser {C}")

log.info("a " + C, odd=Odd(), error=ValueError(C), broken=Broken(), raw=C.encode(), many={C: [{"deep": (C, Odd())}]},
         set={C}, authorization="anything else", token_no=3, **{C: 1})
try:
    raise ValueError(f"with {C}") from KeyError(C)
except ValueError:
    log.exception("broke")
    logging.getLogger("library").exception("broke %s %r", C, Odd())
logging.getLogger("library").info("%d", C)
logging.getLogger("library").warning(Odd(), stack_info=True)
warnings.warn(f"a key {C}")

async def main():
    async def fails():
        raise ValueError(C)
    asyncio.get_running_loop().create_task(fails(), name=C)
    await asyncio.sleep(0); await asyncio.sleep(0)
    gc.collect()
asyncio.run(main())
gc.collect()
def in_thread(): raise ValueError(C)
t = threading.Thread(target=in_thread); t.start(); t.join()
d = Dropped(); del d
raise RuntimeError(C)
"""


def test_no_line_of_any_logger_shows_a_secret() -> None:
    """Ours, a library's, its mistakes', asyncio's, a thread's, a finaliser's, the last one's: JSON, no secret."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert C not in ended.stderr + ended.stdout
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    told = [line["event"] for line in lines]
    assert {"broke", "line_not_written", "uncaught", "ignored"} <= set(told), ended.stderr
    assert any("Task exception was never retrieved" in event for event in told)
    first = lines[0]
    assert (first["authorization"], first["token_no"], first["odd"]) == ("***", 3, "<Odd ***>")
