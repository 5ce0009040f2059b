"""Delivering an outcome to an address that a merchant has given: signed, bounded, and never into a private network."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import re
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from secrets import token_bytes
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

TIMEOUT = 10.0
"""Seconds that a receiver has for the whole of its answer."""

RESOLVING = 64
"""Threads in which names are resolved: twice as many as are delivered at once."""

DELIVERY, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
"""Standard Webhooks' headers: the same id for each try; Unix seconds; a signature for each secret that counts now."""

SECRET_PREFIX = "whsec_"  # noqa: S105  # the beginning of all of them
"""What a secret begins with whose rest is its bytes in base64. Another one's bytes are those of its text."""

NEW_SECRET = 32
"""Bytes of a secret that we make."""

HTTPS_PORT = 443
HTTPS = frozenset({HTTPS_PORT})
"""The ports that may be sent to, where no setting names others."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 behind a translator: the last 32 bits are the address that is reached."""

_UNICAST = IPv6Network("2000::/3")
"""All that is assigned of IPv6 for the internet. Outside it lie loopback, link-local, site-local, unique local,
multicast, and forms that hold an IPv4 address (compatible, translated), which some systems still reach."""

_NOT_OF_THE_INTERNET: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("2001::/23"),
    IPv6Network("3fff::/20"),
)
"""Protocol assignments, relays of 6to4, and documentation: not all of them are private in every version of Python."""

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_LONGEST_NAME = 253

_INSIDE = frozenset({"local", "localhost", "internal", "intranet", "lan", "home", "corp", "arpa", "onion", "invalid"})
"""Ends of names that no public server of names answers for."""

_SUCCESS = range(200, 300)


class NotDelivered(Exception):
    """The receiver did not take it. The text names no secret, and nothing that the receiver has answered."""


class ForbiddenAddress(OSError):
    """A name that leads into a private network."""


def url_problem(url: str, *, private: bool, ports: Collection[int] = HTTPS) -> str | None:
    """What is wrong with a target's address, in words for its author; None: nothing. `private`: any host will do."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "is no address"
    if not host or not url.isascii() or any(sign.isspace() or not sign.isprintable() or sign == "\\" for sign in url):
        return "is no address"
    if parts.scheme != "https" and not (private and parts.scheme == "http" and host in _LOOPBACK):
        return "must be an https address"
    if parts.username is not None or parts.password is not None:
        return "must hold no user name or password; what is sent is signed"
    if parts.fragment:
        return "must hold no fragment"
    return None if private else _place_problem(host, HTTPS_PORT if port is None else port, ports)


def _place_problem(host: str, port: int, ports: Collection[int]) -> str | None:
    if not _is_public_name(host):
        return "must be reachable from the internet"
    if port not in ports:
        return f"must go to port {' or '.join(str(one) for one in sorted(ports))}"
    return None


def _is_public_name(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:
        name = host.removesuffix(".").lower()
        labels = name.split(".")
        if len(labels) < 2 or len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004  # a host and a domain
            return False
        # All digits, or hexadecimal: a way to write an IPv4 address that resolvers understand.
        last = labels[-1]
        return not last.isdigit() and not last.startswith("0x") and last not in _INSIDE


def is_public(address: str) -> bool:
    """Whether an IP address is global unicast, also by what an IPv6 address wraps. Raises ValueError."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour
        if ip in _TRANSLATED:
            wrapped = IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped is not None:
            ip = wrapped
    if isinstance(ip, IPv6Address) and ip not in _UNICAST:
        return False
    if any(ip.version == network.version and ip in network for network in _NOT_OF_THE_INTERNET):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class PublicOnly(AbstractResolver):
    """Resolves names to addresses of the internet: checked on what is connected to, so that no name can change.

    In threads of its own: a name server that does not answer holds a thread for longer than we wait for it, and the
    process's own threads are everybody's.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVING, thread_name_prefix="resolving")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses. Raises ForbiddenAddress where one is private: such a name is not to be trusted at all."""
        found = await asyncio.get_running_loop().run_in_executor(self._threads, _addresses, host, port, family)
        if not all(is_public(result["host"]) for result in found):
            raise ForbiddenAddress("the name leads to a private address")
        return found

    async def close(self) -> None:
        """Let its threads end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return [
        ResolveResult(
            hostname=host, host=str(address[0]), port=int(address[1]), family=of, proto=protocol, flags=numeric
        )
        for of, _, protocol, _, address in found
    ]


def public_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """A socket to an address of the internet, whichever way the address was found: a literal one is never resolved.

    Raises ForbiddenAddress.
    """
    family, kind, protocol, _, where = address
    if not is_public(str(where[0])):
        raise ForbiddenAddress("the address is a private one")
    return socket.socket(family, kind, protocol)


def new_secret() -> str:
    """A secret to sign by, as it is shown to its receiver."""
    return SECRET_PREFIX + base64.b64encode(token_bytes(NEW_SECRET)).decode()


def key_of(secret: bytes) -> bytes:
    """The bytes that a secret signs by."""
    prefix = SECRET_PREFIX.encode()
    if secret.startswith(prefix):
        try:
            return base64.b64decode(secret.removeprefix(prefix), validate=True)
        except binascii.Error:
            pass  # a text that only begins like one
    return secret


def signatures(secrets: Sequence[bytes], delivery: str, timestamp: str, body: bytes) -> str:
    """The value of the signature's header: one for each secret, so that a receiver may change it in its own time."""
    signed = f"{delivery}.{timestamp}.".encode() + body
    made = (hmac.new(key_of(secret), signed, sha256).digest() for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(one).decode()}" for one in made)


