"""Query cost, computed from the query's own syntax tree and, for the actual cost, from what the reply held.

The model was fitted to recorded exchanges.

- Scalars and enums cost 0; an object or a plain list costs 1 and what is selected in it, a list counting once however
  long; `PageInfo`, money and consents are free; of an interface's or union's branches the dearest counts.
- A connection costs 2 and, for each of max(1, floor(2 ln n)) steps, 1 and its node's selection: once for `nodes` and
  once for `edges { node }`, each with its own selection. n is `first` or `last` for the requested cost, and the number
  of nodes received for the actual one. An empty page costs the steps that were asked for, without what is selected in
  its nodes, unless a search found nothing. An object that is null costs 1.
- `nodes(ids:)` is asked for as one list; used are 2 ln(number of ids) and what each element held.
- A `Count` costs 10 at the root and anywhere in a mutation's payload, 1 elsewhere. A mutation costs 10, its payload and
  the objects directly in it being free, and more where its input carries metafields.
- What @skip and @include leave out is free; no query costs less than 1; none uses up more than it asked for.
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
from graphql.type import SchemaMetaFieldDef, TypeMetaFieldDef

from simulator.graphql.selections import Selected, Selections, included, object_type, root_type

FREE_TYPES: Final = frozenset(
    {
        "PageInfo",
        "MoneyV2",
        "MoneyBag",
        "InventoryItemMeasurement",
        "CustomerEmailMarketingConsentState",
        "CustomerSmsMarketingConsentState",
    }
)
# Free themselves, but not what is selected in them.
BARE_TYPES: Final = frozenset({"FulfillmentService"})
COUNT_COST: Final = 10
MUTATION_COST: Final = 10
CONNECTION_COST: Final = 2
LOWEST_COST: Final = 1
# Recorded: one of the flags that were asked together costs 1. It is neither `hasActiveInventory` nor one of those that
# were asked alone; the orders of a location are the dearest thing to look up.
DEAR_SCALARS: Final = frozenset({("Location", "hasUnfulfilledOrders")})
MAXIMUM_QUERY_COST: Final = 1000
_FIXED: Final = {"free": 0, "count": COUNT_COST, "scalar": 1}  # whatever is in them
_META_FIELDS: Final = {"__type": TypeMetaFieldDef, "__schema": SchemaMetaFieldDef}


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
    kind: str  # "object", "bare", "list", "connection", "count", "scalar", "free"
    size: int | str | None = None  # a connection's page size: a number, a variable's name, or unknown
    ids: int | str | None = None  # of `nodes(ids:)`: a number, or the variable's name
    selected: list[Selected] = field(default_factory=list)  # with their @skip and @include
    branches: dict[str, list[CostNode]] = field(default_factory=dict)
    searched: bool = False  # a connection with a `query`
    ways: list[Way] = field(default_factory=list)  # a connection's nodes: by `nodes`, by `edges { node }`, or by both


@dataclass(slots=True)
class Way:
    """One way in which a connection's nodes are asked for: where the reply holds them, and what is selected."""

    key: str
    inner: str | None
    branches: dict[str, list[CostNode]] = field(default_factory=dict)


