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

SUBSCRIPTIONS = """
query TrueupSubscriptions($after: String) {
  webhookSubscriptions(first: 250, after: $after) {
    nodes { id topic uri }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""The subscriptions made through the API; those of the app's configuration are not listed."""

SUBSCRIBE = """
mutation TrueupSubscribe($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: { uri: $uri }) {
    webhookSubscription { id topic uri }
    userErrors { field message }
  }
}
"""
