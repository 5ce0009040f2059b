"""The API of notices and of who is told."""
