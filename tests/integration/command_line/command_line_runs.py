"""Running `trueup` against the shop of a test: in this process, or in one of its own where the process is the point."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.settings import Settings
from tests.integration.command_line.commands_in_process import run_here
from tests.waiting import ended

STYLE = re.compile(r"\x1b\[[0-9;]*m")
"""What makes letters bold on a terminal."""

TRUEUP = Path(sys.executable).with_name("trueup")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    output: str
    errors: str

    @property
    def document(self) -> Any:
        """The one JSON document it printed."""
        return json.loads(self.output)


def settings_as_environment(settings: Settings) -> dict[str, str]:
    """The variables that say what the settings say."""
    hooks = {} if settings.webhook_url is None else {"TRUEUP_WEBHOOK_URL": settings.webhook_url}
    return hooks | {
        "TRUEUP_AMQP_URL": settings.amqp_url.get_secret_value(),
        "TRUEUP_MONGODB_URI": settings.mongodb_uri.get_secret_value(),
        "TRUEUP_MONGODB_DATABASE": settings.mongodb_database,
        "TRUEUP_SHOPIFY_CLIENT_ID": settings.shopify_client_id,
        "TRUEUP_SHOPIFY_CLIENT_SECRET": settings.shopify_client_secret.get_secret_value(),
        "TRUEUP_SHOPIFY_URL": settings.shopify_url,
        "TRUEUP_TOKEN_KEYS": ",".join(key.get_secret_value() for key in settings.token_keys),
        "TRUEUP_BOMS_PER_SHOP": str(settings.boms_per_shop),
        "COLUMNS": "80",
    }


def environment_of(settings: Settings, **more: str) -> dict[str, str]:
    """The environment of a process that runs by these settings."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("TRUEUP_")}
    return bare | settings_as_environment(settings) | more


async def trueup(settings: Settings, *arguments: str, words: str = "", columns: int | None = None) -> Ended:
    """Run one command to its end, in this process; `columns`: on a terminal so wide."""
    done = await run_here(arguments, settings_as_environment(settings), words, columns=columns)
    return Ended(done.code, STYLE.sub("", done.output), done.errors)


async def trueup_process(settings: Settings, *arguments: str, words: str = "") -> Ended:
    """Run one command to its end as a person or a script does."""
    process = await asyncio.create_subprocess_exec(
        str(TRUEUP),
        *arguments,
        env=environment_of(settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await ended(process, words.encode(), what=f"trueup {' '.join(arguments)}")
    return Ended(process.returncode or 0, output.decode(), errors.decode())
