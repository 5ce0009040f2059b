"""The Shopify adapter: batched reads, compare-and-set writes under an idempotency key, and what replies mean."""
