"""The worker on real servers: what happens to cells, pushes and stock."""