@dataclass(frozen=True, slots=True)
class OutgoingWebhooks:
    """Sends signed bodies. `private`: whether addresses of private networks may be sent to; `ports`: else."""

    session: aiohttp.ClientSession
    private: bool
    ports: frozenset[int] = HTTPS

    @classmethod
    def open(
        cls, *, private: bool, ports: Collection[int] = HTTPS, trace_configs: list[aiohttp.TraceConfig] | None = None
    ) -> OutgoingWebhooks:
        """With a session of its own, that keeps no cookies and no connections, and asks no proxy."""
        connector = aiohttp.TCPConnector(
            resolver=None if private else PublicOnly(),
            socket_factory=None if private else public_socket,
            force_close=True,
            limit=0,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT),
            trace_configs=trace_configs or [],
        )
        return cls(session, private, frozenset(ports))

    async def send(self, url: str, secrets: Sequence[bytes], body: bytes, delivery: str) -> int:
        """POST it, signed by each secret; returns the status. Raises NotDelivered: another time may do."""
        # Checked anew: a literal address is not resolved, and the setting may have changed since it was stored.
        if (problem := url_problem(url, private=self.private, ports=self.ports)) is not None:
            raise NotDelivered(f"the address {problem}")
        timestamp = str(int(time.time()))
        headers: Mapping[str, Any] = {
            "Content-Type": "application/json",
            "User-Agent": "Trueup",
            DELIVERY: delivery,
            TIMESTAMP: timestamp,
            SIGNATURE: signatures(secrets, delivery, timestamp, body),
        }
        try:
            # A redirect would lead where nobody has checked. The answer's body is not read.
            async with self.session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                status = response.status
        except TimeoutError:
            raise NotDelivered(f"no answer within {TIMEOUT:.0f} seconds") from None
        except (aiohttp.ClientError, ForbiddenAddress, OSError, ValueError) as error:
            raise NotDelivered(f"could not be reached ({type(error).__name__})") from None
        if status not in _SUCCESS:
            raise NotDelivered(f"answered with status {status}")
        return status

    async def close(self) -> None:
        """Close the session."""
        await self.session.close()
