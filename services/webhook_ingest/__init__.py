"""Shopify's webhooks: the HTTP front that takes them, and the indexer that applies them.

`envelope` is what the front passes on of a request, and all that the indexer knows of it; `topics` are those subscribed
to.
"""
