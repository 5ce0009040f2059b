"""Starts against servers that are not as they must be: `rows` is the table, `servers` makes what it points to."""
