"""The GraphQL operations of a shop's life and of imports. Each validates against Shopify's published schemas.

Those of reading and writing stock are in `queries`.
"""

# Relies on what is believed of Shopify (docs/shopify-facts.md): call.scopes.

from __future__ import annotations

PROBE = """
query TrueupProbe { shop { id } }
"""
"""The cheapest call there is: whether the shop answers again."""

GRANTED_SCOPES = """
query TrueupGrantedScopes { currentAppInstallation { accessScopes { handle } } }
"""
"""The permissions that the merchant has granted."""

TIME_ZONE = """
query TrueupTimeZone { shop { ianaTimezone } }
"""
"""The zone of the shop's clock, as an IANA name."""

SUBSCRIPTIONS = """
query TrueupSubscriptions($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    nodes { id topic uri }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""Where Shopify sends which topic: only those that this app made through the API."""

SUBSCRIBE = """
mutation TrueupSubscribe($topic: WebhookSubscriptionTopic!, $uri: String!, $fields: [String!]) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: { uri: $uri, format: JSON, includeFields: $fields }) {
    webhookSubscription { id }
    userErrors { field message }
  }
}
"""

UNSUBSCRIBE = """
mutation TrueupUnsubscribe($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } }
}
"""

ACTIVATE = """
mutation TrueupActivate($item: ID!, $location: ID!, $available: Int!, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location, available: $available) @idempotent(key: $key) {
    inventoryLevel { isActive updatedAt quantities(names: ["available"]) { quantity updatedAt } }
    userErrors { field message }
  }
}
"""
"""Stocks an item at a location. Where it is stocked already Shopify answers the level and an error, because a quantity
is given.
"""

ITEMS_PAGE = """
query TrueupItemsPage($first: Int!, $after: String) {
  inventoryItems(first: $first, after: $after) {
    nodes {
      id
      sku
      tracked
      variants(first: 10) { nodes { id displayName requiresComponents product { tags } } pageInfo { hasNextPage } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""One page of all items, where a bulk query is not to be had."""

BULK_ITEMS = """
query TrueupBulkItems {
  inventoryItems {
    edges {
      node {
        id
        sku
        tracked
        variants { edges { node { id displayName requiresComponents product { tags } } } }
      }
    }
  }
}
"""
"""Every item with its variants; an item may belong to several."""

BULK_LEVELS = """
query TrueupBulkLevels {
  inventoryItems {
    edges {
      node {
        id
        tracked
        inventoryLevels(includeInactive: true) {
          edges {
            node {
              id
              isActive
              updatedAt
              item { id tracked }
              location { id isActive }
              quantities(names: ["available"]) { quantity updatedAt }
            }
          }
        }
      }
    }
  }
}
"""
"""Every level of every item, those where it is not stocked any more included. A level names its item: lines come in any
order."""

VARIANTS = """
query TrueupVariants($first: Int!, $query: String!) {
  productVariants(first: $first, query: $query) {
    nodes { id displayName sku barcode requiresComponents inventoryItem { id tracked } }
    pageInfo { hasNextPage }
  }
}
"""
"""Variants that are looked for by words in their titles, SKUs and barcodes."""
