"""What the architecture and the glossary name in the code is there: files by the end of a path, methods by class."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
CODE = {
    path: path.read_text(encoding="utf-8") for top in ("shared", "services") for path in (PROJECT / top).rglob("*.py")
}


@pytest.mark.parametrize("page", ["architecture.md", "glossary.md"])
def test_every_file_that_is_named_exists(page: str) -> None:
    """A reader who follows a path arrives."""
    text = (PROJECT / "docs" / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+\.py)`", text))
    assert named
    assert [name for name in sorted(named) if not any(f"/{path}".endswith(f"/{name}") for path in CODE)] == []


def test_every_method_that_is_named_exists() -> None:
    """The life of a cell is read along by class and method."""
    text = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z]\w+)\.(\w+)`", text))
    assert named

    def there(of: str, method: str) -> bool:
        return any(re.search(rf"^class {of}\b[\s\S]*?\bdef {method}\b", code, re.MULTILINE) for code in CODE.values())

    assert [f"{of}.{method}" for of, method in sorted(named) if not there(of, method)] == []
