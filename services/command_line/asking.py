"""Asking a person before something is changed."""

from __future__ import annotations

import sys

from rich.console import Console

from services.command_line.outcome import WrongUseError


def ask_first(question: str, *, yes: bool) -> None:
    """Have a person agree. Raises WrongUseError where nobody can be asked, or where the answer is no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise WrongUseError("--yes: nobody can be asked here; say --yes to go on")
    # Asked on standard error: standard output is for the answer to the command.
    answer = Console(stderr=True).input(f"{question} [y/N] ", markup=False)
    if answer.strip().lower() not in {"y", "yes"}:
        raise WrongUseError("nothing was changed")
