"""What no line, no stored text and no answer may show: the secrets of the settings by value, other secrets by shape.

The one place that knows them. A process hands it every secret it is given (`hide`); a token of Shopify's, a session
token, an Authorization header, an address with a password, a signature, or a customer's e-mail address is known by its
form, so that a text of a library, or of a stranger, need not be trusted. Only the standard library is loaded here:
commands that write no logs hide secrets, too.
"""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from urllib.parse import quote, quote_plus, unquote, urlsplit

HIDDEN = "***"

MAX_READ = 16_000
"""Characters of a text that are looked at; of a longer one no more is shown than this, less the longest secret."""

_LONGEST = 2_000
"""Characters of the longest secret: what a cut may have left of one."""

_WORD, _PLAIN = 7, 12
"""A secret of fewer characters than the first is a word, such as `guest`, and known by where it stands only: hiding it
everywhere would take the names of queues off the lines. From the second on it is hidden wherever it stands, between
the two where it stands alone."""

_SHAPES = (
    # Addresses with a user or a password, which may hold any sign but a blank or a quote; not the form of one that
    # the settings' own mistakes show.
    (r"([a-zA-Z][a-zA-Z0-9+.-]{0,20}://)(?!user:password@)[^\s'\"<>]{0,512}@", r"\1***@"),
    # Headers that prove who somebody is: as sent, in a repr, as a pair. The whole line, whatever its scheme.
    (
        (
            r"(?i)((?:authorization|cookie|x-shopify-access-token|x-shopify-hmac-sha256|x-trueup-seal|x-trueup-signature)"
            r"['\"]?\s{0,4}[:=,]\s{0,4}\(?b?['\"]?)[^\r\n'\"\\,}]+"
        ),
        r"\1***",
    ),
    # Parameters of a query or a form.
    (
        (
            r"(?i)((?:^|[?&;\s'\"(])(?:id_token|hmac|access_token|refresh_token|client_secret|subject_token|password|passwd"
            r"|secret|token|api_key)=)[^&;\s'\"<>]+"
        ),
        r"\1***",
    ),
    # Those whose names are also words of a message.
    (r"(?i)([?&](?:session|code|state|signature|sig|key)=|^code=)[^&;\s'\"<>]+", r"\1***"),
    # The same in JSON or a repr; `code` there is a word of an error.
    (
        (
            r"(?i)(['\"](?:id_token|hmac|signature|access_token|refresh_token|client_secret|subject_token|password|secret"
            r"|token)\\?['\"]\s{0,4}:\s{0,4}b?\\?['\"])[^'\"\\]+"
        ),
        r"\1***",
    ),
    (r"\bshp[a-z]{2,4}_[A-Za-z0-9_-]{4,}", HIDDEN),  # Shopify's tokens and secrets: shpat_, shpca_, shpss_, …
    # A server's key, or a piece of one; its id alone, which names it in logs, stays.
    (r"\b(trueup_live_[0-9a-z]{0,12})_[A-Za-z0-9]+", rf"\1_{HIDDEN}"),
    (r"\beyJ[A-Za-z0-9_=-]{8,}(?:\.[A-Za-z0-9_=-]*){0,4}", HIDDEN),  # JSON web tokens, cut ones as well
    (r"\bgAAAAA[A-Za-z0-9_=-]{20,}", HIDDEN),  # what the token keys have encrypted
    (r"(?i)\b((?:bearer|basic)\s{1,4})[A-Za-z0-9._~+/=-]{8,}", r"\1***"),
    (r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}", HIDDEN),  # a person's address
)

_SECRET_NAMES = ("token", "secret", "password", "authorization", "hmac", "cookie", "seal", "email", "phone")
_COUNTED = ("token_no",)

_known: set[str] = set()


def hide(*secrets: str) -> None:
    """From now on none of these is shown: neither itself nor, of an address, its password, nor as it is encoded."""
    before = len(_known)
    for secret in secrets:
        _known.update(form for form in _forms(secret) if len(form) >= _WORD)
    if len(_known) > before:
        _pattern_of_known.cache_clear()


def without_secrets(text: str, *, max_length: int = MAX_READ, keep_end: bool = False) -> str:
    """The text, every secret in it replaced; one longer than `max_length` is cut, by default to its beginning."""
    cut = len(text) > max_length
    if cut:
        text = text[-max_length:] if keep_end else text[:max_length]
    if (known := _pattern_of_known()) is not None:
        text = known.sub(HIDDEN, text)
    for shape, instead in _shapes():
        text = shape.sub(instead, text)
    if not cut:
        return text
    # What the cut left of a secret is known by nothing: it goes with as much as the longest may have.
    return text[_LONGEST:] if keep_end else text[:-_LONGEST]


def names_a_secret(name: str) -> bool:
    """Whether what stands under this name is a secret, or a person's."""
    lower = name.lower()
    return any(word in lower for word in _SECRET_NAMES) and lower not in _COUNTED


class HidingFormatter(logging.Formatter):
    """The standard library's lines without secrets, for where no others are set up."""

    def format(self, record: logging.LogRecord) -> str:
        """The line and its traceback."""
        return without_secrets(super().format(record))


def _forms(secret: str) -> Iterable[str]:
    secret = secret.strip()
    if not secret:
        return
    plain = [secret]
    if "://" in secret:
        user, password = _credentials(secret)
        if password:
            pairs = {(user, password), (unquote(user), unquote(password))}
            plain += [each for pair in pairs for each in (pair[1], b64encode(":".join(pair).encode()).decode())]
            plain += [b64encode(f"\0{name}\0{word}".encode()).decode() for name, word in pairs]  # AMQP's PLAIN
    for one in plain:
        yield from {one, quote(one, safe=""), quote_plus(one), repr(one)[1:-1], one.encode("unicode_escape").decode()}
        yield b64encode(one.encode()).decode().rstrip("=")


def _credentials(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    return user, password


@cache
def _pattern_of_known() -> re.Pattern[str] | None:
    if not _known:
        return None
    longest_first = sorted(_known, key=len, reverse=True)
    alone = r"(?<![\w.-]){}(?![\w.-])"
    forms = (re.escape(one) if len(one) >= _PLAIN else alone.format(re.escape(one)) for one in longest_first)
    return re.compile("|".join(forms))


@cache
def _shapes() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(shape, re.MULTILINE), instead) for shape, instead in _SHAPES]
