"""One server process, watched by a keeper so that it cannot outlive the program that started it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.errors import LocalNodeError

_KEEPER = Path(__file__).with_name("keeper.py")


class KeptProcess:
    """A running command. Its output is appended to `log`; it ends with the process that made this object.

    All methods block; from a coroutine call them with `asyncio.to_thread`. Any thread may call them.
    """

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str], directory: Path, log: Path) -> None:
        """Start `command` in `directory`.

        Raises:
            LocalNodeError: the command cannot be run at all.
        """
        self._name = Path(command[0]).name
        self.log = log
        with log.open("ab") as output:
            self._keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_KEEPER), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env=dict(environment),
                cwd=directory,
                # Ctrl-C at the terminal is for the program, which then stops its servers in order.
                start_new_session=True,
            )
        assert self._keeper.stdout is not None  # noqa: S101 - for mypy: it is a pipe
        answer = self._keeper.stdout.readline()
        self._keeper.stdout.close()
        if not answer:
            self._end_keeper()
            message = f"cannot run {command[0]}: {self.last_words()}"
            raise LocalNodeError(message)
        self.pid = int(answer)

    @property
    def is_running(self) -> bool:
        """Whether the command still runs (also while frozen)."""
        return self._keeper.poll() is None

    @property
    def processor_seconds(self) -> int:
        """Whole seconds of processor time that the command has used by itself; 0 once it has ended."""
        try:
            # The name in parentheses may hold blanks and parentheses itself: count from its end.
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0
        return (int(fields[11]) + int(fields[12])) // os.sysconf("SC_CLK_TCK")

    def stop(self, seconds: float = 30) -> None:
        """Ask the command to end (SIGTERM); after `seconds`, end it by force."""
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._keeper.wait(seconds)
        self._end_keeper()

    def kill(self) -> None:
        """End the command at once (SIGKILL), as a crash would."""
        self._signal(signal.SIGKILL)
        self._end_keeper()

    def freeze(self) -> None:
        """Stop the command's clock (SIGSTOP): its connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen command run on."""
        self._signal(signal.SIGCONT)

    def last_words(self, lines: int = 3) -> str:
        """Return the end of the log on one line."""
        words = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return " | ".join(words[-lines:])

    def _signal(self, number: signal.Signals) -> None:
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _end_keeper(self) -> None:
        if self._keeper.stdin is not None:
            # The keeper takes the closed pipe as the end of its parent: it kills what is left, then exits.
            self._keeper.stdin.close()
        self._keeper.wait()
