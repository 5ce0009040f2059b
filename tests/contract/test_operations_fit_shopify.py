"""Every GraphQL operation that Trueup sends fits Shopify's published schemas."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from graphql import DocumentNode, GraphQLSyntaxError, OperationDefinitionNode, get_operation_ast, parse, validate

import shared.shopify
from shared.shopify.queries import bulk_levels
from simulator.settings import SUPPORTED_VERSIONS
from tests.simulator.recorded.test_schema import published

ROOT = Path(__file__).parents[2]
SENDERS = ("shared", "services")


def _operation(text: str) -> DocumentNode | None:
    """The text's document, where it is an operation."""
    if "{" not in text:
        return None
    try:
        document = parse(text)
    except GraphQLSyntaxError:
        return None
    return document if any(isinstance(node, OperationDefinitionNode) for node in document.definitions) else None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for held in value.values():
            yield from _texts(held)
    elif isinstance(value, (tuple, list)):
        for held in value:
            yield from _texts(held)


@cache
def operations() -> dict[str, DocumentNode]:
    """Every operation in the adapter's modules, by its name; built ones as they are built."""
    found: dict[str, DocumentNode] = {}
    for module in pkgutil.iter_modules(shared.shopify.__path__):
        names = vars(importlib.import_module(f"shared.shopify.{module.name}"))
        for name, value in names.items():
            for text in _texts(value) if name.isupper() else ():
                document = _operation(text)
                operation = None if document is None else get_operation_ast(document)
                if document is not None and isinstance(operation, OperationDefinitionNode):
                    found[operation.name.value if operation.name else name] = document
    bulk = _operation(bulk_levels('id:1 OR id:2 "quoted"'))
    assert bulk is not None
    return found | {"bulk_levels": bulk}


@pytest.mark.parametrize("version", SUPPORTED_VERSIONS)
def test_every_operation_validates(version: str) -> None:
    """Each query and mutation, the inner ones of bulk queries included, is valid in Shopify's own schema."""
    schema = published(version)
    sent = operations()
    assert {"TrueupSet", "TrueupItems", "TrueupLocations", "TrueupSubscribe", "TrueupActivate"} <= sent.keys()
    problems = {name: [error.message for error in validate(schema, document)] for name, document in sent.items()}
    assert {name: found for name, found in problems.items() if found} == {}


def test_no_operation_hides_elsewhere() -> None:
    """GraphQL is written in the adapter's modules of queries only, where the test above finds it."""
    hidden = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for package in SENDERS
        for path in sorted((ROOT / package).rglob("*.py"))
        if not path.name.endswith("queries.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_graphql(node.value)
    ]
    assert hidden == []


_BEGINNINGS = ("query ", "mutation ", "query(", "mutation(", "{ ")


def _is_graphql(text: str) -> bool:
    return text.lstrip().startswith(_BEGINNINGS) and _operation(text) is not None
