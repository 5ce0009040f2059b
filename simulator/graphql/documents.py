"""Query texts: parsed, validated and priced once, then kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    validate,
)

from simulator.graphql.cost import CostPlan
from simulator.graphql.errors import RequestError, locations_of
from simulator.graphql.schema import schema_of
from simulator.graphql.selections import Selections, response_key, root_type

# graphql-core's words on the left, Shopify's message and extensions on the right.
_UNDEFINED_FIELD: Final = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")
_UNDEFINED_DIRECTIVE: Final = re.compile(r"Unknown directive '@(\w+)'")
_UNUSED_VARIABLE: Final = re.compile(r"Variable '\$(\w+)' is never used in operation '(\w+)'")
_MISSING_DIRECTIVE_ARGUMENT: Final = re.compile(r"Argument '@(\w+)\((\w+):\)' .* is required")


class InvalidDocument(Exception):  # a finding, not a failure of the program
    """The document does not parse or fit the schema; carries Shopify's list of errors."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True)
class Document:
    """One operation, ready to run."""

    schema: GraphQLSchema
    tree: DocumentNode
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    selections: Selections
    cost: CostPlan
    root_fields: tuple[str, ...]

    @property
    def is_mutation(self) -> bool:
        """Whether it changes anything."""
        return self.operation.operation is OperationType.MUTATION


@lru_cache(maxsize=512)
def prepare(version: str, text: str, operation_name: str | None) -> Document:
    """The operation of a query text. Raises InvalidDocument, or RequestError where the operation is not there."""
    schema = schema_of(version)
    try:
        tree = parse(text)
    except GraphQLSyntaxError as error:
        places = [{"line": place.line, "column": place.column} for place in error.locations or ()]
        raise InvalidDocument([{"message": error.message, "locations": places}]) from error
    found = validate(schema, tree)
    if found:
        raise InvalidDocument([_in_shopifys_words(tree, error) for error in found])
    operation = _pick(tree, operation_name)
    fragments = {node.name.value: node for node in tree.definitions if isinstance(node, FragmentDefinitionNode)}
    selections = Selections(schema, fragments)
    roots = selections.fields(root_type(schema, operation), operation.selection_set)
    names = dict.fromkeys(field.node.name.value for field in roots)
    cost = CostPlan(schema, operation, fragments)
    return Document(schema, tree, operation, fragments, selections, cost, tuple(names))


def _pick(tree: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in tree.definitions if isinstance(node, OperationDefinitionNode)]
    if name is None and len(operations) == 1:
        return operations[0]
    for operation in operations:
        if name is not None and operation.name is not None and operation.name.value == name:
            return operation
    if name is None:
        raise RequestError("An operation name is required")
    raise RequestError(f'No operation named "{name}"')


def _in_shopifys_words(tree: DocumentNode, error: GraphQLError) -> dict[str, Any]:
    nodes = error.nodes or []
    message, extensions = _shopifys_message(error.message)
    answer: dict[str, Any] = {"message": message, "locations": locations_of(*nodes)}
    if extensions:
        answer["path"] = _path_to(tree, nodes[0]) if nodes else []
        answer["extensions"] = extensions
    return answer


def _shopifys_message(message: str) -> tuple[str, dict[str, str]]:
    if match := _UNDEFINED_FIELD.search(message):
        return f"Field '{match[1]}' doesn't exist on type '{match[2]}'", {
            "code": "undefinedField",
            "typeName": match[2],
            "fieldName": match[1],
        }
    if match := _UNDEFINED_DIRECTIVE.search(message):
        return f"Directive @{match[1]} is not defined", {"code": "undefinedDirective", "directiveName": match[1]}
    if match := _UNUSED_VARIABLE.search(message):
        return f"Variable ${match[1]} is declared by {match[2]} but not used", {
            "code": "variableNotUsed",
            "variableName": match[1],
        }
    if match := _MISSING_DIRECTIVE_ARGUMENT.search(message):
        return f"Directive '{match[1]}' is missing required arguments: {match[2]}", {
            "code": "missingRequiredArguments",
            "className": "Directive",
            "name": match[1],
            "arguments": match[2],
        }
    return message, {}


def _path_to(tree: DocumentNode, node: Node) -> list[str]:
    """The way to a node as Shopify tells it: the operation, then the fields that hold it."""
    steps: list[str] = []
    for definition in tree.definitions:
        if _holds(definition, node):
            steps.append(_name_of(definition))
            _descend(getattr(definition, "selection_set", None), node, steps)
    return steps


def _descend(selection: SelectionSetNode | None, node: Node, steps: list[str]) -> None:
    for inner in selection.selections if selection is not None else ():
        if _holds(inner, node):
            steps.append(response_key(inner) if isinstance(inner, FieldNode) else "...")
            _descend(getattr(inner, "selection_set", None), node, steps)


def _holds(outer: Node, node: Node) -> bool:
    if outer.loc is None or node.loc is None:
        return False
    return outer.loc.start <= node.loc.start and node.loc.end <= outer.loc.end


def _name_of(definition: Node) -> str:
    if isinstance(definition, OperationDefinitionNode):
        name = f" {definition.name.value}" if definition.name else ""
        return f"{definition.operation.value}{name}"
    return f"fragment {definition.name.value}" if isinstance(definition, FragmentDefinitionNode) else ""
