"""Query cost, computed from the query's own syntax tree and, for the actual cost, from what the reply held.

The model was fitted to recorded exchanges: scalars and enums cost 0; an object or a plain list costs 1 and what is
selected in it, a list counting once however long; a connection costs 2 and, for each of max(1, floor(2 ln n)) steps, 1
and its node's selection; `PageInfo` and money are free; a `Count` costs 10; a mutation costs 10, its payload and the
objects directly in it being free; of an interface's or union's branches the dearest counts. n is `first` or `last` for
the requested cost and the number of nodes received for the actual cost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
)

from simulator.selections import Selections, object_type, root_type

FREE_TYPES: Final = frozenset({"PageInfo", "MoneyV2", "MoneyBag", "InventoryItemMeasurement"})
COUNT_COST: Final = 10
MUTATION_COST: Final = 10
CONNECTION_COST: Final = 2
MAXIMUM_QUERY_COST: Final = 1000


def connection_steps(size: int) -> int:
    """How often a connection asked for `size` nodes counts its node's selection."""
    return math.floor(held_steps(size))


def held_steps(size: int) -> float:
    """The same of `size` nodes received: recorded totals fit when the sum is rounded down, not its parts."""
    return max(1.0, 2 * math.log(max(1, size)))


@dataclass(slots=True)
class CostNode:
    """One field that costs something. `branches` holds, per concrete type, the costly fields below it."""

    key: str
    kind: str  # "object", "list", "connection", "count", "free", "mutation"
    size: int | str | None = None  # a connection's page size: a number, a variable's name, or unknown
    ids: int | str | None = None  # of `nodes(ids:)`: a number, or the variable's name
    branches: dict[str, list[CostNode]] = field(default_factory=dict)
    holders: list[tuple[str, str | None]] = field(default_factory=list)  # where a connection's reply holds its nodes


