"""How a command ends: exit codes, and one line for a person instead of a traceback. And under which name it asks."""

from __future__ import annotations

from enum import IntEnum

from shared.errors import TrueupError

REQUESTED_BY = "trueup command line"
"""Who has asked, where a command asks for work or lets it go on."""


class Exit(IntEnum):
    """Exit codes of `trueup`."""

    OK = 0
    CELLS_FAILED = 1
    USAGE = 2
    """The command, or a setting, is wrong."""
    UNREACHABLE = 3
    """RabbitMQ, MongoDB or Shopify could not be reached."""
    INTERRUPTED = 130


class WrongUseError(TrueupError):
    """The command cannot be carried out as given; the message names the option and the remedy."""
