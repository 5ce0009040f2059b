"""BOMs and locations, and how they come: `app_records` (the app's own), `imports` (from a file or a whole shop).

Owns the collections boms, locations, imports, import_items, import_lines.

Of imports `import_records` has the records that everybody sees; `import_form` alone knows their documents.
"""
