"""/api/notifications: who of the shop is told, of what, and by which way.

`routes` has the handlers and their table, `models` what is taken and shown, `view` makes the shown of what is stored.
"""
