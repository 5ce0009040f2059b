"""The HTTP API and the page's server, asked over HTTP. `api_setup` has the service and the shops."""
