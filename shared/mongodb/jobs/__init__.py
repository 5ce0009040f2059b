"""Jobs, their cells, and the pushes that carry cells to Shopify. Owns jobs, cells, tallies and pushes."""
