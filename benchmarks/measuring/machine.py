"""On what a run was made: the machine, and the versions of all that took part."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deploy.local.run_directory import RUN_DIRECTORY
from shared.mongodb.connection import Mongo
from tests.backends.management import Management

_PROJECT = Path(__file__).resolve().parents[2]
_PEERS = ("celery", "dramatiq", "taskiq", "taskiq-aio-pika")


async def described(management_url: str, mongo: Mongo) -> dict[str, Any]:
    """By name, in the order of a table. `management_url`: of RabbitMQ."""
    store = await mongo.db.client.admin.command("buildInfo")
    return await asyncio.to_thread(_described, management_url, str(store["version"]))


def _described(management_url: str, mongodb: str) -> dict[str, Any]:
    processor = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    broker = Management(management_url).request("GET", "/overview")
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": commit(),
        "processor": processor[1] if processor else platform.machine(),
        "cores": os.cpu_count() or 1,
        "memory": f"{int(memory[1]) / 1024**2:.0f} GB" if memory else "unknown",
        "system": f"{platform.system()} {platform.release()}",
        "load as it began": f"{os.getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
        "RabbitMQ": f"{broker['rabbitmq_version']}, Erlang {broker['erlang_version']}",
        "MongoDB": f"{mongodb}, one member",
        **{name: version(name) for name in ("aio-pika", "aiohttp", "motor", "pymongo")},
        **_peers(),
    }


def commit() -> str:
    """What is measured; `-dirty` where files differ from it, other than documents, which take the tables."""
    head = _git("rev-parse", "--short", "HEAD")
    if not head:
        return "not in a repository"
    return head + ("-dirty" if _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs") else "")


def _git(*arguments: str) -> str:
    git = ["git", "-C", str(_PROJECT), *arguments]
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _peers() -> dict[str, str]:
    python = RUN_DIRECTORY / "peers" / "bin" / "python"
    if not python.exists():
        return {}
    ask = f"from importlib.metadata import version as v; print(*(v(name) for name in {_PEERS}))"
    done = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=False)
    return dict(zip(_PEERS, done.stdout.split(), strict=False))
