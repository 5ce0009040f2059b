"""The admin-facing service: the page, its HTTP API, previews, job requests."""
