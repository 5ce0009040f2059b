"""Standard output that nobody reads any more: `trueup boms list | head`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from services.command_line.outcome import Exit


def nobody_reads() -> Exit:
    """Whoever read it has seen enough: nothing more is said, not even at the interpreter's end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.NOBODY_READS
