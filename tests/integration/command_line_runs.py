"""Running `trueup` as a person or a script does, against the shop of a test."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.settings import Settings

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


def environment_of(settings: Settings, **more: str) -> dict[str, str]:
    """The environment that says what the settings say."""
    keys = ",".join(key.get_secret_value() for key in settings.token_keys)
    known = {
        "TRUEUP_AMQP_URL": settings.amqp_url.get_secret_value(),
        "TRUEUP_MONGODB_URI": settings.mongodb_uri.get_secret_value(),
        "TRUEUP_MONGODB_DATABASE": settings.mongodb_database,
        "TRUEUP_SHOPIFY_CLIENT_ID": settings.shopify_client_id,
        "TRUEUP_SHOPIFY_CLIENT_SECRET": settings.shopify_client_secret.get_secret_value(),
        "TRUEUP_SHOPIFY_URL": settings.shopify_url,
        "TRUEUP_TOKEN_KEYS": keys,
        "COLUMNS": "80",
    }
    bare = {name: value for name, value in os.environ.items() if not name.startswith("TRUEUP_")}
    return bare | known | more


async def trueup(settings: Settings, *arguments: str, words: str = "") -> Ended:
    """Run one command to its end."""
    process = await asyncio.create_subprocess_exec(
        str(TRUEUP),
        *arguments,
        env=environment_of(settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(words.encode()), 60)
    return Ended(process.returncode or 0, output.decode(), errors.decode())
