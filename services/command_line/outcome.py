"""How a command ends: exit codes, and one line for a person instead of a traceback. And under which name it asks."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from shared.errors import TrueupError

REQUESTED_BY = "trueup command line"
"""Who has asked, where a command asks for work or lets it go on."""


class Exit(IntEnum):
    """Exit codes of `trueup`."""

    OK = 0
    CELLS_FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    DIFFERS = 4
    BEYOND_LIMITS = 5
    UNEXPECTED = 70
    INTERRUPTED = 130
    NOBODY_READS = 141


MEANING: Mapping[Exit, str] = {
    Exit.OK: "Done.",
    Exit.CELLS_FAILED: (
        "Done, but not all of it: cells failed, lines of a file made no BOM or no count, or a fact could not be tried."
    ),
    Exit.USAGE: (
        "It cannot work so: the command, a setting, or RabbitMQ or MongoDB as it stands (password, rights, "
        "queues, indexes) is wrong; or a question was answered with no. The line names the argument or the setting, "
        "and the remedy; trying again does not help."
    ),
    Exit.UNREACHABLE: (
        "RabbitMQ, MongoDB, Shopify or the Trueup of TRUEUP_URL is away or busy. The line names the host and the "
        "cause; trying again may help."
    ),
    Exit.DIFFERS: (
        "With `--exit-code`: the two sides differ, or the plan changes something. Of `certify`: Shopify is otherwise "
        "than believed."
    ),
    Exit.BEYOND_LIMITS: (
        "The run would go beyond the shop's limits, so nothing was changed. The line names the limit and the values."
    ),
    Exit.UNEXPECTED: "A fault of Trueup's own. `TRUEUP_LOG_LEVEL=debug` shows where; report it.",
    Exit.INTERRUPTED: "Interrupted by Ctrl-C. A run that was watched goes on.",
    Exit.NOBODY_READS: "Whoever read the output went away before its end.",
}
"""What each says, for documents."""


class WrongUseError(TrueupError):
    """The command cannot be carried out as given; the message names the option and the remedy."""


class BeyondLimitsError(TrueupError):
    """The run would go beyond the shop's limits; the message names the limit and the values."""
