"""Jobs, their cells, and the pushes that carry cells to Shopify. Owns the collections jobs, cells and pushes."""
