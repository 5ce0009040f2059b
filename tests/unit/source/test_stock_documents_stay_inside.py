"""Stock leaves its adapter as records: frozen, typed, and read by attribute."""

from __future__ import annotations

import ast
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from shared.domain.stock import Change, Entry, Stock
from shared.mongodb.stock.known_drift import KnownCell
from shared.mongodb.stock.reads_wanted import VerifyTurn
from shared.mongodb.stock.stock import CellStock, StockWrite

PROJECT = Path(__file__).parents[3]
ADAPTER = PROJECT / "shared" / "mongodb"
JUDGE = PROJECT / "deploy" / "local" / "demo" / "judge.py"
"""A reader of its own, on purpose: it checks what the services say of themselves."""

DOCUMENTS = {"new_stock", "stock_fields", "stock_of"}
"""What makes documents and reads them."""

OUTSIDE = sorted(
    path
    for folder in ("services", "shared", "deploy")
    for path in (PROJECT / folder).rglob("*.py")
    if ADAPTER not in path.parents and path != JUDGE
)


def named(path: Path) -> set[str]:
    """Where a module reaches for the collection, or for what makes its documents."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value == "stock":
            found.add(f"line {node.lineno}")
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shared.mongodb"):
            found |= DOCUMENTS.intersection(alias.name for alias in node.names)
    return found


def test_no_document_of_the_stock_leaves_the_adapter() -> None:
    """Nothing outside shared/mongodb names the collection, or makes or reads one of its documents."""
    assert {str(path.relative_to(PROJECT)): found for path in OUTSIDE if (found := named(path))} == {}


@pytest.mark.parametrize("record", [Stock, Entry, Change, CellStock, StockWrite, VerifyTurn, KnownCell])
def test_what_leaves_it_is_a_frozen_record(record: type) -> None:
    """None can be changed in passing, or hold a mapping in place of fields."""
    assert is_dataclass(record)
    assert record.__dataclass_params__.frozen  # type: ignore[attr-defined]  # dataclasses keep it, typeshed leaves it out
    assert not [field.name for field in fields(record) if "dict" in str(field.type) or "Document" in str(field.type)]
