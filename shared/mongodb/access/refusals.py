"""Why there is no MongoDB to work with, in one line: what is away may come back, what refuses must be mended.

The line names host and cause, and for what is to be mended the setting and the remedy; never the password.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import pymongo
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import ConfigurationError, ConnectionFailure, OperationFailure, ProtocolError, PyMongoError
from pymongo.uri_parser import parse_uri

from shared.errors import StoreRefuses, StoreUnavailable
from shared.mongodb.schema import Document
from shared.server_probe import PROBE, first_words, speaks_tls

SETTING = "TRUEUP_MONGODB_URI"
_USERS = "docs/operations/keys.md"
_TLS = "docs/operations/tls.md"
_PORT = 27017
_UNAUTHORIZED = 13
_AUTHENTICATION = frozenset({18, 8000})
"""AuthenticationFailed, and what Atlas makes of it."""
NOT_LET_IN = _AUTHENTICATION | {_UNAUTHORIZED}
"""Codes of what is refused for the user's sake."""
_PASSING = frozenset({6, 7, 50, 89, 91, 112, 189, 202, 262, 9001, 10107, 11600, 11602, 13435, 13436})
"""Codes of what passes by itself: elections, shutdowns, time limits, conflicts of writes."""
_NOISE = re.compile(r"\s*\(configured timeouts:[^)]*\)|\[Errno -?\d+\] |, full error: .*", re.DOTALL)

MotorClient = AsyncIOMotorClient[Document]


def place_of(uri: str) -> str:
    """Hosts and ports, as the address has them."""
    return re.split(r"[/?]", uri.partition("://")[2].rpartition("@")[2], maxsplit=1)[0]


async def must_stand(client: MotorClient, uri: str, within: float | None) -> None:
    """Ask the server what it is, for some seconds or as long as the address says.

    Raises StoreUnavailable, as StoreRefuses where it never will do.
    """
    try:
        with nullcontext() if within is None else pymongo.timeout(within):
            hello: Document = await client.admin.command("hello")
    except PyMongoError as error:
        raise await why_none(client, uri, error) from error
    if (refusal := _unfit(hello, place_of(uri))) is not None:
        raise refusal


def why_refused(error: PyMongoError, place: str) -> StoreUnavailable:
    """What an answer says that is no connection's failure."""
    at = f"{SETTING}: MongoDB at {place}"
    if isinstance(error, OperationFailure):
        words = _words(error)
        if error.code in _AUTHENTICATION:
            return StoreRefuses(
                f"{at} refuses the user or its password: correct them, and authSource, or make the user ({_USERS})"
            )
        if error.code == _UNAUTHORIZED:
            return StoreRefuses(f"{at} does not let the user do its work: {words}: give it its rights ({_USERS})")
        if error.timeout or error.code in _PASSING or error.has_error_label("RetryableWriteError"):
            return StoreUnavailable(f"MongoDB at {place} ({SETTING}) does not do its work now: {words}")
        return StoreRefuses(f"{at} refuses what Trueup needs: {words}: mend that there, or name another one")
    if isinstance(error, ConfigurationError) and not type(error.__cause__).__module__.startswith("dns."):
        return StoreRefuses(f"{at} cannot be worked with: {_words(error)}")
    return StoreUnavailable(f"MongoDB did not answer at {place} ({SETTING}): {_words(error)}")


async def why_none(client: MotorClient, uri: str, error: PyMongoError) -> StoreUnavailable:
    """Why a question has no answer, also by a look at what answers in its place."""
    place = place_of(uri)
    if not isinstance(error, (ConnectionFailure, ProtocolError)):
        return why_refused(error, place)
    seen = list(client.delegate.topology_description.server_descriptions().values())
    looks = [_look_at(uri, one.address[0], one.address[1] or _PORT, one.server_type_name, one.error) for one in seen]
    refusals = [*filter(None, await asyncio.gather(*looks))] if seen else [*filter(None, [await _not_of_the_set(uri)])]
    if refusals:
        return refusals[0]
    if any(one.server_type_name == "RSSecondary" for one in seen):
        return StoreUnavailable(f"MongoDB at {place} ({SETTING}) has no primary now")
    causes = dict.fromkeys(_words(one.error) for one in seen if one.error is not None)
    return StoreUnavailable(
        f"MongoDB did not answer at {place} ({SETTING}): {'; '.join(causes) or 'nothing came back in time'}"
    )


