"""/api/counts: taking stock, by hand and by file.

`routes` has the handlers and their table, `models` what is taken and shown, `view` makes the shown of what is stored.
"""