class CostPlan:
    """The costs of one operation, prepared once for each query text."""

    def __init__(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self._schema = schema
        self._selections = Selections(schema, fragments)
        self._is_mutation = operation.operation is OperationType.MUTATION
        self.roots = self._costly(root_type(schema, operation), [operation.selection_set])

    def requested(self, variables: Mapping[str, Any], nodes_per_id: bool = False) -> int:
        """Points that the query may cost at most, before it runs."""
        if self._is_mutation:
            return sum(
                MUTATION_COST + int(_payload(node, lambda n: _requested(n, variables, nodes_per_id)))
                for node in self.roots
            )
        return sum(_requested(node, variables, nodes_per_id) for node in self.roots)

    def actual(self, data: Mapping[str, Any] | None, nodes_per_id: bool = False) -> int:
        """Points that the reply really cost."""
        if self._is_mutation:
            total = 0.0
            for node in self.roots:
                payload = None if data is None else data.get(node.key)
                total += MUTATION_COST
                if payload is not None:
                    total += _payload(node, _reader(payload, nodes_per_id))
            return math.floor(total)
        if data is None:
            return 0
        return math.floor(sum(_actual(node, data.get(node.key), nodes_per_id) for node in self.roots))

    def _costly(self, parent: GraphQLObjectType, sets: list[SelectionSetNode]) -> list[CostNode]:
        costly: list[CostNode] = []
        for key, selected in self._selections.by_key(parent, sets).items():
            nodes = [field.node for field in selected]
            definition = parent.fields.get(nodes[0].name.value)
            if definition is not None and nodes[0].selection_set is not None:
                costly.append(self._node(key, definition, nodes))
        return costly

    def _node(self, key: str, definition: GraphQLField, nodes: list[FieldNode]) -> CostNode:
        named = get_named_type(definition.type)
        sets = [node.selection_set for node in nodes if node.selection_set is not None]
        is_list = isinstance(get_nullable_type(definition.type), GraphQLList)
        if named.name in FREE_TYPES:
            return CostNode(key, "free")
        if named.name == "Count":
            return CostNode(key, "count")
        if named.name.endswith("Connection") and isinstance(named, GraphQLObjectType):
            return self._connection(key, named, nodes, sets)
        cost = CostNode(key, "list" if is_list else "object")
        if nodes[0].name.value == "nodes" and is_list:
            cost.ids = _argument(nodes[0], "ids")
        self._branch(cost, named, sets)
        return cost

    def _connection(
        self, key: str, named: GraphQLObjectType, nodes: list[FieldNode], sets: list[SelectionSetNode]
    ) -> CostNode:
        size = _argument(nodes[0], "first")
        cost = CostNode(key, "connection", size if size is not None else _argument(nodes[0], "last"))
        node_sets: list[SelectionSetNode] = []
        for name, selected in self._selections.by_key(named, sets).items():
            inner = [field.node for field in selected]
            below = [node.selection_set for node in inner if node.selection_set is not None]
            if inner[0].name.value == "nodes":
                node_sets += below
                cost.holders.append((name, None))
            elif inner[0].name.value == "edges":
                edge = object_type(get_named_type(named.fields["edges"].type))
                for edge_key, fields in self._selections.by_key(edge, below).items():
                    if fields[0].node.name.value == "node":
                        node_sets += [f.node.selection_set for f in fields if f.node.selection_set is not None]
                        cost.holders.append((name, edge_key))
        if node_sets:
            self._branch(cost, _node_type(named), node_sets)
        return cost

    def _branch(self, cost: CostNode, named: GraphQLNamedType, sets: list[SelectionSetNode]) -> None:
        if isinstance(named, (GraphQLInterfaceType, GraphQLUnionType)):
            possible = list(self._schema.get_possible_types(named))
        else:
            possible = [object_type(named)]
        for concrete in possible:
            branch = self._costly(concrete, sets)
            if branch:
                cost.branches[concrete.name] = branch


def _node_type(connection: GraphQLObjectType) -> GraphQLNamedType:
    edge = object_type(get_named_type(connection.fields["edges"].type))
    node: GraphQLNamedType = get_named_type(edge.fields["node"].type)
    return node


def _argument(node: FieldNode, name: str) -> int | str | None:
    for argument in node.arguments or ():
        if argument.name.value != name:
            continue
        if isinstance(argument.value, IntValueNode):
            return int(argument.value.value)
        if isinstance(argument.value, VariableNode):
            return argument.value.name.value
        values = getattr(argument.value, "values", None)
        return None if values is None else len(values)
    return None


def _payload(node: CostNode, below: Callable[[CostNode], float]) -> float:
    """A mutation's payload and the objects directly in it are free, what is selected in those objects is not."""
    total = 0.0
    for child in next(iter(node.branches.values()), []):
        cost = below(child)
        total += max(0.0, cost - 1) if child.kind in ("object", "list") else cost
    return total


def _reader(payload: Mapping[str, Any], nodes_per_id: bool) -> Callable[[CostNode], float]:
    return lambda child: _actual(child, payload.get(child.key), nodes_per_id)


def _requested(node: CostNode, variables: Mapping[str, Any], nodes_per_id: bool) -> int:
    if node.kind == "free":
        return 0
    if node.kind == "count":
        return COUNT_COST
    dearest = max(
        (sum(_requested(n, variables, nodes_per_id) for n in branch) for branch in node.branches.values()), default=0
    )
    if node.kind == "connection":
        size = variables.get(node.size) if isinstance(node.size, str) else node.size
        return CONNECTION_COST + connection_steps(size or 0) * (1 + dearest)
    if node.ids is not None and nodes_per_id:
        count = node.ids if isinstance(node.ids, int) else len(variables.get(node.ids) or ())
        return max(1, count) * (1 + dearest)
    return 1 + dearest


def _actual(node: CostNode, value: Any, nodes_per_id: bool) -> float:
    if value is None or node.kind == "free":
        return 0
    if node.kind == "count":
        return COUNT_COST
    if node.kind == "object":
        return 1 + _held(node, value, nodes_per_id)
    if node.kind == "connection":
        held = _connection_nodes(node, value)
        if not held:
            return CONNECTION_COST
        return CONNECTION_COST + held_steps(len(held)) * (1 + _dearest(node, held, nodes_per_id))
    if node.ids is not None and nodes_per_id:
        return sum(1 + _held(node, element, nodes_per_id) for element in value if element is not None)
    return 1 + _dearest(node, value, nodes_per_id)


def _dearest(node: CostNode, elements: list[Any], nodes_per_id: bool) -> float:
    return max((_held(node, element, nodes_per_id) for element in elements if element is not None), default=0)


def _held(node: CostNode, value: Mapping[str, Any], nodes_per_id: bool) -> float:
    """The costs below one object: of each concrete type's branch what it holds; the branch that holds most counts."""
    return max(
        (
            sum(_actual(child, value.get(child.key), nodes_per_id) for child in branch)
            for branch in node.branches.values()
        ),
        default=0,
    )


def _connection_nodes(node: CostNode, value: Mapping[str, Any]) -> list[Any]:
    for key, inner in node.holders:
        held = value.get(key)
        if held is not None:
            return held if inner is None else [edge.get(inner) for edge in held]
    return []
