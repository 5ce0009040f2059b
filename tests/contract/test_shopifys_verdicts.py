"""Trueup takes nothing for genuine that Shopify's own libraries, both of them, refuse.

Stricter it may be. There is one exception: the previous client secret counts while secrets are changed, which the
libraries do not know. The OAuth redirect with its signed query has no counterpart: Trueup gets its tokens by token
exchange, serves no redirect, and believes no query but for who may frame the page.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import jwt
import pytest
from multidict import CIMultiDict

from services.preview.api.http.auth import SessionTokens
from services.preview.api.http.responses.problem import ProblemError
from services.preview.page.headers import OpenedPage
from services.webhook_ingest.envelope import Envelope, HeaderError
from services.webhook_ingest.front.signature import Signatures
from shared.domain.shop import is_shop_domain
from shared.running.clock import SystemClock
from tests.contract.shopify_libraries.libraries import Verdicts, node_verdicts, python_verdicts

CLIENT_ID = "the-client-id"
SECRET = "the-client-secret-of-these-tests-0123456789"
PREVIOUS = "the-previous-client-secret-of-tests-0123456789"

SIZES = [pytest.param(400, id="short"), pytest.param(20_000, marks=pytest.mark.full, id="full")]


def laxer(cases: Sequence[Any], ours: Verdicts, *theirs: Verdicts) -> list[tuple[Any, str | None]]:
    """The cases that only Trueup takes, and those that it takes for another shop than each that takes them."""
    found: list[tuple[Any, str | None]] = []
    for case, own, others in zip(cases, ours, zip(*theirs, strict=True), strict=True):
        taken = {_shop(other) for other in others if other is not None}
        if own is not None and own not in taken:
            found.append((case, own))
    return found


def _shop(verdict: str) -> str:
    """A shop as the libraries name one: any case, with the slashes behind it."""
    return verdict.lower().rstrip("/")


SHOPS = [
    "a-shop.myshopify.com", "A-SHOP.MyShopify.com", "a.myshopify.com", "1.myshopify.com", "-a.myshopify.com",
    "a-.myshopify.com", "a_b.myshopify.com", "a.b.myshopify.com", "myshopify.com", ".myshopify.com", "", "a",
    "a.myshopify.com.", "a.myshopify.com/", "a.myshopify.com//", "a.myshopify.com/x", "a.myshopify.com\n",
    "\na.myshopify.com", " a.myshopify.com", "a.myshopify.com ", "a.myshopify.com\x00", "a.myshopify.com:443",
    "u@a.myshopify.com", "a.myshopify.com@evil.example", "evil.example#.myshopify.com", "evil.example?.myshopify.com",
    "evil.example/.myshopify.com", "https://a.myshopify.com", "a.myshopify.com.evil.example", "a-myshopify.com",
    "amyshopify.com", "a.myshopify.co", "a.myshopify.io", "a.shopify.com", "a.shop.dev", "admin.shopify.com/store/a",
    "\u00e4.myshopify.com", "\u212a.myshopify.com", "a\u3002myshopify.com", "xn--a.myshopify.com", "a%2emyshopify.com",
    "\uff41.myshopify.com", "a.myshopif\u0131.com", "a.myshop\u0131fy.com", "\u0661.myshopify.com",
]  # fmt: skip  # one a line would fill the page


def _near_shops(number: int) -> list[str]:
    """Domains with a character or two put in, left out or changed, the same ones each time."""
    chance = random.Random(1)  # noqa: S311  # no secret hangs on it
    signs = "a-._/@:#?%\\\n\r\t\x00 A1\u212a\u3002\u0131;,|&=[]"
    made = []
    for _ in range(number):
        text = list("a-shop.myshopify.com")
        for _ in range(chance.choice((1, 1, 2))):
            place = chance.randrange(len(text) + 1)
            text[place : place + chance.choice((0, 0, 1))] = chance.choice(signs)
        made.append("".join(text))
    return made


def _shop_by_domain(text: str) -> str | None:
    return text if is_shop_domain(text) else None


def _shop_by_webhook(text: str) -> str | None:
    headers = CIMultiDict({"X-Shopify-Shop-Domain": text, "X-Shopify-Webhook-Id": "1"})
    try:
        return Envelope.of_request(headers, SystemClock().now()).shop
    except HeaderError:
        return None


def _shop_by_query(text: str) -> str | None:
    return OpenedPage.by({"shop": text}).shop


@pytest.mark.parametrize("number", SIZES)
@pytest.mark.parametrize("ours", [_shop_by_domain, _shop_by_webhook, _shop_by_query])
def test_no_text_is_a_shop_that_both_libraries_refuse(ours: Callable[[str], str | None], number: int) -> None:
    """In messages, webhooks' headers and the page's query: a shop's domain is what Shopify takes for one."""
    texts = SHOPS + _near_shops(number)
    cases = [{"kind": "shop", "text": text} for text in texts]
    theirs = python_verdicts(CLIENT_ID, SECRET, cases), node_verdicts(CLIENT_ID, SECRET, cases)
    assert laxer(texts, [ours(text) for text in texts], *theirs) == []
    assert ours("a-shop.myshopify.com") == "a-shop.myshopify.com"


