"""`python -m simulator.relay HOST:PORT [COMMAND ...]`: another container's simulator on this one's loopback address.

Trueup speaks to Shopify unencrypted only on its own machine. In containers the simulator is on another one, so this
stands between: in the network of the service that calls, listening where nobody else can reach it.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
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


async def _main(host: str, port: int, command: Sequence[str]) -> int:
    ended = asyncio.Event()
    server = await serve(host, port, at=port)
    if command:
        process = await asyncio.create_subprocess_exec(*command)
        code = await process.wait()
    else:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await ended.wait()
        code = 0
    server.close()
    return code


def main() -> None:
    """Run until a signal ends it, or as long as a command that was given."""
    parser = argparse.ArgumentParser(prog="python -m simulator.relay", description="The simulator on this machine.")
    parser.add_argument("to", metavar="HOST:PORT", help="where the simulator is; the same port is listened on")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="is run meanwhile; its exit code is this one's")
    given = parser.parse_args()
    host, _, port = given.to.rpartition(":")
    sys.exit(asyncio.run(_main(host, int(port), given.command)))


if __name__ == "__main__":
    main()
