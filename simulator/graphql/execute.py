"""Runs a prepared document.

graphql-core parses and validates. Running is done here, each selection turned into one function per request, because
one reply holds thousands of levels and graphql-core's own executor takes several times as long for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLUnionType,
    SelectionSetNode,
    execute_sync,
    get_named_type,
    is_leaf_type,
)

from simulator.graphql.connections import UNBOUNDED
from simulator.graphql.context import Context
from simulator.graphql.documents import Document
from simulator.graphql.errors import FieldError, RequestError, locations_of
from simulator.graphql.selections import Selected, included, object_type, root_type
from simulator.graphql.values import arguments_of
from simulator.mutations.access_scopes import check_scopes
from simulator.resolvers.registry import FIELDS, type_name

Complete = Callable[[Any], Any]


class Execution:
    """One run of one document."""

    def __init__(self, document: Document, variables: Mapping[str, Any], context: Context) -> None:
        self._document = document
        self._variables = variables
        self._context = context

    def run(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Data and top-level errors. A root field that fails is null; mutations run one after the other, in order."""
        document = self._document
        if any(name in ("__schema", "__type") for name in document.root_fields):
            return self._introspection()
        root = root_type(document.schema, document.operation)
        data: dict[str, Any] = {}
        errors: list[dict[str, Any]] = []
        for key, selected in document.selections.by_key(root, [document.operation.selection_set]).items():
            wanted = [field for field in selected if included(field.conditions, self._variables)]
            if not wanted:
                continue
            self._context.enter(wanted[0].node, document.operation)
            try:
                check_scopes(self._context, root, wanted[0].node, self._variables)
                data[key] = self._field(root, wanted)(None)
            except FieldError as error:
                data[key] = None
                error.path = error.path or [key]
                error.locations = error.locations or locations_of(wanted[0].node)
                errors.append(error.as_json())
        return data, errors

    def _introspection(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """What the schema says of itself: graphql-core's own answer."""
        if any(not name.startswith("__") for name in self._document.root_fields):
            raise RequestError("the simulator answers introspection only in a query of its own")
        operation = self._document.operation
        name = operation.name.value if operation.name else None
        result = execute_sync(
            self._document.schema,
            self._document.tree,
            variable_values=dict(self._variables),
            operation_name=name,
        )
        return result.data or {}, [dict(error.formatted) for error in result.errors or ()]

    def _selection(self, parent: GraphQLObjectType, sets: list[SelectionSetNode]) -> Complete:
        fields = []
        for key, selected in self._document.selections.by_key(parent, sets).items():
            wanted = [field for field in selected if included(field.conditions, self._variables)]
            if wanted:
                fields.append((key, self._field(parent, wanted)))
        return lambda source: {key: resolve(source) for key, resolve in fields}

    def _field(self, parent: GraphQLObjectType, selected: list[Selected]) -> Complete:
        node = selected[0].node
        if node.name.value == "__typename":
            return lambda _source, name=parent.name: name  # type: ignore[misc]  # the default binds the name
        definition = parent.fields[node.name.value]
        resolver = FIELDS[parent.name][node.name.value]
        arguments = arguments_of(definition, node, self._variables)
        context = self._context
        if context.unbounded and get_named_type(definition.type).name.endswith("Connection"):
            arguments["first"] = UNBOUNDED
        complete = self._completer(
            definition.type, [field.node.selection_set for field in selected if field.node.selection_set is not None]
        )
        if complete is None:
            return lambda source: resolver(source, context, arguments)
        return lambda source: complete(resolver(source, context, arguments))

    def _completer(self, kind: GraphQLOutputType, sets: list[SelectionSetNode]) -> Complete | None:
        """What makes a resolver's value an answer; None where it is one already."""
        if isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        if isinstance(kind, GraphQLList):
            inner = self._completer(kind.of_type, sets)
            return None if inner is None else lambda values: None if values is None else [inner(v) for v in values]
        if is_leaf_type(kind):
            return None
        if isinstance(kind, (GraphQLInterfaceType, GraphQLUnionType)):
            return self._abstract(sets)
        selection = self._selection(object_type(kind), sets)
        return lambda value: None if value is None else selection(value)

    def _abstract(self, sets: list[SelectionSetNode]) -> Complete:
        known: dict[type, Complete] = {}

        def complete(value: Any) -> Any:
            if value is None:
                return None
            selection = known.get(type(value))
            if selection is None:
                concrete = object_type(self._document.schema.type_map[type_name(value)])
                selection = known[type(value)] = self._selection(concrete, sets)
            return selection(value)

        return complete
