"""The HTTP API under /api: routes declared with their models, from which the OpenAPI document is made."""
