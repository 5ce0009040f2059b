"""/api/boms, /api/locations, /api/facets: the list a merchant works from, and the app's own bills of materials.

`routes` has the handlers and their table, `models` what is taken and shown, `view` makes the shown of what is stored.
"""
