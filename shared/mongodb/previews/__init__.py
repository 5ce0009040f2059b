"""Previews and their rows, read in pages by size and kind. Owns previews and preview_rows.

`preview` has the records that everybody sees, `previews` the store that makes them; `preview_form` and `row_form` alone
know their documents.
"""
