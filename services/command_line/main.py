"""How the command `trueup` is run, and how every failure of it ends: one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from services.command_line import garbage
from services.command_line.commands import app
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.printable import printable
from shared.errors import BrokerUnavailable, ShopifyError, StoreUnavailable, TrueupError, WrongSetting
from shared.hiding import without_secrets

_UNEXPECTED = 70


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
    except (WrongUseError, WrongSetting) as error:
        _end(str(error), Exit.USAGE)
    except (BrokerUnavailable, StoreUnavailable) as error:
        _end(str(error), Exit.UNREACHABLE)
    except ShopifyError as error:
        _end(f"Shopify could not be read: {error}", Exit.UNREACHABLE)
    except TrueupError as error:
        _end(f"{error}; run the command again", Exit.UNREACHABLE)
    except OSError as error:
        # A port that is taken, a full disk: what the system says names it.
        _end(str(error.strerror or error), Exit.USAGE)
    except Exception as error:  # noqa: BLE001  # whatever it is, no traceback for the user
        if os.environ.get("TRUEUP_LOG_LEVEL") == "debug":
            import traceback

            print(without_secrets("".join(traceback.format_exception(error)), keep_end=True), file=sys.stderr)  # noqa: T201  # asked for
        _end(f"unexpected: {type(error).__name__}: {error} (TRUEUP_LOG_LEVEL=debug shows where)", _UNEXPECTED)


def _end(message: str, code: int) -> NoReturn:
    told = printable(without_secrets(" ".join(message.split())))
    print("trueup:", told, file=sys.stderr)  # noqa: T201  # the command's output
    sys.exit(code)
