"""MongoDB in production."""
