"""Every GraphQL operation Trueup sends. Each validates against Shopify's published schemas 2026-04, 07 and 10."""

from __future__ import annotations

import json

ITEMS = """
query TrueupItems($ids: [ID!]!, $levels: Int!) {
  nodes(ids: $ids) {
    ... on InventoryItem {
      id
      tracked
      inventoryLevels(first: $levels, includeInactive: true) {
        nodes { isActive updatedAt location { id isActive } quantities(names: ["available"]) { quantity updatedAt } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
"""Items with all their levels. `location.isActive` is a scalar and costs nothing."""

MAX_PLACES = 6
"""Up to so many chosen locations are read one by one instead of through all levels of an item."""


def _levels_at(places: int) -> str:
    """The fields of an item at that many chosen locations. A level costs less without its location."""
    return "\n".join(
        f"at{n}: inventoryLevel(locationId: $place{n}, includeInactive: true)"
        ' { isActive updatedAt quantities(names: ["available"]) { quantity updatedAt } }'
        for n in range(places)
    )


def _places(places: int) -> str:
    return "\n".join(f"place{n}: location(id: $place{n}) {{ id isActive }}" for n in range(places))


def _variables(places: int) -> str:
    return ", ".join(f"$place{n}: ID!" for n in range(places))


ITEMS_AT = {
    places: f"""
query TrueupItemsAt{places}($ids: [ID!]!, {_variables(places)}) {{
  nodes(ids: $ids) {{
    ... on InventoryItem {{
      id
      tracked
      {_levels_at(places)}
    }}
  }}
  {_places(places)}
}}
"""
    for places in range(1, MAX_PLACES + 1)
}
"""Items with their levels at one location, at two, and so on."""

ITEM_SEARCH = """
query TrueupItemSearch($items: Int!, $query: String!, $levels: Int!) {
  inventoryItems(first: $items, query: $query) {
    nodes {
      id
      tracked
      inventoryLevels(first: $levels, includeInactive: true) {
        nodes { isActive updatedAt location { id isActive } quantities(names: ["available"]) { quantity updatedAt } }
        pageInfo { hasNextPage endCursor }
      }
    }
    pageInfo { hasNextPage }
  }
}
"""
"""Items by a search for their ids: a page of items costs as its logarithm, where `nodes` may cost for each id."""

ITEM_SEARCH_AT = {
    places: f"""
query TrueupItemSearchAt{places}($items: Int!, $query: String!, {_variables(places)}) {{
  inventoryItems(first: $items, query: $query) {{
    nodes {{
      id
      tracked
      {_levels_at(places)}
    }}
    pageInfo {{ hasNextPage }}
  }}
  {_places(places)}
}}
"""
    for places in range(1, MAX_PLACES + 1)
}
"""The same at chosen locations."""

NODES_PROBE = """
query TrueupNodesProbe($ids: [ID!]!) {
  nodes(ids: $ids) { id }
}
"""
"""Two ids for one point, or for two: whether `nodes` costs for each id, which nobody has shown."""

BULK_RUN = """
mutation TrueupBulkRun($query: String!) {
  bulkOperationRunQuery(query: $query) { bulkOperation { id status } userErrors { field message code } }
}
"""
"""Start a bulk query."""

BULK_STATE = """
query TrueupBulkState($id: ID!) {
  bulkOperation(id: $id) { id status errorCode objectCount url }
}
"""
"""How far a bulk query is: one point."""

BULK_CANCEL = """
mutation TrueupBulkCancel($id: ID!) {
  bulkOperationCancel(id: $id) { bulkOperation { id status } userErrors { field message } }
}
"""
"""Give up a bulk query: only five run at once."""


def bulk_levels(search: str) -> str:
    """The text of a bulk query for the levels of the items found. A nested connection's parent selects its id."""
    return (
        f"{{ inventoryItems(query: {json.dumps(search)}) {{ edges {{ node {{ id tracked "
        "inventoryLevels(includeInactive: true) { edges { node { id isActive updatedAt location { id isActive } "
        'quantities(names: ["available"]) { quantity updatedAt } } } } } } } }'
    )


MORE_LEVELS = """
query TrueupMoreLevels($id: ID!, $levels: Int!, $after: String!) {
  inventoryItem(id: $id) {
    inventoryLevels(first: $levels, after: $after, includeInactive: true) {
      nodes { isActive updatedAt location { id isActive } quantities(names: ["available"]) { quantity updatedAt } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
"""The further pages of one item's levels."""

LOCATIONS = """
query TrueupLocations($first: Int!, $after: String) {
  locations(first: $first, after: $after, includeInactive: true, includeLegacy: true) {
    nodes { id name isActive isFulfillmentService fulfillmentService { inventoryManagement } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""All locations, deactivated ones and those of fulfilment services included."""

SET = """
mutation TrueupSet($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup {
      createdAt
      changes(quantityNames: ["available"]) { delta item { id } }
    }
    userErrors { field message code }
  }
}
"""
"""The one mutation that changes stock. The directive is required from 2026-04 on. A change's location would cost a
point; `delta` is free, and tells the rows of one item apart."""

CHANGED = """
query TrueupChanged($after: String, $query: String!) {
  locations(first: 100, after: $after, includeInactive: true, includeLegacy: true) {
    nodes {
      id name isActive isFulfillmentService fulfillmentService { inventoryManagement }
      inventoryLevels(first: 250, query: $query, includeInactive: true) {
        nodes {
          isActive updatedAt item { id tracked } quantities(names: ["available"]) { quantity updatedAt }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""The levels that a search finds, at all locations in one call (335 points)."""

MORE_CHANGED = """
query TrueupMoreChanged($id: ID!, $after: String!, $query: String!) {
  location(id: $id) {
    inventoryLevels(first: 250, after: $after, query: $query, includeInactive: true) {
      nodes {
        isActive updatedAt item { id tracked } quantities(names: ["available"]) { quantity updatedAt }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
"""The further pages of one location's."""
