"""The front over HTTP: what it takes and refuses, floods, outages."""
