"""The GraphQL operations that only a certification sends. Each validates against Shopify's published schemas.

What Trueup itself sends, and a certification tries, is in `queries` and `shop_queries`.
"""

from __future__ import annotations

CERTIFY_VARIANT = """
query CertifyVariant($id: ID!) {
  productVariant(id: $id) {
    id
    inventoryItem {
      id
      tracked
      inventoryLevels(first: 10, includeInactive: true) {
        nodes {
          id isActive location { id name isActive } quantities(names: ["available", "committed"]) { name quantity }
        }
        pageInfo { hasNextPage }
      }
    }
  }
}
"""
"""The variant that was named, and whatever its item holds anywhere."""

CERTIFY_LOOK = """
query CertifyLook($item: ID!, $place0: ID!, $place1: ID!) {
  inventoryItem(id: $item) {
    id
    at0: inventoryLevel(locationId: $place0, includeInactive: true) {
      id isActive updatedAt quantities(names: ["available"]) { quantity updatedAt }
    }
    at1: inventoryLevel(locationId: $place1, includeInactive: true) {
      id isActive updatedAt quantities(names: ["available"]) { quantity updatedAt }
    }
  }
}
"""
"""What the item holds at the two locations that were named: five points."""

CERTIFY_SET_WITHOUT_KEY = """
mutation CertifySetWithoutKey($input: InventorySetQuantitiesInput!) {
  inventorySetQuantities(input: $input) { inventoryAdjustmentGroup { createdAt } userErrors { field message code } }
}
"""
"""A set as Shopify must refuse it: without its idempotency key."""

CERTIFY_ACTIVATE_BARE = """
mutation CertifyActivateBare($item: ID!, $location: ID!, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location) @idempotent(key: $key) {
    inventoryLevel { isActive updatedAt quantities(names: ["available"]) { quantity updatedAt } }
    userErrors { field message }
  }
}
"""
"""Stocks an item without saying how much there is."""

CERTIFY_DEACTIVATE = """
mutation CertifyDeactivate($level: ID!, $key: String!) {
  inventoryDeactivate(inventoryLevelId: $level) @idempotent(key: $key) { userErrors { field message } }
}
"""
"""Unstocks an item at a location."""

CERTIFY_CHANGED = """
query CertifyChanged($id: ID!, $query: String!) {
  location(id: $id) {
    inventoryLevels(first: 2, query: $query, includeInactive: true) {
      nodes { updatedAt item { id } quantities(names: ["available"]) { quantity updatedAt } }
    }
  }
}
"""
"""The search by which missed webhooks are found, at one location."""
