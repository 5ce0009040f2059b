"""One call to Shopify: its turn at the shop's budget, its token, its time limit, and what every kind of reply means."""
