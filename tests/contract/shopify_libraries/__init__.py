"""Shopify's own libraries, asked for their verdicts: the oracles of what Trueup may take for genuine."""
