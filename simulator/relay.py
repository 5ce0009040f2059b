"""`python -m simulator.relay HOST:PORT`: the simulator of another container, on this container's own loopback address.

Trueup speaks to Shopify unencrypted only on its own machine. In containers the simulator is on another one, so this
stands between: in the network of the service that calls, listening where nobody else can reach it.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from contextlib import suppress

_CHUNK = 65536


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with suppress(ConnectionError, RuntimeError):
        writer.write_eof()


async def serve(host: str, port: int, *, at: int) -> asyncio.Server:
    """Pass every connection on to `host`:`port`; listens on the loopback address at the port `at`."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
        finally:
            back.close()
            writer.close()

    return await asyncio.start_server(connected, "127.0.0.1", at)


async def _main(host: str, port: int) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server = await serve(host, port, at=port)
    await ended.wait()
    server.close()


def main() -> None:
    """Run until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m simulator.relay", description="The simulator on this machine.")
    parser.add_argument("to", metavar="HOST:PORT", help="where the simulator is; the same port is listened on")
    host, _, port = parser.parse_args().to.rpartition(":")
    asyncio.run(_main(host, int(port)))


if __name__ == "__main__":
    main()
