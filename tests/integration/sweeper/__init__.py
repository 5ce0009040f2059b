"""The sweeper on real servers: what is missed, what is late, what is repaired. `drift_setup` has the shop."""
