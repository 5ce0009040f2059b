"""What every peer does: take a cell's message, write that it is done, by majority, to the same MongoDB as Trueup.

A peer's requester says `ready` once it has loaded everything, and begins at the line that then comes: what is measured
is the work, not the start of a program.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

AMQP_URL = os.environ.get("PEER_AMQP_URL", "")
MONGODB_URI = os.environ.get("PEER_MONGODB_URI", "")
DATABASE = os.environ.get("PEER_DATABASE", "peer")
CELLS, JOBS = "cells", "jobs"
JOB = "job"
PREFETCH = 250
"""Messages a worker has in hand: Trueup's own batch."""
WORKERS = 2
"""Worker processes: the manuals say one per core."""


def cell_name(number: int) -> str:
    """The id of a cell: as many digits for each, so that their order is the order of asking."""
    return f"cell-{number:08}"


def change(value: int) -> dict[str, Any]:
    """What the task of a cell writes."""
    return {"$set": {"state": "updated", "shopify": value}}


def request(ask: Callable[[int], None]) -> None:
    """Say that all is loaded, wait for the word, and ask for as many cells as the argument says.

    Then stay until another word: whoever ends takes its processor time along.
    """
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    ask(int(sys.argv[1]))
    sys.stdin.readline()
