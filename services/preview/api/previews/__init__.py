"""/api/previews: ask for a preview, watch it, read its rows.

`routes` has the handlers and their table, `models` what is taken and shown, `view` makes the shown of what is stored.
"""
