"""How the command `trueup` is run, and how every failure of it ends: one line and an exit code."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Sequence
from typing import NoReturn

from services.command_line import garbage
from services.command_line.api.problems import ApiFault, ApiRefused, ApiUnavailable
from services.command_line.command_table import app
from services.command_line.outcome import BeyondLimitsError, Exit, WrongUseError
from services.command_line.pipe import nobody_reads
from services.command_line.terminal.printable import printable
from shared.errors import (
    BrokerRefuses,
    BrokerUnavailable,
    ShopifyError,
    StoreRefuses,
    StoreUnavailable,
    TrueupError,
    WrongSetting,
)
from shared.observing.hiding import without_secrets

_WHERE_TO_LISTEN = ": TRUEUP_HOST, TRUEUP_PORT and TRUEUP_OPERATIONS_PORT say where to listen, change them"


def main() -> None:
    """Run the command; every failure is one line on standard error and an exit code."""
    garbage.put_off()
    try:
        run()
    finally:
        garbage.leave_to_the_system()


def run(arguments: Sequence[str] | None = None) -> None:
    """Run a command, by default that of `sys.argv`. Raises SystemExit with the exit code."""
    try:
        app(arguments, prog_name="trueup")
        sys.stdout.flush()
    except BrokenPipeError:
        sys.exit(nobody_reads())
    except Exception as error:  # noqa: BLE001  # whatever it is, no traceback for the user
        message, code = ending_of(error)
        if code is Exit.UNEXPECTED and os.environ.get("TRUEUP_LOG_LEVEL") == "debug":
            import traceback

            print(without_secrets("".join(traceback.format_exception(error)), keep_end=True), file=sys.stderr)  # noqa: T201  # asked for
        _end(message, code)


_WRONG = (WrongUseError, WrongSetting, BrokerRefuses, StoreRefuses, ApiRefused)
_AWAY = (BrokerUnavailable, StoreUnavailable, ApiUnavailable)


def ending_of(error: Exception) -> tuple[str, Exit]:
    """What is said of whatever ended a command, and by which exit code: wrong, away, or a fault of ours."""
    match error:
        case _ if isinstance(error, _WRONG):
            return str(error), Exit.USAGE
        case BeyondLimitsError():
            return str(error), Exit.BEYOND_LIMITS
        case _ if isinstance(error, _AWAY):
            return str(error), Exit.UNREACHABLE
        case ShopifyError():
            return f"Shopify could not be read: {error}", Exit.UNREACHABLE
        case ApiFault():
            return f"unexpected: {error} (the log of the service shows where)", Exit.UNEXPECTED
        case _:
            return _of_the_system(error)


def _of_the_system(error: Exception) -> tuple[str, Exit]:
    if isinstance(error, TrueupError):
        return f"{error}; run the command again", Exit.UNREACHABLE
    if isinstance(error, (ConnectionError, TimeoutError)):
        return f"a server went away: {str(error) or type(error).__name__}; run the command again", Exit.UNREACHABLE
    if isinstance(error, OSError):
        # A port that is taken, a full disk: what the system says names it.
        return f"{error.strerror or error}{_WHERE_TO_LISTEN * _is_of_listening(error)}", Exit.USAGE
    return f"unexpected: {type(error).__name__}: {error} (TRUEUP_LOG_LEVEL=debug shows where)", Exit.UNEXPECTED


def _is_of_listening(error: OSError) -> bool:
    """Only servers of ours resolve a name, or take a port, that far out: clients' errors are their adapters'."""
    return isinstance(error, socket.gaierror) or error.errno in {errno.EADDRINUSE, errno.EADDRNOTAVAIL}


def _end(message: str, code: int) -> NoReturn:
    line = printable(without_secrets(" ".join(message.split())))
    print("trueup:", line, file=sys.stderr)  # noqa: T201  # the command's output
    sys.exit(code)
