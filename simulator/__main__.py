"""`python -m simulator`: serves until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from simulator.http.request_body import BadRequest
from simulator.http.server import HOST, Simulator, start
from simulator.settings import SettingError, Settings, read_open_points, read_settings


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="A Shopify Admin API on localhost.")
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--host", default=HOST, help="the address to serve on (default %(default)s)")
    parser.add_argument("--url", help="what others call it, where that is not its own address: in a container")
    parser.add_argument("--ready-file", type=Path, help="written as JSON (url, pid) once it serves")
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--client-secret", required=True)
    parser.add_argument("--config", type=Path, help="a JSON file with settings")
    parser.add_argument(
        "--open-points", type=Path, help="a JSON file with the open points, as `trueup certify` settles them"
    )
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace, settings: Settings) -> None:
    simulator = Simulator(client_id=arguments.client_id, client_secret=arguments.client_secret, settings=settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = await start(simulator, port=arguments.port, host=arguments.host, url=arguments.url)
    try:
        if arguments.ready_file is not None:
            _announce(arguments.ready_file, running.url)
        print(f"simulator ready at {running.url}", flush=True)  # noqa: T201  # the program's one line of output
        await stop.wait()
    finally:
        await running.close()


def _announce(path: Path, url: str) -> None:
    """Written beside and moved over: a reader sees all of it or nothing."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="utf-8")
    half.replace(path)


def main() -> None:
    """Start, or end with one line that says why not."""
    arguments = _arguments()
    try:
        settings = read_settings(arguments.config) if arguments.config else Settings()
        if arguments.open_points:
            settings.open_points.update(read_open_points(arguments.open_points))
        asyncio.run(_serve(arguments, settings))
    except (SettingError, BadRequest, OSError) as error:
        sys.exit(f"simulator: {error}")


if __name__ == "__main__":
    main()
