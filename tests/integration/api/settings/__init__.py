"""Settings of a shop over HTTP."""
