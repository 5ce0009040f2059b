"""BOMs and locations, and how they come: `app_records` (the app's own), `imports` (from a file or a whole shop).

Owns the collections boms, locations, imports, import_items, import_lines.
"""
