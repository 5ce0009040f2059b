"""Random histories of one shop under every combination of what nobody has shown of Shopify."""
