"""Asking a person before something is changed."""

from __future__ import annotations

import sys

from services.command_line.outcome import WrongUseError
from services.command_line.terminal.terminal import Terminal


def confirm(question: str, *, yes: bool) -> None:
    """Have a person agree. Raises WrongUseError where nobody can be asked, or where the answer is no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise WrongUseError("--yes: nobody can be asked here; say --yes to go on")
    # Asked on standard error: standard output is for the answer to the command.
    answer = Terminal(stderr=True).input(f"{question} [y/N] ", markup=False, emoji=False)
    if answer.strip().lower() not in {"y", "yes"}:
        raise WrongUseError("nothing was changed")
