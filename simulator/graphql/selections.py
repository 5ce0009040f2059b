"""Which fields a selection asks of a concrete type, fragments opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)


class Selected(NamedTuple):
    """A field as it was written, and the @skip and @include directives around it."""

    node: FieldNode
    conditions: tuple[DirectiveNode, ...]


class Selections:
    """Opens the selections of one document."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self.schema = schema
        self._fragments = fragments

    def by_key(self, parent: GraphQLObjectType, sets: Iterable[SelectionSetNode]) -> dict[str, list[Selected]]:
        """The fields asked of `parent`, by response key, in the order of their first appearance."""
        merged: dict[str, list[Selected]] = {}
        for selection in sets:
            for selected in self.fields(parent, selection):
                merged.setdefault(response_key(selected.node), []).append(selected)
        return merged

    def fields(
        self, parent: GraphQLObjectType, selection: SelectionSetNode, outer: tuple[DirectiveNode, ...] = ()
    ) -> Iterator[Selected]:
        """Each field of one selection that applies to `parent`."""
        for node in selection.selections:
            conditions = (*outer, *_conditions(node.directives))
            if isinstance(node, FieldNode):
                yield Selected(node, conditions)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                if self._applies(parent, fragment.type_condition.name.value):
                    yield from self.fields(parent, fragment.selection_set, conditions)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self._applies(parent, condition.name.value):
                    yield from self.fields(parent, node.selection_set, conditions)

    def _applies(self, parent: GraphQLObjectType, condition: str) -> bool:
        if parent.name == condition:
            return True
        other = self.schema.type_map[condition]
        return isinstance(other, (GraphQLInterfaceType, GraphQLUnionType)) and self.schema.is_sub_type(other, parent)


def root_type(schema: GraphQLSchema, operation: OperationDefinitionNode) -> GraphQLObjectType:
    """The type of the operation's root. The schema has both roots, and a subscription does not pass validation."""
    return object_type(schema.get_root_type(operation.operation))


def object_type(kind: object) -> GraphQLObjectType:
    """The same, known to be an object type. Raises TypeError where the schema is not as Shopify's is."""
    if not isinstance(kind, GraphQLObjectType):
        raise TypeError(f"not an object type: {kind}")
    return kind


def response_key(node: FieldNode) -> str:
    """The alias where there is one, else the field's name."""
    return node.alias.value if node.alias else node.name.value


def _conditions(directives: Iterable[DirectiveNode] | None) -> tuple[DirectiveNode, ...]:
    return tuple(node for node in directives or () if node.name.value in ("skip", "include"))


def included(conditions: Iterable[DirectiveNode], variables: Mapping[str, Any]) -> bool:
    """Whether @skip and @include leave a field in."""
    for directive in conditions:
        value = (directive.arguments or ())[0].value
        held = variables.get(value.name.value) if isinstance(value, VariableNode) else getattr(value, "value", None)
        if bool(held) is not (directive.name.value == "include"):
            return False
    return True
