"""`python -m simulator` as a program."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import aiohttp


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
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_it_starts_serves_and_stops(tmp_path: Path) -> None:
    """It prints one line, writes the ready file, serves the shops of its configuration and ends cleanly on SIGTERM."""
    config, ready = tmp_path / "config.json", tmp_path / "ready.json"
    shop = {"domain": "demo.myshopify.com", "access_token": "t", "locations": [{"name": "A"}]}
    config.write_text(json.dumps({"shops": [shop], "webhook_backoff_factor": 0.001}))
    process = await _start("--port", "0", "--ready-file", str(ready), "--config", str(config))
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 20)
    told = json.loads(ready.read_text())
    assert line.decode().strip() == f"simulator ready at {told['url']}"
    assert told["pid"] == process.pid
    async with aiohttp.ClientSession() as http, http.get(f"{told['url']}/control/shops/demo.myshopify.com") as response:
        assert [place["name"] for place in (await response.json())["locations"]] == ["A"]
    os.kill(process.pid, signal.SIGTERM)
    rest, errors = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, rest, errors) == (0, b"", b"")


async def test_a_bad_configuration_stops_the_start(tmp_path: Path) -> None:
    """One line names what is wrong; there is no traceback."""
    config = tmp_path / "config.json"
    config.write_text('{"open_points": {"nope": true}}')
    process = await _start("--config", str(config))
    _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert errors.decode().startswith("simulator: open point 'nope' does not exist")
    assert len(errors.decode().strip().splitlines()) == 1