def _unfit(hello: Mapping[str, Any], place: str) -> StoreRefuses | None:
    """What is wrong with a server that has no transactions, or takes no writes."""
    if hello.get("msg") == "isdbgrid":
        return None
    at = f"{SETTING}: MongoDB at {place}"
    if hello.get("isreplicaset"):
        return StoreRefuses(f"{at} waits to be made a replica set: run rs.initiate() on it once")
    if "setName" not in hello:
        return StoreRefuses(
            f"{at} is a standalone server, which has no transactions: make it a replica set, of which one node is"
            " enough (start it with --replSet rs0, and run rs.initiate() on it once)"
        )
    if not hello.get("isWritablePrimary"):
        return StoreRefuses(
            f"{at} is no primary, and takes no writes: leave directConnection out, and name the set (replicaSet=)"
        )
    return None


async def _look_at(uri: str, host: str, port: int, kind: str, error: Exception | None) -> StoreRefuses | None:
    """What is wrong with one server: it is no member yet, or does not speak as it is spoken to."""
    if kind == "RSGhost":
        return _unfit({"isreplicaset": True}, f"{host}:{port}")
    if kind != "Unknown":
        return None
    text, at = "" if error is None else str(error), f"{SETTING}: MongoDB at {host}:{port}"
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate verify failed" in text or "doesn't match" in text:
        why = re.sub(r"^.*certificate verify failed:?\s*|\s*\(_ssl.*$", "", _words(error), flags=re.DOTALL)
        return StoreRefuses(
            f"{at}: its certificate does not hold: {why}: name the authority (tlsCAFile=) and the host as the"
            f" certificate does ({_TLS})"
        )
    if "SSL handshake failed" in text and await _hello_of(host, port, {}) is not None:
        return StoreRefuses(f"{at} speaks no TLS: leave tls=true out, or have it speak TLS ({_TLS})")
    if _tls_of(uri) or any(words in text for words in ("refused", "not known", "timed out")):
        return None
    tls, words = await asyncio.gather(speaks_tls(host, port), first_words(host, port))
    if tls:
        return StoreRefuses(f"{at} speaks TLS only: add tls=true to the address ({_TLS})")
    if words or isinstance(error, ProtocolError):
        return StoreRefuses(f"{SETTING}: what answers at {host}:{port} is no MongoDB: its usual port is {_PORT}")
    return None


async def _not_of_the_set(uri: str) -> StoreRefuses | None:
    """Of servers that the driver has struck off, since they are none of the set that the address names."""
    for host, port in parse_uri(uri)["nodelist"]:
        hello = await _hello_of(host, port or _PORT, _tls_of(uri))
        if hello is None:
            continue
        if "setName" in hello:
            name = hello["setName"]
            return StoreRefuses(
                f"{SETTING}: MongoDB at {host}:{port} belongs to another set than it says: write replicaSet={name}"
            )
        return _unfit(hello, f"{host}:{port}")
    return None


async def _hello_of(host: str, port: int, tls: Mapping[str, Any]) -> Document | None:
    """What a server says of itself, asked alone; None: nothing."""
    wait = int(PROBE * 1000)
    alone: MotorClient = AsyncIOMotorClient(
        host, port, directConnection=True, serverSelectionTimeoutMS=wait, connectTimeoutMS=wait, **tls
    )
    try:
        answer: Document = await alone.admin.command("hello")
    except PyMongoError:
        return None
    else:
        return answer
    finally:
        alone.close()


def _tls_of(uri: str) -> dict[str, Any]:
    return {name: value for name, value in parse_uri(uri)["options"].items() if name.lower().startswith("tls")}


def _words(error: Exception | None) -> str:
    """What the driver or the server says, without the addresses of its own code and the whole of its answer."""
    return " ".join(_NOISE.sub("", str(error)).split())
