"""The version stands in one place."""

import re
from pathlib import Path

from shared.version import VERSION

PROJECT = Path(__file__).parents[3]


def test_the_changes_begin_with_this_version() -> None:
    """A version is released together with what it changes."""
    headings = re.findall(r"^## (\S+)", (PROJECT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert headings[0] == VERSION