def _claims() -> dict[str, list[Any]]:
    """For each claim the right value first, then wrong and odd ones; None leaves it out."""
    now = int(time.time())
    addresses = [f"https://{shop}" for shop in SHOPS if shop.isprintable()]
    odd = [
        "http://a-shop.myshopify.com",
        "HTTPS://a-shop.myshopify.com",
        "//a-shop.myshopify.com",
        "a-shop",
        5,
        [],
        None,
    ]
    return {
        "iss": ["https://a-shop.myshopify.com/admin", *(f"{address}/admin" for address in addresses), *addresses, *odd],
        "dest": ["https://a-shop.myshopify.com", *addresses, *(f"{address}/admin" for address in addresses), *odd],
        "aud": [CLIENT_ID, "other", CLIENT_ID.upper(), [CLIENT_ID], ["other"], [], "", 5, None],
        "sub": ["42", "", 42, None, []],
        "exp": [now + 600, now - 600, now + 10**9, 0, -1, "never", str(now + 600), now + 600.5, None],
        "nbf": [now - 60, now + 600, 0, "now", None],
        "iat": [now - 60, now + 600, "now", None],
        "jti": ["j", None, 5],
        "sid": ["s", None],
    }


def _tokens(number: int) -> list[str]:
    """Tokens with each claim's each value alone, and with several at once; other algorithms, keys and forms."""
    chance = random.Random(2)  # noqa: S311  # no secret hangs on it
    claims = _claims()
    right = {name: values[0] for name, values in claims.items()}
    made = [right] + [right | {name: value} for name, values in claims.items() for value in values]
    # iss and dest go together: alone, each odd one is refused for not being the other.
    made += [right | {"iss": f"{dest}/admin", "dest": dest} for dest in claims["dest"]]
    for _ in range(number):
        changed = chance.sample(sorted(claims), chance.choice((1, 2, 3)))
        made.append(right | {name: chance.choice(claims[name]) for name in changed})
    tokens = [_encoded({name: value for name, value in one.items() if value is not None}) for one in made]
    good = _encoded(right)
    head, payload, signature = good.split(".")
    tokens += [
        jwt.encode(right, SECRET * 2, algorithm="HS512"),
        jwt.encode(right, SECRET + "x" * 8, algorithm="HS384"),
        jwt.encode(right, "x" * 40, algorithm="HS256"),
        jwt.encode(right, SECRET, algorithm="HS256", headers={"typ": "other", "kid": "../x"}),
        jwt.encode(right, SECRET, algorithm="HS256", headers={"crit": ["x"], "x": 1}),
        jwt.encode(right, SECRET, algorithm="HS256", headers={"b64": False, "crit": ["b64"]}),
        f"{_head('none')}.{payload}.",
        f"{_head('hs256')}.{payload}.{signature}",
        f"{_part(b'[]')}.{payload}.{signature}",
        f"{head}.{payload}",
        f"{head}.{payload}.",
        f"{head}.{payload}.{signature}=",
        f"{head}.{payload}.{signature}\n",
        f"{head}.{payload}.{signature[:-1]}",
        f"{head}.{payload}.{signature}.{signature}",
        f" {good}",
        good + " ",
        "",
        ".",
        "..",
        "\u00e4.b.c",
    ]
    return tokens


