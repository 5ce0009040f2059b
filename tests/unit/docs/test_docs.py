"""The documents hold together: blocks that a test can run, links that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs_commands import PROJECT, blocks, documents

_NO_SHELL = {"text", "mermaid", "json", "yaml", "python", "promql", "ini", "toml", "javascript"}
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_command_is_run_or_says_why_not(document: Path) -> None:
    """A block is `console`, with commands and, where they are not run, a reason; or it is no block of a shell."""
    for block in blocks(document):
        assert block.language in {"console", *_NO_SHELL}, f"{block.place}: language {block.language!r}"
        if block.language == "console":
            assert block.commands(), f"{block.place}: no line begins with `$ `"
            assert block.reason is None or len(block.reason.split()) > 1, f"{block.place}: not run, but why?"
            assert block.reason is not None or not block.about, f"{block.place}: {block.about!r}"


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_links_lead_somewhere(document: Path) -> None:
    """A link to a file or a heading of ours finds it."""
    for target in _LINK.findall(document.read_text(encoding="utf-8")):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = document if not path else (document.parent / path).resolve()
        assert file.exists(), f"{document.name}: {target}"
        if anchor:
            assert anchor in _anchors(file), f"{document.name}: {target}"


def _anchors(file: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
