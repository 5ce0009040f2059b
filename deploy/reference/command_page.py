"""docs/reference/command-line.md, from the command itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from deploy.reference.markdown import table
from services.command_line.command_table import app
from services.command_line.outcome import MEANING, Exit

_TWO_WAYS = (
    "Where `TRUEUP_URL` is set it asks the Trueup there over HTTP, with the key in `TRUEUP_KEY` (a file `trueup_key` "
    "in `TRUEUP_SECRETS_DIR` does as well). Else it speaks to RabbitMQ, MongoDB and Shopify itself, by the same "
    "[settings](settings.md) as the services. Both ways answer the same; what only the stores can do says so.\n"
)
_OUTPUT = (
    "Results go to standard output, whole where it is no terminal; progress and questions go to standard error. "
    "`--json` prints what the [HTTP API](http.md) answers, field by field. `NO_COLOR` is heeded.\n"
)


def command_page() -> str:
    """The page."""
    parts = [
        "# The command line\n",
        _TWO_WAYS,
        _OUTPUT,
        "A shell completes its words by `trueup completion bash`, `zsh` or `fish`.\n",
        "Whatever stops it is one line on standard error, and an exit status that tells what kind it is:\n",
        table(("exit status", "meaning"), [(str(int(code)), MEANING[code]) for code in Exit]),
        "[What stops a start](../operations/README.md#what-stops-a-start) has the cases.\n",
    ]
    for name, command in _commands("trueup", typer.main.get_command(app)):
        parts.append(f"## {name}\n")
        parts.append(" ".join((command.help or "").split()) + "\n")
        rows = [_parameter(one) for one in command.params if one.name != "help"]
        parts.append(table(("parameter", "required", "meaning"), rows))
    return "\n".join(part for part in parts if part)


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inside = getattr(command, "commands", None)
    if inside is None:
        yield name, command
        return
    for word, inner in inside.items():
        yield from _commands(f"{name} {word}", inner)


def _parameter(one: Any) -> tuple[str, str, str]:
    is_option = one.param_type_name == "option"
    names = ", ".join((*one.opts, *one.secondary_opts)) if is_option else one.metavar or one.name.upper()
    return f"`{names}`", "yes" if one.required else "no", one.help or ""
