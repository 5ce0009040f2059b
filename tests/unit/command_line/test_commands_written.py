"""Every command that is written anywhere exists, with its options: in the documents, the remedies, the page's texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from services.command_line.command_table import app
from tests.docs_commands import PROJECT, documents

_INLINE = re.compile(r"`trueup ([a-z][^`]*)`")
_TYPED = re.compile(r"^(?:.*[$|] |until |.*&& )trueup ([a-z].*)$", re.MULTILINE)
_ENDS = frozenset({"|", "&&", ";", ">", ">>", "<", "#", "…", "..."})

ROOT = typer.main.get_command(app)


def written() -> Iterator[tuple[str, str]]:
    """Where, and what stands after `trueup`."""
    for document in documents():
        text = re.sub(r"\\\n\s*", "", document.read_text(encoding="utf-8"))
        whole = re.sub(r"(`trueup [^`\n]*)\n\s*([^`\n]*`)", r"\1 \2", text)
        for found in (*_INLINE.finditer(whole), *_TYPED.finditer(whole)):
            yield document.name, found[1]
    for folder, pattern in (("services", "*.py"), ("shared", "*.py"), ("admin_ui/src/texts", "*.ts")):
        for source in sorted((PROJECT / folder).rglob(pattern)):
            for found in re.finditer(r"with: trueup ([a-z][^\"{`]*)|`trueup ([a-z][^`{]*)`", source.read_text("utf-8")):
                yield source.name, found[1] or found[2]


def problem_of(words: str) -> str | None:
    """What is wrong with a command; None: nothing."""
    command: Any = ROOT
    inside: dict[str, Any] | None = command.commands
    for written_word in re.sub(r"\[[^\]]*\]", "", words).replace("(", " ").split():
        if written_word in _ENDS or written_word.startswith(("$", "<")):
            break
        word = written_word.rstrip(",.;)\"'").partition("|")[0]
        if inside is not None:
            if word not in inside:
                return f"there is no {word}"
            command = inside[word]
            inside = getattr(command, "commands", None)
        elif word.startswith("--"):
            known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
            if word.partition("=")[0] not in known | {"--help"}:
                return f"there is no {word}"
    return None


def test_every_command_that_is_written_exists() -> None:
    """A reader who types it is understood."""
    found = list(written())
    assert len(found) > 50
    assert [(place, words, wrong) for place, words in found if (wrong := problem_of(words)) is not None] == []


@pytest.mark.parametrize("words", ["jobs ID", "preview --all", "jobs list --odd", "shop rename"])
def test_a_command_that_is_none_is_found(words: str) -> None:
    """The look sees what it is for."""
    assert problem_of(words) is not None