class CostPlan:
    """The costs of one operation, prepared once for each query text."""

    def __init__(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self._schema = schema
        self._selections = Selections(schema, fragments)
        self._is_mutation = operation.operation is OperationType.MUTATION
        self.roots = self._costly(root_type(schema, operation), [operation.selection_set], at_root=True)

    def requested(self, variables: Mapping[str, Any], nodes_per_id: bool = False) -> int:
        """Points that the query may cost at most, before it runs."""
        wanted = [node for node in self.roots if _included(node, variables)]
        if self._is_mutation:
            total = sum(
                MUTATION_COST + int(_payload(node, lambda n: _requested(n, variables, nodes_per_id))) for node in wanted
            )
            return max(LOWEST_COST, total + sum(_metafield_steps(value) for value in variables.values()))
        return max(LOWEST_COST, sum(_requested(node, variables, nodes_per_id) for node in wanted))

    def actual(self, data: Mapping[str, Any] | None, variables: Mapping[str, Any], nodes_per_id: bool = False) -> int:
        """Points that the reply really cost: never more than the query asked for."""
        reading = _Reading(variables, nodes_per_id)
        if data is None and not self._is_mutation:
            return 0
        total = 0.0
        for node in self.roots:
            held = None if data is None else data.get(node.key)
            if not self._is_mutation:
                total += reading.actual(node, held)
                continue
            total += MUTATION_COST
            if held is not None:
                total += _payload(node, reading.of(held))
        return min(self.requested(variables, nodes_per_id), max(LOWEST_COST, math.floor(total)))

    def _costly(
        self, parent: GraphQLObjectType, sets: list[SelectionSetNode], *, at_root: bool = False
    ) -> list[CostNode]:
        costly: list[CostNode] = []
        for key, selected in self._selections.by_key(parent, sets).items():
            nodes = [field.node for field in selected]
            name = nodes[0].name.value
            definition = parent.fields.get(name) or _META_FIELDS.get(name)
            if (parent.name, name) in DEAR_SCALARS:
                costly.append(CostNode(key, "scalar", selected=selected))
            elif definition is not None and nodes[0].selection_set is not None:
                node = self._node(key, definition, nodes, at_root=at_root)
                node.selected = selected
                costly.append(node)
        return costly

    def _node(self, key: str, definition: GraphQLField, nodes: list[FieldNode], *, at_root: bool) -> CostNode:
        named = get_named_type(definition.type)
        sets = [node.selection_set for node in nodes if node.selection_set is not None]
        is_list = isinstance(get_nullable_type(definition.type), GraphQLList)
        if named.name in FREE_TYPES:
            return CostNode(key, "free")
        if named.name == "Count" and (at_root or self._is_mutation):
            return CostNode(key, "count")
        if named.name.endswith("Connection") and isinstance(named, GraphQLObjectType):
            return self._connection(key, named, nodes, sets)
        cost = CostNode(key, "list" if is_list else "bare" if named.name in BARE_TYPES else "object")
        if nodes[0].name.value == "nodes" and is_list:
            cost.ids = _argument(nodes[0], "ids")
        self._branch(cost, named, sets)
        return cost

    def _connection(
        self, key: str, named: GraphQLObjectType, nodes: list[FieldNode], sets: list[SelectionSetNode]
    ) -> CostNode:
        size = _argument(nodes[0], "first")
        cost = CostNode(key, "connection", size if size is not None else _argument(nodes[0], "last"))
        for name, selected in self._selections.by_key(named, sets).items():
            inner = [field.node for field in selected]
            below = [node.selection_set for node in inner if node.selection_set is not None]
            if inner[0].name.value == "nodes":
                cost.ways.append(self._way(named, name, None, below))
            elif inner[0].name.value == "edges":
                edge = object_type(get_named_type(named.fields["edges"].type))
                for edge_key, fields in self._selections.by_key(edge, below).items():
                    if fields[0].node.name.value == "node":
                        sets_of = [f.node.selection_set for f in fields if f.node.selection_set is not None]
                        cost.ways.append(self._way(named, name, edge_key, sets_of))
        cost.searched = any(argument.name.value == "query" for argument in nodes[0].arguments or ())
        return cost

    def _way(self, named: GraphQLObjectType, key: str, inner: str | None, sets: list[SelectionSetNode]) -> Way:
        way = Way(key, inner)
        self._branch(way, _node_type(named), sets)
        return way

    def _branch(self, cost: CostNode | Way, named: GraphQLNamedType, sets: list[SelectionSetNode]) -> None:
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


def _included(node: CostNode, variables: Mapping[str, Any]) -> bool:
    return any(included(selected.conditions, variables) for selected in node.selected)


def _metafield_steps(value: Any) -> int:
    """Recorded once: an input with two metafields cost 1 more."""
    given = value.get("metafields") if isinstance(value, dict) else None
    return connection_steps(len(given)) if isinstance(given, list) and given else 0


def _requested(node: CostNode, variables: Mapping[str, Any], nodes_per_id: bool) -> int:
    if node.kind == "free" or not _included(node, variables):
        return 0
    if node.kind == "count":
        return COUNT_COST
    if node.kind == "scalar":
        return 1
    if node.kind == "connection":
        # One that asks for no nodes at all still pays for a page.
        each = sum(1 + _dearest(way, variables, nodes_per_id) for way in node.ways) or 1
        return CONNECTION_COST + _steps_asked(node, variables) * each
    dearest = _dearest(node, variables, nodes_per_id)
    if node.ids is not None and nodes_per_id:
        count = node.ids if isinstance(node.ids, int) else len(variables.get(node.ids) or ())
        return max(1, count) * (1 + dearest)
    return dearest if node.kind == "bare" else 1 + dearest


@dataclass(frozen=True, slots=True)
class _Reading:
    """Prices a reply by what it held."""

    variables: Mapping[str, Any]
    nodes_per_id: bool

    def of(self, payload: Mapping[str, Any]) -> Callable[[CostNode], float]:
        """What a field of this payload cost."""
        return lambda child: self.actual(child, payload.get(child.key))

    def actual(self, node: CostNode, value: Any) -> float:
        """What one field with this value cost."""
        if value is None:
            named = node.kind in ("object", "list") and node.ids is None
            return int(named and _included(node, self.variables))
        if node.kind in _FIXED:
            return _FIXED[node.kind]
        if node.kind in ("object", "bare"):
            return (node.kind == "object") + self._held(node, value)
        if node.kind == "connection":
            return CONNECTION_COST + self._page(node, value)
        if node.ids is not None:
            held = sum(self._held(node, element) for element in value if element is not None)
            if self.nodes_per_id:
                return held + sum(element is not None for element in value)
            return held + 2 * math.log(max(1, len(value)))
        return 1 + self._dearest(node, value)

    def _page(self, node: CostNode, value: Mapping[str, Any]) -> float:
        """A connection's nodes."""
        total = 0.0
        for way in node.ways:
            rows = value.get(way.key) or ()
            elements = [element if way.inner is None else element.get(way.inner) for element in rows]
            if elements:
                total += held_steps(len(elements)) * (1 + self._dearest(way, elements))
        if total == 0 and node.ways:
            return len(node.ways) - 1 if node.searched else _steps_asked(node, self.variables) * len(node.ways)
        return total

    def _dearest(self, node: CostNode | Way, elements: list[Any]) -> float:
        return max((self._held(node, element) for element in elements if element is not None), default=0)

    def _held(self, node: CostNode | Way, value: Mapping[str, Any]) -> float:
        """The costs below an object: of each concrete type's branch what it holds; the dearest counts."""
        return max(
            (sum(self.actual(child, value.get(child.key)) for child in branch) for branch in node.branches.values()),
            default=0,
        )


def _steps_asked(node: CostNode, variables: Mapping[str, Any]) -> int:
    size = variables.get(node.size) if isinstance(node.size, str) else node.size
    return connection_steps(size or 0)


def _dearest(node: CostNode | Way, variables: Mapping[str, Any], nodes_per_id: bool) -> int:
    """What is selected in a field costs at most: its dearest branch."""
    return max(
        (sum(_requested(n, variables, nodes_per_id) for n in branch) for branch in node.branches.values()), default=0
    )
