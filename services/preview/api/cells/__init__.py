"""/api/cells: one BOM at one location, and hand counts of it."""
