"""Logs: one JSON line per event, whoever says it."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import logging, warnings
from shared.observing.logs import configure_logs
configure_logs("trial", "info")
warnings.warn("a key that is short")
logging.getLogger("library").warning("it says")
"""


def test_a_warning_of_a_library_is_a_line_as_well() -> None:
    """What Python's warnings and a library's own log say stands on JSON lines, not between them."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    first, second = (json.loads(line) for line in ended.stderr.splitlines())
    assert "a key that is short" in first["event"]
    assert (second["event"], second["level"]) == ("it says", "warning")
