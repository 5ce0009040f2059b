"""Who acts in the small world: Shopify, the documents, workers, previews, people who map and restore."""
