"""The aggregator on real servers: what stands still is found, what waits says for what."""
