"""The cost model against every recorded cost."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, parse

from simulator.graphql.cost import CostPlan, connection_steps
from tests.simulator.recorded.recordings import FOLDER, recorded
from tests.simulator.recorded.test_schema import published


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """Shopify's whole schema: the recorded queries ask for more than the simulator has."""
    return published("2026-04")


def _plan(schema: GraphQLSchema, text: str) -> CostPlan:
    tree = parse(text)
    fragments = {node.name.value: node for node in tree.definitions if isinstance(node, FragmentDefinitionNode)}
    operation = next(node for node in tree.definitions if isinstance(node, OperationDefinitionNode))
    return CostPlan(schema, operation, fragments)


def _shown(name: str, exact: int, total: int, others: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{name} exact: {exact} of {total}", *others, sep="\n  ")  # noqa: T201  # figures are wanted in the log


def _differs(name: str, ours: object, theirs: object, query: str) -> str:
    return f"{name}: {ours}, recorded {theirs}: {' '.join(query.split())[:90]}"


def test_requested_costs(schema: GraphQLSchema, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the recorded requested costs 99 of 100 are exact, and all that have a set, levels or nodes in them."""
    rows: Any = recorded("query-costs.json")[""]
    others: list[str] = []
    for number, row in enumerate(rows):
        ours = _plan(schema, row["query"]).requested(row["variables"] or {})
        if ours != row["requestedQueryCost"]:
            others.append(_differs(str(number), ours, row["requestedQueryCost"], row["query"]))
            assert not any(word in row["query"] for word in ("inventorySetQuantities", "inventoryLevels", "nodes"))
    _shown("requested costs", len(rows) - len(others), len(rows), others, capsys)
    assert len(others) / len(rows) <= 0.01


def test_requested_and_actual_costs(schema: GraphQLSchema, capsys: pytest.CaptureFixture[str]) -> None:
    """Every whole exchange has both costs exact."""
    total = 0
    others: list[str] = []
    recorded("inventory-reason-validation.json")  # skips where the recordings are missing
    for path in sorted(FOLDER.glob("*.json")):
        for case in recorded(path.name).values() if path.name != "query-costs.json" else ():
            reply = case["response"].get("body", case["response"])
            cost = reply.get("extensions", {}).get("cost")
            if not case["query"] or not cost:
                continue
            total += 1
            plan, variables = _plan(schema, case["query"]), case["variables"] or {}
            ours = plan.requested(variables), plan.actual(reply.get("data"), variables)
            theirs = cost["requestedQueryCost"], cost["actualQueryCost"]
            if ours != theirs:
                others.append(_differs(f"{path.name} {case['path']}", ours, theirs, case["query"]))
                assert not any(word in case["query"] for word in ("inventorySetQuantities", "inventoryLevels", "nodes"))
    _shown("requested and actual costs", total - len(others), total, others, capsys)
    assert others == []


@pytest.mark.parametrize(("size", "steps"), [(0, 1), (1, 1), (2, 1), (3, 2), (10, 4), (50, 7), (250, 11)])
def test_steps_of_a_connection(size: int, steps: int) -> None:
    """A connection's cost grows with the logarithm of its page."""
    assert connection_steps(size) == steps


_NODES = "nodes { location { id } }"
_EDGES = "edges { node { location { id } item { id } } }"


@pytest.mark.parametrize(
    ("text", "reply", "costs"),
    [
        # `nodes` and `edges { node }` each count, with what is selected in each.
        (f"{{ inventoryItem(id: 1) {{ inventoryLevels(first: 1) {{ {_NODES} }} }} }}", None, (5, 0)),
        (f"{{ inventoryItem(id: 1) {{ inventoryLevels(first: 1) {{ {_EDGES} }} }} }}", None, (6, 0)),
        (f"{{ inventoryItem(id: 1) {{ inventoryLevels(first: 1) {{ {_NODES} {_EDGES} }} }} }}", None, (8, 0)),
        # An empty page costs the steps that were asked for; what would have been in its nodes does not count.
        (
            f"{{ locations(first: 10) {{ {_NODES.replace('location', 'fulfillmentService')} }} }}",
            {"locations": {"nodes": []}},
            (6, 6),
        ),
        (
            f"{{ inventoryItem(id: 1) {{ inventoryLevels(first: 10) {{ {_NODES} {_EDGES} }} }} }}",
            {"inventoryItem": {"inventoryLevels": {"nodes": [], "edges": []}}},
            (23, 11),
        ),
        # A null object costs 1, whatever is selected in it.
        (
            "{ shop { id } inventoryItem(id: 1) { variant { product { id } } } }",
            {"shop": {"id": "1"}, "inventoryItem": None},
            (4, 2),
        ),
        ("{ inventoryItem(id: 1) { variant { product { id } } } }", {"inventoryItem": {"variant": None}}, (3, 2)),
        # Of Location's flags one costs a point, and it is not `hasActiveInventory`.
        (
            "{ location(id: 1) { isActive hasActiveInventory fulfillsOnlineOrders } }",
            {"location": {"hasActiveInventory": True}},
            (1, 1),
        ),
        ("{ location(id: 1) { hasUnfulfilledOrders } }", {"location": {"hasUnfulfilledOrders": False}}, (2, 2)),
        # A count in a mutation's payload costs what it costs at the root of a query.
        (
            "mutation { productUpdate { product { id variantsCount { count } } } }",
            {"productUpdate": {"product": {"id": "1", "variantsCount": {"count": 1}}}},
            (20, 20),
        ),
        (
            "{ product(id: 1) { variantsCount { count } } }",
            {"product": {"variantsCount": {"count": 1}}},
            (2, 2),
        ),
    ],
)
def test_costs_that_recordings_kept_apart_have_shown(
    schema: GraphQLSchema, text: str, reply: dict[str, Any] | None, costs: tuple[int, int]
) -> None:
    """Requested and actual cost of queries that hold one of these each."""
    plan = _plan(schema, text)
    assert (plan.requested({}), plan.actual(reply, {})) == costs
