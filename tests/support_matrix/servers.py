"""The versions that a run finds: of its servers, asked from themselves, and of what is installed."""

from __future__ import annotations

import base64
import json
import platform
import subprocess
import urllib.request
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pymongo import MongoClient

LIBRARIES = ("aio-pika", "aiohttp", "motor", "pydantic", "pymongo")

_PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Servers:
    """What answered."""

    rabbitmq: str
    erlang: str
    mongodb: str
    mongodb_members: int


def asked(management_url: str, mongodb_uri: str) -> Servers:
    """Ask both. `management_url`: of RabbitMQ, with user and password."""
    broker = _overview(management_url)
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        store = client.admin.command("buildInfo")
        members = client.admin.command("replSetGetStatus")["members"]
    return Servers(broker["rabbitmq_version"], broker["erlang_version"], str(store["version"]), len(members))


def _overview(management_url: str) -> dict[str, Any]:
    parts = urlsplit(management_url)
    where = parts._replace(netloc=f"{parts.hostname}:{parts.port}").geturl().rstrip("/")
    login = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    request = urllib.request.Request(f"{where}/api/overview", headers={"Authorization": f"Basic {login}"})  # noqa: S310  # the operator's own
    with urllib.request.urlopen(request) as answer:  # noqa: S310  # the operator's own
        told: dict[str, Any] = json.load(answer)
    return told


def libraries() -> dict[str, str]:
    """Those that speak to the servers."""
    return {name: version(name) for name in LIBRARIES}


def system() -> str:
    """The operating system, without the machine's name."""
    release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    return f"{release.get('PRETTY_NAME', platform.system())}, {platform.machine()}"


def commit() -> str:
    """What was run; `-dirty` where files differ from it, other than the rows and the page made of them."""
    git = ["git", "-C", str(_PROJECT)]
    head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    if head.returncode:
        return "not in a repository"
    others = ["status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs", ":!tests/support_matrix/rows.json"]
    changed = subprocess.run([*git, *others], capture_output=True, text=True, check=False)
    return head.stdout.strip() + ("-dirty" if changed.stdout.strip() else "")
