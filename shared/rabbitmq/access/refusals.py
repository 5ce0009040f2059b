"""Why there is no RabbitMQ to work with, in one line: what is away may come back, what is refused must be mended.

The line names host and cause, and for what is to be mended the setting and the remedy; never the password.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
import traceback
from collections.abc import Iterator

from aiormq.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelAccessRefused,
    InvalidFrameError,
    ProbableAuthenticationError,
)
from pamqp.commands import Connection
from yarl import URL

from shared.errors import BrokerRefuses, BrokerUnavailable
from shared.server_probe import first_words, speaks_tls

SETTING = "TRUEUP_AMQP_URL"
_USERS = "docs/operations/keys.md"
_LONGEST_CHAIN = 10
_ERRNO = re.compile(r"\[Errno (\d+)\]")
_NOT_ALLOWED, _ACCESS_REFUSED = 530, 403
_PORTS = {"amqp": 5672, "amqps": 5671}


def place_of(url: str) -> str:
    """Host and port."""
    parts = URL(url)
    return f"{parts.host}:{port_of(parts)}"


def port_of(parts: URL) -> int:
    """The port of the address, or the one that RabbitMQ usually has."""
    return parts.port or _PORTS.get(parts.scheme, _PORTS["amqp"])


async def why_not_connected(url: str, error: Exception, *, looking: bool) -> BrokerUnavailable:
    """What a failed connection says; `looking`: also by a look at what answers there."""
    parts, place = URL(url), place_of(url)
    refused = f"{SETTING}: RabbitMQ at {place}"
    if isinstance(error, ProbableAuthenticationError):
        return BrokerRefuses(
            f"{refused} refuses the user {parts.user or 'guest'} or its password: correct them, or make the user"
            f" ({_USERS})"
        )
    if isinstance(error, AuthenticationError):
        return BrokerRefuses(f"{refused} does not take this way to log in: leave auth= out of the address")
    if (closed := _closed_by(error)) is not None:
        return _closed(refused, parts, *closed)
    causes = list(_causes(error))
    if (tls := next((one for one in causes if isinstance(one, ssl.SSLError)), None)) is not None:
        return await _without_tls(parts, place, tls, looking=looking)
    if isinstance(error, (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)):
        return BrokerRefuses(
            f"{SETTING}: a file that it names (cafile, certfile, keyfile) cannot be read: {error.strerror}"
        )
    away = f"RabbitMQ cannot be reached at {place} ({SETTING}): "
    if (unknown := next((one for one in causes if isinstance(one, socket.gaierror)), None)) is not None:
        return BrokerUnavailable(f"{away}the name of the host is not known ({unknown.strerror})")
    if (words := _of_the_system(causes)) is not None:
        return BrokerUnavailable(away + words)
    strange = await _strange_answer(parts, place) if looking else None
    return strange or BrokerUnavailable(away + _silence(error))


def why_refused(url: str, error: Exception) -> BrokerUnavailable:
    """What a failed call on a connection that is up says."""
    place = place_of(url)
    if isinstance(error, ChannelAccessRefused):
        return BrokerRefuses(
            f"{SETTING}: RabbitMQ at {place} does not let the user do its work: {_words(error)}: give it its rights"
            f" ({_USERS})"
        )
    return BrokerUnavailable(f"RabbitMQ at {place} ({SETTING}) did not do as asked: {_words(error)}")


def differs(url: str, what: str, error: AMQPError) -> BrokerRefuses:
    """Something of the broker's was made otherwise than Trueup makes it."""
    return BrokerRefuses(
        f"{SETTING}: {what} of RabbitMQ at {place_of(url)} was made with other arguments ({_words(error)}): delete it,"
        " and start again (docs/operations/upgrade.md)"
    )


def not_prepared(url: str, error: AMQPError) -> BrokerUnavailable:
    """Something is missing that this user may not make; a queue whose node is down is there all the same."""
    if "no queue" not in str(error) and "no exchange" not in str(error):
        return why_refused(url, error)
    return BrokerRefuses(
        f"{SETTING}: RabbitMQ is not prepared: {_words(error)}, and the user may not make it: run `trueup prepare`"
        f" first, with the owner's user ({_USERS})"
    )


