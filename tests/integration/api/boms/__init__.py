"""BOMs, counts and their records."""
