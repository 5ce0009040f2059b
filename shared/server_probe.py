"""What answers at an address where the expected server does not: for the one line that says what is wrong with it.

Asked only after a client has given up, and for a moment: the line must come soon. Only the standard library.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")

PROBE = 0.4
"""Seconds that one question may take."""


async def known_name(host: str, within: float) -> None:
    """Look the host's name up. Raises socket.gaierror, TimeoutError."""
    async with asyncio.timeout(within):
        await _beside(lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM), f"look up {host}")


async def speaks_tls(host: str, port: int) -> bool:
    """Whether a TLS handshake succeeds there. No certificate is looked at, and nothing is sent."""
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE

    def shaken() -> bool:
        try:
            with socket.create_connection((host, port), PROBE) as plain, anybody.wrap_socket(plain):
                return True
        except ssl.SSLError as error:
            # One that wants our certificate, or a newer version, speaks it all the same.
            return "ALERT" in (error.reason or "")
        except OSError:
            return False

    return await _beside(shaken, f"ask {host} for TLS")


async def first_words(host: str, port: int) -> bytes:
    """The first bytes that are answered to a request of HTTP; empty: none in time.

    RabbitMQ answers it by the name of its own protocol, MongoDB by a sentence in HTTP; of a server that hears neither
    HTTP nor what was said before, nothing comes.
    """

    def heard() -> bytes:
        try:
            with socket.create_connection((host, port), PROBE) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return connection.recv(8)
        except OSError:
            return b""

    return await _beside(heard, f"ask {host} for a word")


async def _beside(work: Callable[[], T], name: str) -> T:
    """Do this in a thread that nobody waits for.

    A resolver that is away keeps its caller for many seconds, and the event loop's own threads would keep the process,
    too; and what is opened there is closed there, whatever becomes of the loop.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: OSError | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(cast("T", result))
        else:
            done.set_exception(error)

    def run() -> None:
        result, failed = None, None
        try:
            result = work()
        except OSError as error:
            failed = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, result, failed)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await done
