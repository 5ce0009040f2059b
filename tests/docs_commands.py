"""The commands in README.md and docs/: which a test runs, and why the others are not run.

A fenced block marked `console` holds commands after `$ ` (going on over lines, quotes and here-documents) and what they
print, which is shown but not compared. `console not run: REASON` says why a block is not run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]

_FENCE = re.compile(r"^(\s*)```(.*)$")
_NOT_RUN = "not run:"
_HERE = re.compile(r"<<-?'?(\w+)'?")


@dataclass
class Command:
    """One command, and the line it begins on."""

    line: int
    text: str


@dataclass
class Block:
    """A fenced block."""

    document: Path
    line: int
    language: str
    about: str
    lines: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"{self.document.relative_to(PROJECT)}:{self.line}"

    @property
    def reason(self) -> str | None:
        """Why it is not run; None: it is."""
        return self.about.removeprefix(_NOT_RUN).strip() if self.about.startswith(_NOT_RUN) else None

    def commands(self) -> list[Command]:
        """What stands after each `$ `."""
        found: list[Command] = []
        rest = iter(enumerate(self.lines, self.line + 1))
        for number, line in rest:
            if line.startswith("$ "):
                found.append(Command(number, _whole(line[2:], rest)))
        return found


def _whole(text: str, rest: Iterator[tuple[int, str]]) -> str:
    """A command with the lines that it goes on in."""
    if here := _HERE.search(text):
        for _, line in rest:
            text += "\n" + line
            if line == here[1]:
                break
        return text
    while text.endswith("\\") or _is_open(text):
        try:
            _, line = next(rest)
        except StopIteration:
            break
        text += "\n" + line
    return text


def _is_open(text: str) -> bool:
    try:
        shlex.split(text)
    except ValueError:
        return True
    return False


FIRST_HOUR = PROJECT / "docs" / "first-hour.md"
"""Makes the shop of which the other documents speak."""


def documents() -> list[Path]:
    """README.md and docs/."""
    return [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]


def runs_something(document: Path) -> bool:
    """Whether it has commands that a test runs."""
    return any(block.commands() for block in blocks(document) if block.language == "console" and block.reason is None)


def blocks(document: Path) -> list[Block]:
    """The fenced blocks of a document."""
    found: list[Block] = []
    inside: Block | None = None
    indent = ""
    for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if fence is None:
            if inside is not None:
                # A block within a list is indented.
                inside.lines.append(line.removeprefix(indent))
        elif inside is not None:
            inside = None
        else:
            indent = fence[1]
            language, _, about = fence[2].partition(" ")
            inside = Block(document, number, language, about.strip())
            found.append(inside)
    return found
