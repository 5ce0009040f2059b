"""Our executor against graphql-core's own, and its speed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from graphql import GraphQLResolveInfo, execute_sync, parse

from simulator.graphql.context import Context
from simulator.graphql.documents import prepare
from simulator.graphql.execute import Execution
from simulator.graphql.schema import schema_of
from simulator.resolvers.registry import FIELDS, type_name
from tests.simulator.client import LEVELS, Client, item_gid

FEATURES = """query F($ids: [ID!]!, $yes: Boolean = true, $no: Boolean!, $first: Int = 2) {
  a: nodes(ids: $ids) { __typename id ...item ... on Location { name @skip(if: $no) isActive @include(if: $no) } }
  inventoryItems(first: $first, reverse: true) { edges { cursor node { ...item } } nodes { id }
    pageInfo { endCursor } }
  locations(first: 10, includeInactive: $yes) { nodes { name } nodes { id ... on Node { id } } }
  location { name inventoryLevels(first: 2) { nodes { item { sku }
    quantities(names: "available") { name quantity } } } }
  shop { plan { displayName } timezoneOffset }
  productVariants(first: 1) { nodes { displayName selectedOptions { value } } }
}
fragment item on InventoryItem { sku tracked variant { product { title totalInventory } }
  inventoryLevels(first: 1) { nodes { ...level } } }
fragment level on InventoryLevel { id canDeactivate location { id } }"""


async def _context(client: Client, variables: dict[str, Any]) -> Context:
    tenant = client.simulator.tenants["demo.myshopify.com"]
    return Context(client.simulator, tenant, "2026-10", 1, client.simulator.clock.now(), variables)


async def test_same_as_graphql_core(client: Client) -> None:
    """Aliases, fragments, merged selections, directives, defaults and interfaces come out as graphql-core has them."""
    places = await client.shop()
    items = await client.items([1, 2, 3], places, sku="S")
    ids = [item_gid(item) for item in items] + [f"gid://shopify/Location/{places[0]}", item_gid("1")]
    given = {"ids": ids, "no": False}
    context = await _context(client, given)
    document = prepare("2026-10", FEATURES, None)
    ours, errors = Execution(document, {"yes": True, "first": 2, **given}, context).run()

    def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        return FIELDS[info.parent_type.name][info.field_name](source, context, arguments)

    theirs = execute_sync(
        schema_of("2026-10"),
        parse(FEATURES),
        variable_values=given,
        field_resolver=resolve,
        type_resolver=lambda value, *_: type_name(value),
    )
    assert theirs.errors is None
    assert errors == []
    assert ours == theirs.data


async def test_introspection(client: Client) -> None:
    """The schema tells of itself, in the version that is asked."""
    await client.shop()
    query = '{ __type(name: "InventorySetQuantitiesUserErrorCode") { enumValues { name } } }'
    told = [
        {value["name"] for value in (await client.graphql(query, version=version))["data"]["__type"]["enumValues"]}
        for version in ("2026-07", "2026-10")
    ]
    assert told[0] - told[1] == {"ITEM_NOT_STOCKED_AT_LOCATION"}


def test_every_field_has_a_resolver() -> None:
    """No field of the schema is without an answer."""
    missing = [
        f"{name}.{field}"
        for name, kind in schema_of("2026-10").type_map.items()
        if hasattr(kind, "fields") and hasattr(kind, "interfaces") and not name.startswith("__")
        for field in (kind.fields if type(kind).__name__ == "GraphQLObjectType" else ())
        if field not in FIELDS.get(name, {})
    ]
    assert missing == []


async def test_a_full_read_is_quick(client: Client) -> None:
    """250 items with 20 levels each, priced, take less than 100 calls of functions for each level."""
    count, places = 250, 20
    made = await client.shop(*({"name": f"P{n}"} for n in range(places)))
    items = await client.items([1] * count, made)
    variables = {"ids": [item_gid(item) for item in items]}
    document = prepare("2026-10", LEVELS, None)
    context = await _context(client, variables)
    with _calls_counted() as calls:
        data, _errors = Execution(document, variables, context).run()
        document.cost.actual(data, variables)
    assert sum(len(node["inventoryLevels"]["nodes"]) for node in data["nodes"]) == count * places
    # 70 today; graphql-core's own executor makes 350.
    assert calls[0] < 100 * count * places


@contextmanager
def _calls_counted() -> Iterator[list[int]]:
    """Calls of functions written in Python: what the time of a read grows with, and the same on every machine."""
    calls = [0]

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        calls[0] += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(before)
