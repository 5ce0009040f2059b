"""Messages, HTTP API and GraphQL against their descriptions."""
