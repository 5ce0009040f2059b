"""/api/previews: ask for a preview, watch it, read its rows."""
