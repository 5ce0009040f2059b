"""/api/imports: BOMs from a file, or of every variant: looked at first, then made.

`routes` has the handlers and their table, `models` what is taken and shown, `view` makes the shown of what is stored.
"""
