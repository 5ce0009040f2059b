"""The cost model against every recorded cost."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, parse

from simulator.cost import CostPlan, connection_steps
from tests.simulator.recordings import FOLDER, recorded
from tests.simulator.test_schema import published


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """Shopify's whole schema: the recorded queries ask for more than the simulator has."""
    return published("2026-04")


def _plan(schema: GraphQLSchema, text: str) -> CostPlan:
    tree = parse(text)
    fragments = {node.name.value: node for node in tree.definitions if isinstance(node, FragmentDefinitionNode)}
    operation = next(node for node in tree.definitions if isinstance(node, OperationDefinitionNode))
    return CostPlan(schema, operation, fragments)


def test_requested_costs(schema: GraphQLSchema, capsys: pytest.CaptureFixture[str]) -> None:
    """At least 95 of 100 recorded requested costs come out exactly."""
    rows: Any = recorded("query-costs.json")[""]
    exact = sum(
        _plan(schema, row["query"]).requested(row["variables"] or {}) == row["requestedQueryCost"] for row in rows
    )
    with capsys.disabled():
        print(f"\nrequested costs exact: {exact} of {len(rows)}")  # noqa: T201  # the share is wanted in the log
    assert exact / len(rows) >= 0.95


def test_requested_and_actual_costs(schema: GraphQLSchema, capsys: pytest.CaptureFixture[str]) -> None:
    """At least 92 of 100 whole exchanges have both costs exact."""
    exact = total = 0
    recorded("inventory-reason-validation.json")  # skips where the recordings are missing
    for path in sorted(FOLDER.glob("*.json")):
        for case in recorded(path.name).values() if path.name != "query-costs.json" else ():
            reply = case["response"].get("body", case["response"])
            cost = reply.get("extensions", {}).get("cost")
            if case["query"] and cost:
                plan = _plan(schema, case["query"])
                ours = plan.requested(case["variables"] or {}), plan.actual(reply.get("data"))
                exact += ours == (cost["requestedQueryCost"], cost["actualQueryCost"])
                total += 1
    with capsys.disabled():
        print(f"\nrequested and actual costs exact: {exact} of {total}")  # noqa: T201  # the share is wanted in the log
    assert exact / total >= 0.92


@pytest.mark.parametrize(("size", "steps"), [(0, 1), (1, 1), (2, 1), (3, 2), (10, 4), (50, 7), (250, 11)])
def test_steps_of_a_connection(size: int, steps: int) -> None:
    """A connection's cost grows with the logarithm of its page."""
    assert connection_steps(size) == steps
