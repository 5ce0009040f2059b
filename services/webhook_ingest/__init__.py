"""Shopify's webhooks: the HTTP front that takes them, and the indexer that applies them."""
