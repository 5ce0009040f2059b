"""Every GraphQL operation Trueup sends. Each validates against Shopify's published schemas 2026-04, 07 and 10."""

from __future__ import annotations

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
query TrueupLocations($after: String) {
  locations(first: 100, after: $after, includeInactive: true, includeLegacy: true) {
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
      changes(quantityNames: ["available"]) { delta item { id } location { id } }
    }
    userErrors { field message code }
  }
}
"""
"""The one mutation that changes stock. The directive is required from 2026-04 on."""
