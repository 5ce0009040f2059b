"""Documents against Shopify's schema: parsed, validated, priced, executed; bulk queries. Fields are in `resolvers`."""
