"""/api/cells: one BOM at one location, and hand counts of it.

`routes` has the handlers and their table, `models` what is taken and shown, `view` makes the shown of what is stored.
"""
