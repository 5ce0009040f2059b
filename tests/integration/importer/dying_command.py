"""`trueup` as a process that kills itself: -9 at the first line on standard error with the words of the variable.

The kill comes within the writing of that line: a kill from outside would race with what the command does next.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TextIO

from services.command_line.main import main


class DeadlyStream:
    """Standard error that is the last thing its process writes to, once `words` came by."""

    def __init__(self, stream: TextIO, words: str) -> None:
        self._stream = stream
        self._words = words

    def write(self, text: str) -> int:
        """As the stream; never returns at those words."""
        written = self._stream.write(text)
        if self._words in text:
            self._stream.write("\n")
            self._stream.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return written

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


if __name__ == "__main__":
    sys.stderr = DeadlyStream(sys.stderr, os.environ["TRUEUP_TEST_DIE_AT"])
    main()
