"""The storm of webhooks at full size, on servers of its own: prints its figures, ends with 1 where something is wrong.

`python -m benchmarks.webhooks.campaign [--webhooks 50000] [--boms 500] [--locations 4] [--seed 1] …`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ulid import ULID

from benchmarks.webhooks.storm import storm
from benchmarks.webhooks.storm_checks import complaints
from benchmarks.webhooks.storm_run import measured
from benchmarks.webhooks.storm_size import Broker, StormSize
from deploy.local.mongodb import MongoDbReplicaSet
from deploy.local.rabbitmq import RabbitMqNode
from shared.observing.logs import configure_logs


async def run(size: StormSize) -> dict[str, Any]:
    """The whole campaign."""
    with tempfile.TemporaryDirectory(prefix="trueup-storm-") as name:
        folder = Path(name)
        broker, store = RabbitMqNode(folder / "rabbitmq"), MongoDbReplicaSet(folder / "mongodb")
        try:
            await asyncio.gather(asyncio.to_thread(broker.start), asyncio.to_thread(store.start))
            async with storm(Broker.of(broker), store.uri, f"storm_{ULID()}".lower(), size, folder) as begun:
                return await measured(begun)
        finally:
            broker.end()
            store.end()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures as JSON, and what was wrong with them."""
    parser = argparse.ArgumentParser(description="Lost, doubled and reordered webhooks beside restarts and kills.")
    for field in fields(StormSize):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default)
    size = StormSize(**vars(parser.parse_args(arguments)))
    configure_logs("benchmark", os.environ.get("TRUEUP_LOG_LEVEL", "error"))
    figures = asyncio.run(run(size))
    wrong = complaints(figures)
    sys.stdout.write(json.dumps(figures | {"complaints": wrong}, indent=2) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
