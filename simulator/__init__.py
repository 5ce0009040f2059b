"""A Shopify Admin API on localhost, for demos, tests and benchmarks: a program that knows nothing of Trueup."""
