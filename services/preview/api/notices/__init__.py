"""/api/notices: what the shop is told, and what waits for somebody.

`routes` has the handlers and their table, `models` what is taken and shown, `view` makes the shown of what is stored.
"""