def _closed(refused: str, parts: URL, code: int, text: str) -> BrokerUnavailable:
    """The broker takes the user, and then closes: it is about the vhost."""
    vhost = parts.path[1:] or "/"
    words = text.partition(" - ")[2] or text
    if "limit" in words or "is down" in words or code not in {_NOT_ALLOWED, _ACCESS_REFUSED}:
        return BrokerUnavailable(f"{refused} takes no connection now: {words}")
    if "not found" in words:
        remedy = f"correct the end of the address, or make it (rabbitmqctl add_vhost {vhost})"
        return BrokerRefuses(f"{refused} has no vhost {vhost}: {remedy}")
    return BrokerRefuses(
        f"{refused} does not let the user into the vhost {vhost}: {words}: give it rights there ({_USERS})"
    )


def _closed_by(error: Exception) -> tuple[int, str] | None:
    """Code and text of the broker's closing, where it answered the opening of the vhost by it.

    aiormq takes any answer but the one it waits for as broken, and names only its class: the frame itself is where it
    was read.
    """
    if not isinstance(error, InvalidFrameError):
        return None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        answer = frame.f_locals.get("frame")
        if isinstance(answer, Connection.Close):
            return answer.reply_code or 0, answer.reply_text or ""
    return None


async def _without_tls(parts: URL, place: str, error: ssl.SSLError, *, looking: bool) -> BrokerUnavailable:
    """What a failed handshake says."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return BrokerRefuses(
            f"{SETTING}: the certificate of RabbitMQ at {place} does not hold: {error.verify_message}: name the"
            " authority (?cafile=) and the host as the certificate does (docs/operations/tls.md)"
        )
    if error.library in {"X509", "PEM"}:
        return BrokerRefuses(f"{SETTING}: a file that it names holds no certificate or key: {error.reason}")
    if looking and await first_words(parts.host or "", port_of(parts)):
        return BrokerRefuses(
            f"{SETTING}: what answers at {place} speaks no TLS: amqps:// is for RabbitMQ's port of TLS (5671), amqp://"
            " for the other (5672)"
        )
    return BrokerUnavailable(f"RabbitMQ cannot be reached at {place} ({SETTING}): no TLS handshake: {error.reason}")


async def _strange_answer(parts: URL, place: str) -> BrokerRefuses | None:
    """What is wrong where something answers that does not speak as RabbitMQ does."""
    host, port = parts.host or "", port_of(parts)
    if parts.scheme == "amqps":
        return None
    tls, words = await asyncio.gather(speaks_tls(host, port), first_words(host, port))
    if tls:
        return BrokerRefuses(
            f"{SETTING}: RabbitMQ at {place} speaks TLS there: write amqps:// (docs/operations/tls.md)"
        )
    if not words or words.startswith(b"AMQP"):
        return None
    kind = "HTTP" if words.startswith(b"HTTP") else "another protocol"
    return BrokerRefuses(f"{SETTING}: what answers at {place} is no RabbitMQ, it speaks {kind}: AMQP's port is 5672")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from; such chains may go round."""
    one: BaseException | None = error
    for _ in range(_LONGEST_CHAIN):
        if one is None:
            return
        yield one
        one = one.__cause__ or one.__context__


def _of_the_system(causes: list[BaseException]) -> str | None:
    """Why no connection came about, as the system calls it; None where one did.

    asyncio puts the address into the text, and the errors of several addresses into one without a number.
    """
    for one in causes:
        if isinstance(one, OSError) and not isinstance(one, (AMQPError, ConnectionResetError, TimeoutError)):
            numbers = [one.errno] if one.errno else [int(found) for found in _ERRNO.findall(str(one))]
            if numbers:
                return ", ".join(dict.fromkeys(os.strerror(number) for number in numbers))
    return None


def _silence(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return _words(error) or type(error).__name__


def _words(error: Exception) -> str:
    """An error's words on one line, without the name of their kind."""
    words = " ".join(str(one) for one in error.args)
    return " ".join(words.partition(" - ")[2].split()) or " ".join(words.split())
