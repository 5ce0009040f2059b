"""/api/boms, /api/locations, /api/facets: the list a merchant works from, and the app's own bills of materials."""
