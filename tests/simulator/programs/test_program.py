"""`python -m simulator` as a program."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from simulator.__main__ import main
from tests.waiting import arrival, ended, work_of


async def _start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulator",
        "--client-id",
        "app",
        "--client-secret",
        "hush",
        *arguments,
        cwd=Path(__file__).parents[3],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_it_starts_serves_and_stops(tmp_path: Path) -> None:
    """It prints one line, writes the ready file, serves the shops of its configuration and ends cleanly on SIGTERM.

    It behaves as the open points of a certification say.
    """
    config, ready, points = (tmp_path / f"{name}.json" for name in ("config", "ready", "open-points"))
    points.write_text('{"stale_paths": false}')
    shop = {"domain": "demo.myshopify.com", "access_token": "t", "locations": [{"name": "A"}]}
    config.write_text(json.dumps({"shops": [shop], "webhook_backoff_factor": 0.001}))
    process = await _start(
        "--port", "0", "--ready-file", str(ready), "--config", str(config), "--open-points", str(points)
    )
    assert process.stdout is not None
    line = await arrival(process.stdout.readline(), what="the simulator's line", progress=work_of(process.pid))
    told = json.loads(ready.read_text())
    assert line.decode().strip() == f"simulator ready at {told['url']}"
    assert told["pid"] == process.pid
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{told['url']}/control/shops/demo.myshopify.com") as response:
            assert [place["name"] for place in (await response.json())["locations"]] == ["A"]
        async with http.get(f"{told['url']}/control/open_points") as response:
            assert (await response.json())["stale_paths"] is False
    os.kill(process.pid, signal.SIGTERM)
    rest, errors = await ended(process, what="the simulator")
    assert (process.returncode, rest, errors) == (0, b"", b"")


def test_a_bad_configuration_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line names what is wrong; there is no traceback."""
    config = tmp_path / "config.json"
    config.write_text('{"open_points": {"nope": true}}')
    words = ["simulator", "--client-id", "app", "--client-secret", "hush", "--config", str(config)]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as end:
        main()
    # What an exit is told that is no number is printed to standard error, and its code is 1.
    assert str(end.value.code).startswith("simulator: open point 'nope' does not exist")
    assert len(str(end.value.code).splitlines()) == 1
