"""`python -m simulator.replay --recordings DIR [--open-points FILE]`: how much of a recording the simulator answers."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from simulator.clock import VirtualClock
from simulator.http.server import Simulator, start
from simulator.replay.replaying import NoScene, Replayed, replay
from simulator.settings import SettingError, Settings, read_open_points


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m simulator.replay", description="Replays the recordings of `trueup certify`."
    )
    parser.add_argument("--recordings", type=Path, required=True, help="the folder with the recordings")
    parser.add_argument(
        "--open-points", type=Path, help="how the recorded shop behaves (default: open-points.json beside the folder)"
    )
    return parser.parse_args()


async def replay_file(document: dict[str, Any], settings: Settings) -> Replayed:
    """Replay one recording against a simulator of its own, whose clock is the recording's. Raises NoScene."""
    captured_at = document.get("captured_at")
    if captured_at is None:
        raise NoScene("it has no time of its own: only recordings of `trueup certify` can be replayed")
    clock = VirtualClock(datetime.fromisoformat(str(captured_at)))
    simulator = Simulator(client_id="id", client_secret="secret", clock=clock, settings=settings)  # noqa: S106  # made up
    running = await start(simulator)
    try:
        async with aiohttp.ClientSession() as http:
            return await replay(running, clock, http, document)
    finally:
        await running.close()


def main() -> int:
    """Print the report; 0 where all answers are equal, 1 where some are not, 2 where nothing can be replayed."""
    arguments = _arguments()
    files = sorted(arguments.recordings.glob("*.json"))
    if not files:
        sys.exit(f"simulator.replay: {arguments.recordings} holds no recordings")
    beside = arguments.recordings.resolve().parent / "open-points.json"
    points = arguments.open_points or (beside if beside.exists() else None)
    equal = total = 0
    try:
        for file in files:
            settings = Settings()
            if points is not None:
                settings.open_points.update(read_open_points(points))
            done = asyncio.run(replay_file(json.loads(file.read_text(encoding="utf-8")), settings))
            equal, total = equal + len(done.equal), total + len(done.equal) + len(done.other)
            print(f"{file.name}: {len(done.equal)} equal, {len(done.other)} other")  # noqa: T201  # the report
            for difference in done.other:
                print(f"    {difference}")  # noqa: T201  # the report
    except (NoScene, SettingError, OSError, ValueError) as error:
        print(f"simulator.replay: {error}", file=sys.stderr)  # noqa: T201  # the one line
        return 2
    print(f"{equal} of {total} answers are equal ({100 * equal / max(1, total):.0f} %)")  # noqa: T201  # the report
    return 0 if equal == total else 1


if __name__ == "__main__":
    sys.exit(main())
