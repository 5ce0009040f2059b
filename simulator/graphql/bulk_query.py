"""Bulk queries: what Shopify refuses in them, and their result as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from graphql import FieldNode, GraphQLSyntaxError, InlineFragmentNode, OperationDefinitionNode, OperationType, parse

DEEPEST = 2
# Lists of objects that are no connections. Shopify checks them before the fields, of which not all are simulated.
PLAIN_LISTS = frozenset({"fulfillments", "quantities", "selectedOptions", "suggestedAddresses", "changes"})
MAX_CONNECTIONS = 5


class _Findings:
    """What a walk over the query sees."""

    def __init__(self) -> None:
        self.connections = 0
        self.deepest = 0
        self.within_list = False
        self.by_nodes: list[str] = []
        self.without_id: list[str] = []


def refusals(text: str) -> list[str]:
    """Why a query is no bulk query, in Shopify's words; empty where it is one."""
    try:
        tree = parse(text)
    except GraphQLSyntaxError as error:
        told = "unexpected end of file" if not text.strip() else error.message
        return [f"Invalid bulk query: syntax error, {told}"]
    operation = next((node for node in tree.definitions if isinstance(node, OperationDefinitionNode)), None)
    if operation is None or operation.operation is not OperationType.QUERY:
        return ["Invalid operation type. Only `query` operations are supported."]
    findings = _Findings()
    for node in _fields(operation):
        _walk(node, 0, findings)
    names = [node.name.value for node in _fields(operation)]
    found = [f"Bulk queries cannot contain a top level `{name}` field." for name in names if name in ("node", "nodes")]
    if findings.by_nodes:
        listed = ", ".join(f"'{name}'" for name in findings.by_nodes)
        found.append(
            "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: "
            f"'{findings.by_nodes[0]} {{ edges {{ node {{'. Selecting via 'nodes' is not supported. "
            f"Invalid connection fields: {listed}."
        )
    elif findings.connections == 0:
        found.append("Bulk queries must contain at least one connection.")
    if findings.within_list:
        found.append("Queries that contain a connection field within a list field are not currently supported.")
    elif findings.deepest > DEEPEST:
        found.append(f"Bulk queries cannot contain connections with a nesting depth greater than {DEEPEST}.")
    elif findings.connections > MAX_CONNECTIONS:
        found.append(f"Bulk queries cannot contain more than {MAX_CONNECTIONS} connections.")
    elif findings.without_id:
        found.append(
            "The parent 'node' field for a nested connection must select the 'id' field without an alias and must be "
            f"of 'ID' return type. Connection fields without 'id': {', '.join(findings.without_id)}."
        )
    return found


def _walk(node: FieldNode, depth: int, findings: _Findings) -> int:
    """Note the connections at and below a field; how many there are."""
    inner = {field.name.value: field for field in _fields(node)}
    below = inner.get("edges")
    if node.name.value not in ("node", "edges") and "nodes" in inner and below is None:
        findings.by_nodes.append(node.name.value)
        return 1
    if below is None:
        connections = sum(_walk(field, depth, findings) for field in inner.values())
        findings.within_list |= connections > 0 and node.name.value in PLAIN_LISTS
        return connections
    findings.connections += 1
    # Shopify counts the nesting below the outermost connection.
    findings.deepest = max(findings.deepest, depth)
    held = [field for edge in _fields(below) if edge.name.value == "node" for field in _fields(edge)]
    nested = sum(_walk(field, depth + 1, findings) for field in held)
    if nested and not any(field.name.value == "id" and field.alias is None for field in held):
        findings.without_id.append(node.name.value)
    return nested + 1


def _fields(node: FieldNode | OperationDefinitionNode | InlineFragmentNode) -> Iterator[FieldNode]:
    for inner in node.selection_set.selections if node.selection_set is not None else ():
        if isinstance(inner, FieldNode):
            yield inner
        elif isinstance(inner, InlineFragmentNode):
            yield from _fields(inner)


def lines_of(data: dict[str, Any], *, grouped: bool) -> tuple[list[str], int]:
    """The result's JSON lines, children after their parent (grouped) or after all parents, and the number of roots."""
    roots: list[str] = []
    children: list[str] = []
    count = 0
    for value in data.values():
        for node in _nodes(value):
            count += 1
            own, below = _split(node, None)
            roots.append(own)
            (roots if grouped else children).extend(below)
    return roots + children, count


def _nodes(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict) and isinstance(value.get("edges"), list):
        return [edge["node"] for edge in value["edges"]]
    return []


def _split(node: dict[str, Any], parent: str | None) -> tuple[str, list[str]]:
    own = {key: value for key, value in node.items() if not (isinstance(value, dict) and "edges" in value)}
    if parent is not None:
        own["__parentId"] = parent
    below: list[str] = []
    for value in node.values():
        for child in _nodes(value):
            line, deeper = _split(child, node["id"])
            below += [line, *deeper]
    return json.dumps(own, separators=(",", ":"), ensure_ascii=False), below
