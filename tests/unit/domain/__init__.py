"""Properties of the pure domain."""
