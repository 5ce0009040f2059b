"""What a shell completes by."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Shell(StrEnum):
    """Shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion_command(
    *, shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="Which shell: bash, zsh or fish.")]
) -> None:
    """Print what a shell completes trueup's commands by; put it where the shell reads it at its start.

    bash: trueup completion bash >> ~/.bashrc; zsh: the same into ~/.zshrc; fish: into
    ~/.config/fish/completions/trueup.fish.
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # no stub names it

    typer.echo(get_completion_script(prog_name="trueup", complete_var=COMPLETE, shell=str(shell)))


COMPLETE = "_TRUEUP_COMPLETE"
"""By this variable the shell asks the command itself what could come next."""


def make_ready() -> None:
    """Teach the command the ways of the shells, where one of them asks."""
    import os

    if os.environ.get(COMPLETE):
        from typer.completion import completion_init  # type: ignore[attr-defined]  # as above

        completion_init()
