"""The table of resolvers, and which GraphQL type a Python value has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from simulator.graphql.context import Context

Resolver = Callable[[Any, Context, Mapping[str, Any]], Any]

FIELDS: Final[dict[str, dict[str, Resolver]]] = {}
_TYPE_NAMES: Final[dict[type, str]] = {}


def fields(type_name: str, resolvers: dict[str, Resolver], *classes: type) -> None:
    """Add the fields of a GraphQL type, and the Python classes that have it."""
    FIELDS.setdefault(type_name, {}).update(resolvers)
    for kind in classes:
        _TYPE_NAMES[kind] = type_name


def type_name(value: Any) -> str:
    """The GraphQL type of a value behind an interface or a union."""
    return _TYPE_NAMES[type(value)]


def attribute(name: str) -> Resolver:
    """Reads one attribute of the source."""
    return lambda source, _context, _arguments: getattr(source, name)


def constant(value: Any) -> Resolver:
    """Always the same."""
    return lambda _source, _context, _arguments: value
