"""What an object keeps may change whenever a task awaits: a walk through it that awaits goes over a snapshot."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_VIEWS = {"items", "keys", "values"}
_LAZY = {"enumerate", "filter", "iter", "map", "reversed", "zip"}
_AWAITING = (ast.Await, ast.AsyncFor, ast.AsyncWith)


def _is_live(walked: ast.expr) -> bool:
    """Whether it is an attribute of `self`, a view of one, or walks through one lazily."""
    if isinstance(walked, ast.Call):
        called = walked.func
        if isinstance(called, ast.Name) and called.id in _LAZY:
            return any(_is_live(argument) for argument in walked.args)
        return isinstance(called, ast.Attribute) and called.attr in _VIEWS and _is_live(called.value)
    if isinstance(walked, ast.Subscript):
        return not isinstance(walked.slice, ast.Slice) and _is_live(walked.value)
    return isinstance(walked, ast.Attribute) and (
        _is_live(walked.value) or (isinstance(walked.value, ast.Name) and walked.value.id == "self")
    )


def _awaits(nodes: Iterable[ast.AST]) -> bool:
    return any(isinstance(inner, _AWAITING) for node in nodes for inner in ast.walk(node))


def _live_walks(source: str) -> Iterator[int]:
    """The lines of loops and comprehensions that await while they go over what may change."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.For) and _is_live(node.iter) and _awaits(node.body):
            yield node.lineno
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp):
            live = any(_is_live(part.iter) for part in node.generators if not part.is_async)
            if live and _awaits([node]):
                yield node.lineno


@pytest.mark.parametrize("package", ["shared", "services", "simulator"])
def test_no_walk_that_awaits_goes_over_what_may_change(package: str) -> None:
    """`list(self._x)` or `dict(self._x)` is walked through, never `self._x` itself."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for line in _live_walks(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "body",
    [
        "for x in self._x: await x",
        "for k, v in self._x.items():\n        async with v: pass",
        "for n, x in enumerate(self.x.y.values()): await x",
        "return {k: await v() for k, v in self._x.items()}",
        "for x in self._x[k]: await x",
    ],
)
def test_a_walk_over_what_may_change_is_seen(body: str) -> None:
    """Whichever way it is written."""
    assert list(_live_walks(f"async def f(self, k):\n    {body}"))


@pytest.mark.parametrize("body", ["for x in list(self._x): await x", "for x in self._x: x()", "for x in own: await x"])
def test_a_snapshot_is_not_taken_for_one(body: str) -> None:
    """Nor a walk that does not await, nor one over what nobody else has."""
    assert list(_live_walks(f"async def f(self, own):\n    {body}")) == []
