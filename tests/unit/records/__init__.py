"""Records as they are stored and shown."""
