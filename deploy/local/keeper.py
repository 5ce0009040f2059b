"""Runs one command, and ends it with all its descendants when its own parent goes away, however that happens.

Run as a script: `python -I -S keeper.py COMMAND...`, standard input being a pipe that the parent holds open.
It writes the command's process id to standard output, and exits with the command's exit code.

Why not PR_SET_PDEATHSIG alone: it fires when the starting *thread* ends, and reaches no grandchild (epmd, the port
programs of Erlang). Only the standard library is used, so that it starts in a few milliseconds.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_STDIN = 0


def main(command: list[str]) -> int:
    """Run `command` until it or the parent ends. Return its exit code, or 128 + the signal that ended it."""
    # A parent that waits for signals may have blocked them; the command must hear them.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    libc = ctypes.CDLL(None)
    # Descendants whose parent dies become ours, also those that went to the background.
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)

    # Should this keeper itself be killed, the command goes, too. There is one thread here, so the fork is safe.
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        preexec_fn=lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0),  # noqa: PLW1509 - see above
    )
    print(child.pid, flush=True)  # noqa: T201 - the parent reads it

    while child.poll() is None:
        readable, _, _ = select.select([_STDIN, woken], [], [])
        if _STDIN in readable and not os.read(_STDIN, 1024):
            break
        if woken in readable:
            os.read(woken, 1024)
            _reap_all_but(child.pid)
    _kill_descendants(child)
    code = child.wait()
    return code if code >= 0 else 128 - code


def _reap_all_but(pid: int) -> None:
    for orphan in _children():
        if orphan != pid:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(orphan, os.WNOHANG)


def _kill_descendants(child: "subprocess.Popen[bytes]") -> None:
    # Killing a parent hands its children to us, so it goes on until none is left.
    while children := _children():
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in children:
            if pid == child.pid:
                child.wait()
            else:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)


def _children() -> list[int]:
    own = os.getpid()
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _parent_of(entry) == own]


def _parent_of(entry: Path) -> int | None:
    try:
        stat = (entry / "stat").read_text()
    except OSError:  # it has just ended
        return None
    # The name in parentheses may hold blanks and parentheses itself: count from its end.
    return int(stat.rpartition(")")[2].split()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
