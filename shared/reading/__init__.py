"""Reading cells: the stock document first and Shopify after it, never the other way round."""
