"""What answers at an address where the expected server does not: for the one line that says what is wrong with it.

Asked only after a client has given up, and for a moment: the line must come soon. Only the standard library.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading

PROBE = 0.4
"""Seconds that one question may take."""


async def known_name(host: str, within: float) -> None:
    """Look the host's name up. Raises socket.gaierror, TimeoutError.

    In a thread that nobody waits for: a resolver that is away keeps its caller for many seconds, and the event loop's
    own threads would keep the process, too.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[None] = loop.create_future()

    def settle(error: OSError | None) -> None:
        if not found.done():
            found.set_result(None) if error is None else found.set_exception(error)

    def look() -> None:
        error: OSError | None = None
        try:
            socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError as failed:
            error = failed
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=look, name=f"look up {host}", daemon=True).start()
    async with asyncio.timeout(within):
        await found


async def speaks_tls(host: str, port: int) -> bool:
    """Whether a TLS handshake succeeds there. No certificate is looked at, and nothing is sent."""
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(PROBE):
            _, writer = await asyncio.open_connection(host, port, ssl=anybody)
    except ssl.SSLError as error:
        # One that wants our certificate, or a newer version, speaks it all the same.
        return "ALERT" in (error.reason or "")
    except (OSError, TimeoutError):
        return False
    writer.transport.abort()
    return True


async def first_words(host: str, port: int) -> bytes:
    """The first bytes that are answered to a request of HTTP; empty: none in time.

    RabbitMQ answers it by the name of its own protocol, MongoDB by a sentence in HTTP; of a server that hears neither
    HTTP nor what was said before, nothing comes.
    """
    writer = None
    try:
        async with asyncio.timeout(PROBE):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            return await reader.read(8)
    except (OSError, TimeoutError):
        return b""
    finally:
        if writer is not None:
            writer.transport.abort()