def _encoded(claims: dict[str, Any]) -> str:
    """As `jwt.encode` with fewer scruples: what it refuses to sign is what is to be tried."""
    signed = f"{_head('HS256')}.{_part(json.dumps(claims).encode())}"
    return f"{signed}.{_part(hmac.digest(SECRET.encode(), signed.encode(), hashlib.sha256))}"


def _head(algorithm: str) -> str:
    return _part(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(token: str) -> object:
    """The claims, to be read in a failure."""
    try:
        return jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError):
        return None


def _shop_by_token(tokens: SessionTokens, token: str) -> str | None:
    try:
        return tokens.caller(f"Bearer {token}").shop
    except ProblemError:
        return None


@pytest.mark.parametrize("number", SIZES)
def test_no_session_token_counts_that_both_libraries_refuse(number: int) -> None:
    """Algorithm, signature, times, audience, issuer, destination: who passes here passes at Shopify's."""
    tokens = _tokens(number)
    cases = [{"kind": "token", "text": token} for token in tokens]
    theirs = python_verdicts(CLIENT_ID, SECRET, cases), node_verdicts(CLIENT_ID, SECRET, cases)
    own = SessionTokens(CLIENT_ID, [SECRET])
    verdicts = [_shop_by_token(own, token) for token in tokens]
    assert laxer([(token, _read(token)) for token in tokens], verdicts, *theirs) == []
    assert all(sum(one is not None for one in told) > number / 20 for told in (verdicts, *theirs)), "all refuse all"
    assert verdicts[0] == "a-shop.myshopify.com"


def test_the_previous_secret_is_the_one_exception() -> None:
    """While secrets are changed both count for Trueup, where the libraries know the current one alone."""
    now = int(time.time())
    shop = "https://a-shop.myshopify.com"
    claims = {"iss": f"{shop}/admin", "dest": shop, "aud": CLIENT_ID, "sub": "4", "exp": now + 600, "nbf": now - 9}
    token = jwt.encode(claims | {"jti": "j", "sid": "s", "iat": now - 9}, PREVIOUS, algorithm="HS256")
    cases = [{"kind": "token", "text": token}]
    assert python_verdicts(CLIENT_ID, SECRET, cases) == [None]
    assert _shop_by_token(SessionTokens(CLIENT_ID, [SECRET, PREVIOUS]), token) == "a-shop.myshopify.com"
    assert _shop_by_token(SessionTokens(CLIENT_ID, [SECRET]), token) is None


BODIES = ["{}", '{"id": 1}', "", " ", '{"name": "\u00e4\U0001f600"}', "[]\n", "\x00", "x" * 100_000]


def _signatures(body: str) -> list[str]:
    """The right one first, then near ones."""
    raw = hmac.digest(SECRET.encode(), body.encode(), hashlib.sha256)
    right = base64.b64encode(raw).decode()
    other = hmac.digest(SECRET.encode(), body.encode() + b" ", hashlib.sha256)
    return [
        right, raw.hex(), right.lower(), right.rstrip("="), right + "=", right + "\n", f" {right}", right[:-2],
        right + "A",
        base64.urlsafe_b64encode(raw).decode(), base64.b64encode(other).decode(),
        base64.b64encode(raw + b"\x00").decode(),
        base64.b64encode(hmac.digest(b"x" * 40, body.encode(), hashlib.sha256)).decode(),
        base64.b64encode(hmac.digest(b"", body.encode(), hashlib.sha256)).decode(),
        base64.b64encode(hmac.digest(SECRET.encode(), body.encode(), hashlib.sha512)).decode(),
        base64.b64encode(hashlib.sha256(body.encode()).digest()).decode(), "", "=", "null", f"{right},{right}",
        "\u00e4",
    ]  # fmt: skip  # one a line would fill the page


def test_no_webhook_is_genuine_that_the_library_refuses() -> None:
    """One text is the signature of a body, and a webhook without a body is none."""
    # The library for Python knows no webhooks.
    pairs = [(body, signature) for body in BODIES for signature in _signatures(body)]
    cases = [{"kind": "webhook", "body": body, "signature": signature} for body, signature in pairs]
    own = Signatures([SECRET])
    verdicts = ["" if own.valid(body.encode(), signature) else None for body, signature in pairs]
    assert laxer(pairs, verdicts, node_verdicts(CLIENT_ID, SECRET, cases)) == []
    assert verdicts[0] == ""
