"""What is read of the database or written to it has a bound: no call asks for all at once, no field grows by each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_GROWING = {"$push", "$addToSet"}
_KNOWN_TO_BE_SHORT = {
    # The variants of one inventory item.
    "shared/mongodb/catalogue/imports.py",
    # With $slice: the last changes of a shop's settings.
    "shared/mongodb/shops/shop_settings.py",
    # Twenty notes of a job, by the update's own condition.
    "shared/mongodb/jobs/notes.py",
    # The mail addresses of a shop: ten at the most, by the update's own condition.
    "shared/mongodb/notices/mail.py",
    # Inside a $group: the classes of one BOM.
    "shared/mongodb/stock/known_drift.py",
}


def _unbounded(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "distinct":
                # Its answer is one document, and fails at 16 MB: shared/mongodb/lists/distinct.py.
                yield f"{node.lineno}: distinct"
            whole = not node.args or (isinstance(node.args[0], ast.Constant) and node.args[0].value is None)
            if node.func.attr == "to_list" and whole:
                yield f"{node.lineno}: to_list without a length"
        if isinstance(node, ast.Constant) and node.value in _GROWING:
            yield f"{node.lineno}: {node.value}"


@pytest.mark.parametrize("package", ["shared", "services"])
def test_nothing_asks_for_all_at_once(package: str) -> None:
    """Neither `distinct` nor `to_list` without a length, and no update that lets a list in a document grow."""
    found = [
        f"{name}:{what}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for what in _unbounded(path.read_text(encoding="utf-8"))
        if (name := str(path.relative_to(ROOT))) not in _KNOWN_TO_BE_SHORT
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    ["c.distinct('a')", "x.find({}).to_list(None)", "x.find({}).to_list()", "u = {'$push': {'a': 1}}"],
)
def test_what_asks_for_all_is_found(source: str) -> None:
    """The test above sees each kind."""
    assert len(list(_unbounded(source))) == 1


def test_a_page_is_none_of_these() -> None:
    """A length is a bound."""
    assert list(_unbounded("x.find({}).to_list(500)")) == []
