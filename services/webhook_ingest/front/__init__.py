"""The front: the signature is verified, the broker confirms, then Shopify gets its 200. No database."""
