"""Examples of every operation: requests that a running service has taken, and what it has answered.

They are kept in `examples.json`, made by the test that runs each of them; its ids, times and names stand for a shop's.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

EXAMPLES_FILE = files(__package__) / "examples.json"


@cache
def examples_of() -> dict[str, Any]:
    """By the operation's name: `path`, `query`, `body`, `status` and `answer`."""
    read: dict[str, Any] = json.loads(EXAMPLES_FILE.read_text(encoding="utf-8"))
    return read
