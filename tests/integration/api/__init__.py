"""The HTTP API and the page's server, in folders by noun. `api_setup` has the service and the shops."""
